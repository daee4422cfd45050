"""Evidence C: what counts declared beside a table can show, and that they never make it PASS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outputs_check.gate.result import OutputResult
from outputs_check.gate.verdict import Evidence, Verdict

COUNT = {"statistic": "count", "value": None}
P90 = {"statistic": "percentile", "percentile": 90, "rounding": 10}
NAMES = ["North", "South", "East"]


def series(values: Sequence[Any], name: str = "pay_band") -> pd.Series:
    return pd.Series(values, index=pd.Index(NAMES[: len(values)], name="place"), name=name)


def judged(bench: Bench, figures: Any, counts: Any, **keys: Any) -> OutputResult:
    """The gate's answer for a table over a frame that it does not have."""
    keys = {"statistic": "mean", "rows": ["place"], "value": "pay_band", "counts": "n.csv"} | keys
    keys = {key: value for key, value in keys.items() if value is not None}
    bench.put("n.csv", counts)
    bench.declare("t.csv", figures, **keys)
    return bench.check().outputs[0]


@pytest.fixture(autouse=True)
def registered(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)


@pytest.mark.parametrize(
    ("figures", "counts", "keys", "rule"),
    [
        # the threshold, of people as declared
        ([31.5, 40.25, 28.0], [120, 80, 10], {}, None),
        ([31.5, 40.25, 28.0], [120, 80, 9], {}, "threshold.people"),
        ([31.5, 40.25, "*"], [120, 80, 9], {}, None),
        ([31.5, 40.25, 28.0], [120, 80, "*"], {}, "counts.absent"),
        ([31.5, 40.25, 28.0], [120, 80, 0], {}, "threshold.zero"),
        ([31.5, 40.25, 28.0], [120, 80, 10.5], {}, "counts.file"),
        ([31.5, 40.25, 28.0], [120, 80, -10], {}, "counts.file"),
        ([31.5, 40.25, "many"], [120, 80, 10], {}, "figure.unreadable"),
        # counts of rows are no less than those of people
        ([125, 80, 30], [120, 80, 12], COUNT, None),
        ([110, 80, 30], [120, 80, 12], COUNT, "counts.implausible"),
        ([120, 80, 10], [121, 81, 11], COUNT | {"rounding": 5}, None),
        ([121, 80, 10], [121, 81, 11], COUNT | {"rounding": 5}, "counts.implausible"),
        # proportions: numerator and complement, whole numbers of people
        ([0.5, 0.25, 0.4], [120, 80, 50], {"statistic": "proportion"}, None),
        ([0.5, 0.05, 0.4], [120, 80, 50], {"statistic": "proportion"}, "proportion.numerator"),
        ([0.5, 0.25, 0.98], [120, 80, 50], {"statistic": "proportion"}, "proportion.complement"),
        ([0.5, 0.25, 1], [120, 80, 50], {"statistic": "proportion"}, "proportion.complement"),
        ([50, 25, 40], [120, 80, 50], {"statistic": "proportion"}, "counts.implausible"),
        ([0.5, 0.251, 0.4], [120, 80, 50], {"statistic": "proportion"}, "counts.implausible"),
        ([0.2, 0.2, 0.2], [60, 80, 60], {"statistic": "proportion", "rounding": 0.1}, "proportion.numerator"),
        ([0, 0, 0], [120, 80, 50], {"statistic": "proportion"}, None),
        # a mean or a sum that may be one of a 0/1 column is judged as a proportion
        ([0.5, 0.25, 0.4], [120, 80, 50], {}, None),
        ([0.5, 0.0375, 0.4], [120, 80, 50], {}, "proportion.numerator"),
        ([60, 3, 20], [120, 80, 50], {"statistic": "sum"}, "proportion.numerator"),
        ([60.5, 3.25, 20], [120, 80, 50], {"statistic": "sum"}, None),
        # quantiles: people on each side, rounded
        ([30, 40, 20], [120, 80, 20], {"statistic": "median", "rounding": 10}, None),
        ([30, 40, 20], [120, 80, 19], {"statistic": "median", "rounding": 10}, "quantile.sides"),
        ([30, 40, 20], [120, 80, 20], {"statistic": "median"}, "quantile.exact"),
        ([30, 40, 20], [120, 80, 50], P90, "quantile.sides"),
        # spread
        ([3.5, 4.5, 2.5], [120, 80, 11], {"statistic": "std"}, None),
        ([3.5, 4.5, 2.5], [120, 80, 10], {"statistic": "std"}, "freedom.residual"),
        ([3.5, 0, 2.5], [120, 80, 50], {"statistic": "std"}, "values.identical"),
        ([0.3, 1.5, 0.2], [120, 80, 50], {"statistic": "gini"}, "counts.implausible"),
    ],
)  # fmt: skip
def test_tables_of_one_dimension(
    bench: Bench, figures: list[Any], counts: list[Any], keys: dict[str, Any], rule: str | None
) -> None:
    output = judged(bench, series(figures), series(counts), **keys)
    assert output.evidence in {Evidence.C, Evidence.D}
    if rule is None:
        assert (output.verdict, rules(output)) == (Verdict.REVIEW, {"counts.declared", "evidence.level"})
        assert output.canonical
    else:
        assert output.verdict is Verdict.BLOCK
        assert rule in rules(output)
        assert output.canonical is None


