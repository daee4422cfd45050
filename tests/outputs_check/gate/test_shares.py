"""Shares of rows: what is left of a share, its complement, is people with rows there."""

from __future__ import annotations

import pandas as pd
from gate_bench import Bench, rules


def test_shares_of_rows_of_people_who_stand_on_both_sides_pass(bench: Bench, mainland: pd.DataFrame) -> None:
    """All but three people have rows with both answers: far more than three have either."""
    asked = pd.concat([mainland.assign(wave="first"), mainland.assign(wave="second").iloc[3:]])
    bench.register(asked)
    table = asked.wave.value_counts(normalize=True).rename_axis("wave")
    bench.declare("t.csv", table, data="claims", statistic="proportion", normalize="all", rows=["wave"])
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set())


def test_the_rest_of_a_share_rests_on_people_too(bench: Bench, mainland: pd.DataFrame) -> None:
    """Three people have a second row, which is all that keeps a share from 100%."""
    data = pd.concat([mainland.assign(wave="first"), mainland.assign(wave="second").head(3)])
    bench.register(data)
    share = data.wave.value_counts(normalize=True).rename_axis("wave").astype(object)
    share["second"] = "*"
    declared = {"data": "claims", "statistic": "proportion", "normalize": "all", "rows": ["wave"]}
    bench.declare("t.csv", share, **declared)
    assert "proportion.complement" in rules(bench.only())
