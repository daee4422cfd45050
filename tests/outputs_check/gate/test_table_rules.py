"""The rules of tables, each with the table that it stops and the nearest one that it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

from outputs_check.gate.result import OutputResult

Make = Callable[[pd.DataFrame], pd.DataFrame | pd.Series]
MEAN = {"statistic": "mean", "value": "x", "rows": ["region"]}


def mean(data: pd.DataFrame) -> pd.Series:
    return data.groupby("region").x.mean()


def place(data: pd.DataFrame) -> pd.Series:
    """0, 1, 2 … within each region."""
    return data.groupby("region").cumcount()


def ask(bench: Bench, data: pd.DataFrame, made: Any, **declared: Any) -> OutputResult:
    bench.register(data)
    bench.declare("t.csv", made, data="claims", **declared)
    return bench.only()


# name: (a column x that the rule stops, one that it lets pass, the table, its declaration, the rule)
PAIRS: dict[str, tuple[Callable[[pd.DataFrame], Any], Callable[[pd.DataFrame], Any], Make, Any, str]] = {
    "a mean to which few add anything": (
        lambda d: np.where(place(d) < 9, 100.0 + d.age, 0),
        lambda d: np.where(place(d) < 10, 100.0 + d.age, 0),
        mean,
        MEAN,
        "threshold.contributors",
    ),
    "a flag that is written 1 and 2": (
        lambda d: 1 + (place(d) < 9),
        lambda d: 1 + (place(d) < 10),
        mean,
        MEAN,
        "proportion.numerator",
    ),
    "two amounts, the larger for almost everyone": (
        lambda d: np.where(place(d) < 9, 50.0, 75.0),
        lambda d: np.where(place(d) < 10, 50.0, 75.0),
        mean,
        MEAN,
        "proportion.complement",
    ),
    "a sum of a flag": (
        lambda d: (place(d) < 9).astype(int),
        lambda d: (place(d) < 10).astype(int),
        lambda d: d.groupby("region").x.sum(),
        {"statistic": "sum", "value": "x", "rows": ["region"]},
        "proportion.numerator",
    ),
    "a ratio whose denominator few people have": (
        lambda d: np.where(place(d) < 9, 40.0, 0.0),
        lambda d: np.where(place(d) < 10, 40.0, 0.0),
        lambda d: d.groupby("region").pay.sum() / d.groupby("region").x.sum(),
        {"statistic": "ratio", "value": "pay", "denominator": "x", "rows": ["region"]},
        "threshold.contributors",
    ),
    "a ratio of a flag with a dominated denominator": (
        lambda d: np.where(place(d) == 0, 1e6, 1.0 + place(d) % 7),
        lambda d: 1.0 + place(d) % 7,
        lambda d: d.groupby("region").employed.sum() / d.groupby("region").x.sum(),
        {"statistic": "ratio", "value": "employed", "denominator": "x", "rows": ["region"]},
        "dominance",
    ),
    "a mean in which few people weigh": (
        lambda d: np.where(place(d) < 9, 1.0, 0.0),
        lambda d: np.where(place(d) < 10, 1.0, 0.0),
        lambda d: (
            d.groupby("region")[["age", "x"]].apply(lambda g: np.average(g.age, weights=g.x)).rename("m")
        ),
        {"statistic": "mean", "value": "age", "weight": "x", "rows": ["region"]},
        "threshold.contributors",
    ),
    "the maximum of a flag that nobody has": (
        lambda d: ((d.region == "South") & (place(d) < 20)).astype(int),
        lambda d: (place(d) < 20).astype(int),
        lambda d: d.groupby("region").x.max(),
        {"statistic": "max", "value": "x", "rows": ["region"]},
        "values.identical",
    ),
    "a percentile of nothing but the maximum": (
        lambda d: d.pay,
        lambda d: d.pay.clip(upper=20_000),
        lambda d: d.groupby("region").x.quantile(1).round(-3),
        {"statistic": "percentile", "percentile": 100, "value": "x", "rows": ["region"], "rounding": 1000},
        "quantile.sides",
    ),
    "a standard deviation of ten people": (
        lambda d: d.pay.where(place(d) < 10),
        lambda d: d.pay.where(place(d) < 11),
        lambda d: d.groupby("region").x.std(),
        {"statistic": "std", "value": "x", "rows": ["region"]},
        "freedom.residual",
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_a_rule_stops_one_table_and_lets_the_next_pass(
    bench: Bench, mainland: pd.DataFrame, case: str
) -> None:
    stopped, passing, make, declared, rule = PAIRS[case]
    bad, good = mainland.assign(x=stopped), mainland.assign(x=passing)
    output = ask(bench, bad, make(bad), **declared)
    assert rule in rules(output)
    assert output.verdict.name == "BLOCK"
    bench.start()
    good.to_parquet(bench.data / "claims.parquet")
    bench.declare("t.csv", make(good), data="claims", **declared)
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set())


NEGATIVE = {
    "one large debt": ([-1e6, *[100.0] * 30, *[150.0] * 30], "dominance"),
    "two large ones that cancel": ([-1e6, 1e6, *[100.0] * 30, *[150.0] * 30], "dominance"),
    "a largest that the second knows": ([-7e3, 6e3, *[10.0] * 15, *[12.0] * 15], "p-percent"),
}


@pytest.mark.parametrize("case", NEGATIVE)
def test_negative_values_hide_nothing(bench: Bench, case: str) -> None:
    values, rule = NEGATIVE[case]
    data = pd.DataFrame({"person_id": [f"p{n}" for n in range(len(values))], "x": values})
    output = ask(bench, data, f"mean\n{float(data.x.mean())!r}\n", statistic="mean", value="x")
    assert rule in rules(output)


def test_many_rows_of_one_person_are_one_contribution(bench: Bench, mainland: pd.DataFrame) -> None:
    """No row dominates; all rows of one person together do."""
    one = mainland.assign(person_id=mainland.person_id.where(place(mainland) > 400, "one"), x=50.0)
    data = one.assign(x=one.age.astype(float))
    output = ask(bench, data, mean(data), **MEAN)
    assert "dominance" in rules(output)
    bench.start()
    mainland.assign(x=mainland.age).to_parquet(bench.data / "claims.parquet")
    bench.declare("t.csv", mean(mainland.assign(x=mainland.age)), data="claims", **MEAN)
    assert bench.only().verdict.name == "PASS"


def long(data: pd.DataFrame, *names: str) -> str:
    return data.groupby(list(names)).size().reset_index(name="n").to_csv(index=False)


def test_a_category_that_is_left_out_tells_of_everyone(bench: Bench, mainland: pd.DataFrame) -> None:
    """`groupby(...).size()` writes no zero: all of the North are women."""
    women = mainland[(mainland.region != "North") | (mainland.sex == "F")]
    output = ask(bench, women, long(women, "region", "sex"), statistic="count", rows=["region", "sex"])
    (found,) = [finding for finding in output.findings if finding.rule == "frequency.everyone"]
    assert found.cells == ("region=North, sex=F",)
    assert output.verdict.name == "BLOCK"


def test_a_district_that_lies_in_one_region_tells_nothing(bench: Bench, mainland: pd.DataFrame) -> None:
    data = mainland.assign(district=mainland.region + np.where(mainland.age > 40, " A", " B"))
    output = ask(
        bench, data, long(data, "region", "district"), statistic="count", rows=["region", "district"]
    )
    assert (output.verdict.name, rules(output)) == ("PASS", set())


def test_a_line_that_is_closed_by_structural_zeros_may_be_whole(bench: Bench, mainland: pd.DataFrame) -> None:
    data = mainland.assign(parent=np.where(mainland.sex == "M", "father", "mother"))
    zeros = [{"sex": "M", "parent": "mother"}, {"sex": "F", "parent": "father"}]
    share = {"statistic": "proportion", "normalize": "index", "rows": ["sex"], "columns": ["parent"]}
    table = pd.crosstab(data.sex, data.parent, normalize="index")
    output = ask(bench, data, table, structural_zeros=zeros, **share)
    assert (output.verdict.name, rules(output)) == ("PASS", set())
    bench.start()
    bench.declare("t.csv", table, data="claims", **share)
    assert rules(bench.only()) == {"threshold.zero", "proportion.complement"}


def test_the_sum_of_a_flag_is_a_count_where_counts_have_to_be_rounded(
    bench: Bench, mainland: pd.DataFrame
) -> None:
    bench.register(mainland, owners=("nhs",))
    sums = mainland.groupby("region").employed.sum()
    declared = {"data": "claims", "statistic": "sum", "value": "employed", "rows": ["region"]}
    bench.declare("t.csv", sums, **declared)
    assert rules(bench.only()) == {"rounding.obligatory"}
    bench.start()
    bench.declare("t.csv", (sums / 5).round() * 5, rounding=5, **declared)
    assert bench.only().verdict.name == "PASS"


def test_a_remedy_names_the_categories_to_merge(bench: Bench, claims: pd.DataFrame) -> None:
    output = ask(bench, claims, claims.groupby("region").size(), statistic="count", rows=["region"])
    (found,) = [finding for finding in output.findings if finding.rule == "threshold.people"]
    assert found.remedy.startswith("merge region 'Isles' with 'East', or suppress")
    merged = claims.assign(region=claims.region.replace("Isles", "East"))
    bench.start()
    merged.to_parquet(bench.data / "claims.parquet")
    bench.declare("t.csv", merged.groupby("region").size(), data="claims", statistic="count", rows=["region"])
    assert bench.only().verdict.name == "PASS"


def test_rows_of_nobody_count_for_nobody_but_are_in_the_figure(bench: Bench, mainland: pd.DataFrame) -> None:
    """Without a person they are no evidence that there are enough people."""
    data = mainland.assign(
        person_id=mainland.person_id.where((mainland.region != "North") | (place(mainland) < 5))
    )
    output = ask(bench, data, data.groupby("region").size(), statistic="count", rows=["region"])
    (found,) = [finding for finding in output.findings if finding.rule == "threshold.people"]
    assert "region=North (5)" in found.message
    assert "figure.differs" not in rules(output)


@pytest.mark.parametrize(("rounding", "found"), [(None, {"rounding.obligatory"}), (0.01, set())])
def test_an_exact_share_tells_counts_that_have_to_be_rounded(
    bench: Bench, mainland: pd.DataFrame, rounding: float | None, found: set[str]
) -> None:
    bench.register(mainland, owners=("nhs",))
    shares = pd.crosstab(mainland.region, mainland.sex, normalize="index")
    keys = {} if rounding is None else {"rounding": rounding}
    table = shares if rounding is None else shares.round(2)
    bench.declare("t.csv", table, data="claims", statistic="proportion", rows=["region"], columns=["sex"],
                  normalize="index", **keys)  # fmt: skip
    assert rules(bench.only()) == found