COUNTS = pd.DataFrame({"F": [60, 30], "M": [40, 20]}, index=pd.Index(["North", "South"], name="place"))


@pytest.mark.parametrize(
    ("axis", "counts", "rule"),
    [
        ("index", COUNTS, None),
        ("columns", COUNTS, None),
        ("all", COUNTS, None),
        ("index", COUNTS.assign(F=[60, 5]), "threshold.people"),
        ("index", COUNTS.assign(M=[40, 5]), "proportion.complement"),
        ("index", COUNTS.astype(object).assign(M=[40, "*"]), "counts.absent"),
    ],
)
def test_a_normalised_table_is_the_share_of_its_counts(
    bench: Bench, axis: str, counts: pd.DataFrame, rule: str | None
) -> None:
    true = counts.map(lambda count: 20.0 if count == "*" else float(count))
    shares = {
        "index": true.div(true.sum(axis=1), axis=0),
        "columns": true / true.sum(),
        "all": true / true.to_numpy().sum(),
    }[axis]
    keys = {"columns": ["sex"], "normalize": axis, "statistic": "proportion", "value": None}
    output = judged(bench, shares, counts, **keys)
    assert (rule in rules(output)) if rule else (output.verdict is Verdict.REVIEW)


def test_a_share_that_its_counts_do_not_give(bench: Bench) -> None:
    shares = COUNTS.div(COUNTS.sum(axis=1), axis=0)
    shares.loc["South", "F"] = 0.7
    keys = {"columns": ["sex"], "normalize": "index", "statistic": "proportion", "value": None}
    assert "counts.implausible" in rules(judged(bench, shares, COUNTS, **keys))


def test_a_suppressed_cell_and_its_margin(bench: Bench) -> None:
    counts = COUNTS.assign(M=[40, 6], All=[100, 36])
    figures = counts.astype(object)
    figures.loc["South", "M"] = "*"
    keys = {"columns": ["sex"], "statistic": "count", "value": None}
    output = judged(bench, figures, counts, **keys)
    assert "counts.remainder" in rules(output)
    (finding,) = [finding for finding in output.findings if finding.rule == "counts.remainder"]
    assert finding.cells == ("place=South, sex=All",)


def test_the_data_is_there_after_all(bench: Bench, mainland: pd.DataFrame) -> None:
    counts = mainland.groupby("region").size()
    bench.put("n.csv", counts)
    bench.declare("t.csv", mainland.groupby("region").pay.mean(), statistic="mean", rows=["region"],
                  value="pay", counts="n.csv")  # fmt: skip
    assert rules(bench.check().outputs[0]) == {"counts.data"}


@pytest.mark.parametrize("keys", [{"data": "claims"}, {"where": "pay > 1"}, {"weight": "pay"}])
def test_counts_stand_alone(bench: Bench, keys: dict[str, str]) -> None:
    output = judged(bench, series([1.5, 2, 3]), series([20, 30, 40]), **keys)
    assert rules(output) == {"declaration.value"}


@pytest.mark.parametrize("statistic", ["min", "max", "mode", "ols"])
def test_what_no_count_can_judge(bench: Bench, statistic: str) -> None:
    output = judged(bench, series([1.5, 2, 3]), series([20, 30, 40]), statistic=statistic)
    assert output.verdict is Verdict.BLOCK


def test_counts_are_evidence_and_never_released(bench: Bench) -> None:
    judged(bench, series([1.5, 2, 3]), series([20, 30, 40]))
    table, counts = bench.check().outputs
    assert (counts.file, counts.verdict, counts.canonical) == ("n.csv", Verdict.REVIEW, None)
    assert b"North,20" in (counts.submitted or b"")
    assert b"20" not in (table.canonical or b"")


@pytest.mark.parametrize("counts", [None, "place,n\nNorth\n", "place,n\nWest,20\n", "\x00"])
def test_counts_that_cannot_be_read(bench: Bench, counts: str | None) -> None:
    assert judged(bench, series([1.5, 2, 3]), counts).verdict is Verdict.BLOCK


def test_pseudonyms_in_the_counts(bench: Bench, mainland: pd.DataFrame) -> None:
    people = list(mainland.person_id[:3])
    frame = pd.Series([20, 30, 40], index=pd.Index(people, name="place"))
    judged(bench, frame / 7, frame)
    assert all("identifier.pseudonym" in rules(output) for output in bench.check().outputs)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people=st.lists(st.integers(0, 30), min_size=3, max_size=3))
def test_whatever_is_counted_it_never_passes(bench: Bench, people: list[int]) -> None:
    bench.start()
    output = judged(bench, series([11.5, 12.5, 13.5]), series(people))
    small = any(count < 10 for count in people)
    assert output.verdict is (Verdict.BLOCK if small else Verdict.REVIEW)
