"""What must not pass: a table, its declaration, the rule that stops it. Read it as the manual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

from outputs_check.gate.verdict import Verdict

Make = Callable[[pd.DataFrame], pd.DataFrame | pd.Series | str]
BY_REGION = {"rows": ["region"]}

# name: (what is done to the data, table, declaration, rule)
Case = tuple[Callable[[pd.DataFrame], pd.DataFrame], Make, dict[str, Any], str]


def same(data: pd.DataFrame) -> pd.DataFrame:
    return data


def rich(data: pd.DataFrame) -> pd.DataFrame:
    """One person in the North has most of its pay."""
    return data.assign(pay=data.pay.where(data.index != data.index[data.region == "North"][0], 1e9))


def rich_and_a_debt(data: pd.DataFrame) -> pd.DataFrame:
    """The same, with one negative value."""
    data = rich(data)
    return data.assign(pay=data.pay.where(data.index != data.index[data.region == "South"][0], -50.0))


def hardly_any_pay(data: pd.DataFrame) -> pd.DataFrame:
    """Three people of each region have a value at all."""
    first = data.groupby("region").cumcount() < 3
    return data.assign(pay=data.pay.where(first))


def rare_flag(data: pd.DataFrame) -> pd.DataFrame:
    """Three people of each region have the flag."""
    return data.assign(ill=(data.groupby("region").cumcount() < 3).astype(int))


def everyone(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(ill=((data.region == "North") | (data.employed == 1)).astype(int))


def flat(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(pay=100.0)


def six_men_in_the_north(data: pd.DataFrame) -> pd.DataFrame:
    few = (data.region == "North") & (data.sex == "M")
    data = pd.concat([data[~few], data[few].head(6)])
    return data[data.region != "Isles"]


def one_exile(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(born=np.where(data.index == 0, "abroad", "here"))


DISCLOSIVE: dict[str, Case] = {
    "a cell of three": (
        same,
        lambda d: pd.crosstab(d.region, d.sex),
        {"statistic": "count", **BY_REGION, "columns": ["sex"]},
        "threshold.people",
    ),
    "a zero": (
        lambda d: d[~((d.region == "North") & (d.sex == "M")) & (d.region != "Isles")],
        lambda d: pd.crosstab(d.region, d.sex),
        {"statistic": "count", **BY_REGION, "columns": ["sex"]},
        "threshold.zero",
    ),
    "a mean over three non-null of hundreds": (
        hardly_any_pay,
        lambda d: d.groupby("region").pay.mean(),
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "threshold.people",
    ),
    "a median over one": (
        lambda d: d.assign(pay=d.pay.where(d.groupby("region").cumcount() < 1)),
        lambda d: d.groupby("region").pay.median().round(-1),
        {"statistic": "median", "value": "pay", **BY_REGION, "rounding": 10},
        "threshold.people",
    ),
    "an exact median": (
        lambda d: d[d.region != "Isles"],
        lambda d: d.groupby("region").pay.median(),
        {"statistic": "median", "value": "pay", **BY_REGION},
        "quantile.exact",
    ),
    "a median rounded to what the data are rounded to": (
        lambda d: d[d.region != "Isles"].groupby("region").head(201),
        lambda d: d.groupby("region").pay.median().round(2),
        {"statistic": "median", "value": "pay", **BY_REGION, "rounding": 0.01},
        "quantile.exact",
    ),
    "a median rounded to a base that hides nothing": (
        lambda d: d[d.region != "Isles"].groupby("region").head(201),
        lambda d: (d.groupby("region").pay.median() / 0.003).round() * 0.003,
        {"statistic": "median", "value": "pay", **BY_REGION, "rounding": 0.003},
        "quantile.exact",
    ),
    "a percentile with few people above it": (
        lambda d: d[d.region != "Isles"],
        lambda d: d.groupby("region").pay.quantile(0.99).round(-2),
        {"statistic": "percentile", "percentile": 99, "value": "pay", **BY_REGION, "rounding": 100},
        "quantile.sides",
    ),
    "a maximum": (
        same,
        lambda d: d.groupby("region").pay.max(),
        {"statistic": "max", "value": "pay", **BY_REGION},
        "extreme.value",
    ),
    "a minimum": (
        same,
        lambda d: d.groupby("sex").pay.min(),
        {"statistic": "min", "value": "pay", "rows": ["sex"]},
        "extreme.value",
    ),
    "a mode of nearly identical values": (
        lambda d: d[d.region != "Isles"].assign(pay=lambda d: d.pay.where(d.index % 50 == 0, 7.0)),
        lambda d: d.groupby("sex").pay.agg(lambda v: v.mode()[0]),
        {"statistic": "mode", "value": "pay", "rows": ["sex"]},
        "mode.identical",
    ),
    "identical values": (
        flat,
        lambda d: d[d.region != "Isles"].groupby("region").pay.mean(),
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "values.identical",
    ),
    "a deviation of zero": (
        flat,
        lambda d: d[d.region != "Isles"].groupby("region").pay.std(),
        {"statistic": "std", "value": "pay", **BY_REGION},
        "values.identical",
    ),
    "one dominant person": (
        rich,
        lambda d: d[d.region != "Isles"].groupby("region").pay.sum(),
        {"statistic": "sum", "value": "pay", **BY_REGION},
        "dominance",
    ),
    "one dominant person and a negative value": (
        rich_and_a_debt,
        lambda d: d[d.region != "Isles"].groupby("region").pay.mean(),
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "dominance",
    ),
    "a count weighted by one person's riches": (
        rich,
        lambda d: d[d.region != "Isles"].groupby("region").pay.sum(),
        {"statistic": "count", "weight": "pay", **BY_REGION},
        "dominance",
    ),
    "two people among whom one can estimate the other": (
        rich,
        lambda d: d[d.region != "Isles"].groupby("region").pay.sum(),
        {"statistic": "sum", "value": "pay", **BY_REGION},
        "p-percent",
    ),
    "a dominated denominator": (
        rich,
        lambda d: d.groupby("sex").age.sum() / d.groupby("sex").pay.sum(),
        {"statistic": "ratio", "value": "age", "denominator": "pay", "rows": ["sex"]},
        "dominance",
    ),
    "a share with a numerator of three": (
        rare_flag,
        lambda d: d[d.region != "Isles"].groupby("region").ill.mean(),
        {"statistic": "mean", "value": "ill", **BY_REGION},
        "proportion.numerator",
    ),
    "a share with a complement of three": (
        lambda d: rare_flag(d).assign(ill=lambda d: 1 - d.ill),
        lambda d: d[d.region != "Isles"].groupby("region").ill.mean(),
        {"statistic": "proportion", "value": "ill", **BY_REGION},
        "proportion.complement",
    ),
    "everyone in the North": (
        everyone,
        lambda d: d[d.region != "Isles"].groupby("region").ill.mean(),
        {"statistic": "mean", "value": "ill", **BY_REGION},
        "proportion.complement",
    ),
    "a row share of three": (
        same,
        lambda d: pd.crosstab(d.region, d.sex, normalize="index"),
        {"statistic": "proportion", "normalize": "index", **BY_REGION, "columns": ["sex"]},
        "threshold.people",
    ),
    "a histogram facet of seven": (
        same,
        lambda d: "region,left,right,count\n" + "".join(
            f"{region},0,400000,{size}\n" for region, size in d.groupby("region").size().items()
        ),
        {"statistic": "histogram", "value": "pay", **BY_REGION, "bins": [0, 400_000]},
        "threshold.people",
    ),
    "a histogram that ends at the maximum": (
        same,
        lambda d: f"left,right,count\n0,{float(d.pay.max())!r},{len(d)}\n",
        {"statistic": "histogram", "value": "pay", "bins": ["max of pay"]},
        "histogram.edge",
    ),
    "a dummy for one person": (
        one_exile,
        lambda d: regression("ols", "pay ~ age + born", d),
        {"statistic": "ols", "model": "pay ~ age + born"},
        "model.cells",
    ),
    "a saturated model": (
        same,
        lambda d: regression("ols", "pay ~ region * sex", d),
        {"statistic": "ols", "model": "pay ~ region * sex"},
        "model.cells",
    ),
    "a model with more columns than fit": (
        same,
        lambda d: "term,coef,std_err\nIntercept,1,1\n",
        {"statistic": "ols", "model": "employed ~ C(pay) * C(age)"},
        "evidence.none",
    ),
    "a model of twelve people": (
        lambda d: d.head(12).assign(sex=["F", "M"] * 6),
        lambda d: regression("ols", "pay ~ age + employed + C(sex)", d),
        {"statistic": "ols", "model": "pay ~ age + employed + C(sex)"},
        "freedom.residual",
    ),
    "odds of a cell of three": (
        rare_flag,
        lambda d: regression("logit", "ill ~ sex", d[d.index < 4000]),
        {"statistic": "logit", "model": "ill ~ sex"},
        "model.outcome",
    ),
    "a correlation of ten people": (
        lambda d: d.head(11),
        lambda d: d[["pay", "age"]].corr(),
        {"statistic": "correlation", "columns": ["pay", "age"]},
        "freedom.residual",
    ),
    "a perfect correlation": (
        lambda d: d.assign(tax=d.pay * 0.2),
        lambda d: d[["pay", "tax"]].corr(),
        {"statistic": "correlation", "columns": ["pay", "tax"]},
        "correlation.perfect",
    ),
    "pay written into row labels": (
        lambda d: d[d.region != "Isles"],
        lambda d: "pay,count\n" + "".join(f"{pay!r},*\n" for pay in d.pay.head(20)),
        {"statistic": "count", "rows": ["pay"]},
        "label.rare",
    ),
    "labels the data do not have": (
        lambda d: d[d.region != "Isles"],
        lambda d: pd.crosstab(d.region.replace("North", "North 31415"), d.sex),
        {"statistic": "count", **BY_REGION, "columns": ["sex"]},
        "table.label",
    ),
    "a forged figure": (
        lambda d: d[d.region != "Isles"],
        lambda d: pd.crosstab(d.region, d.sex) + pd.DataFrame({"F": [1, 0, 0], "M": [0, 0, 0]},
                                                              index=["East", "North", "South"]),
        {"statistic": "count", **BY_REGION, "columns": ["sex"]},
        "figure.differs",
    ),
    "figures with a little more in the last digits": (
        lambda d: d[d.region != "Isles"],
        lambda d: d.groupby("region").pay.mean() + 0.0001,
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "figure.differs",
    ),
    "a callable that joins values": (
        lambda d: d[d.region != "Isles"],
        lambda d: d.groupby("region").pay.agg(lambda v: " ".join(map(str, v[:3]))),
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "figure.unreadable",
    ),
    "a callable that is called mean": (
        lambda d: d[d.region != "Isles"],
        lambda d: d.groupby("region").pay.agg(lambda v: v.iloc[0]),
        {"statistic": "mean", "value": "pay", **BY_REGION},
        "figure.differs",
    ),
    "a suppressed cell and its margins": (
        six_men_in_the_north,
        lambda d: suppressed(pd.crosstab(d.region, d.sex, margins=True)),
        {"statistic": "count", **BY_REGION, "columns": ["sex"]},
        "differencing",
    ),
}  # fmt: skip


def regression(name: str, formula: str, data: pd.DataFrame) -> str:
    import statsmodels.formula.api as smf

    fit = getattr(smf, name)(formula, data).fit(**({} if name == "ols" else {"disp": 0}))
    return pd.DataFrame({"coef": fit.params, "std_err": fit.bse}).rename_axis("term").to_csv()


def suppressed(table: pd.DataFrame) -> pd.DataFrame:
    """Suppress what is under ten, and leave the margins."""
    return table.astype(object).where(table >= 10, "*")


@pytest.mark.parametrize("case", DISCLOSIVE)
def test_disclosive_outputs_are_blocked(bench: Bench, claims: pd.DataFrame, case: str) -> None:
    change, make, declared, rule = DISCLOSIVE[case]
    data = change(claims).reset_index(drop=True)
    bench.register(data)
    if declared.get("bins") == ["max of pay"]:
        declared = {**declared, "bins": [0, float(data.pay.max())]}
    bench.declare("t.csv", make(data), data="claims", **declared)
    output = bench.only()
    assert rule in rules(output)
    assert output.verdict is Verdict.BLOCK
    assert output.canonical is None
    found = next(finding for finding in output.findings if finding.rule == rule)
    assert found.source
    assert found.remedy


def test_a_saturated_model_of_flags_is_a_table(bench: Bench, mainland: pd.DataFrame) -> None:
    """Every dummy has twenty people; three of them stand alone in one combination of two flags."""
    place = mainland.reset_index().index
    data = mainland.assign(first=(place < 500) * 1, second=((place >= 3) & (place < 1000)) * 1)
    bench.register(data)
    for formula, verdict in (("pay ~ first * second", "BLOCK"), ("pay ~ first + second", "REVIEW")):
        bench.start()
        bench.declare(
            "m.csv", regression("ols", formula, data), data="claims", statistic="ols", model=formula
        )
        output = bench.only()
        assert "model.cells" in rules(output)
        assert output.verdict.name == verdict


def test_rows_are_not_people(bench: Bench, mainland: pd.DataFrame) -> None:
    """Twelve episodes of one patient are one patient."""
    one = mainland.head(3)
    rows = pd.concat([mainland, *[one.assign(region="Isles")] * 12])
    bench.register(rows)
    bench.declare("t.csv", rows.region.value_counts(), data="claims", statistic="count", rows=["region"])
    output = bench.only()
    (found,) = [finding for finding in output.findings if finding.rule == "threshold.people"]
    assert found.cells == ("region=Isles",)
    assert "(3)" in found.message


def test_every_registered_unit_needs_the_threshold(bench: Bench, mainland: pd.DataFrame) -> None:
    """Hundreds of employees of two employers are two employers."""
    data = mainland.assign(
        employer_id=np.where(mainland.region == "North", mainland.index % 2, mainland.index)
    )
    data["employer_id"] = "e-" + data.employer_id.astype(str)
    bench.register(data, units=("person_id", "employer_id"))
    bench.declare("t.csv", data.groupby("region").size(), data="claims", statistic="count", rows=["region"])
    output = bench.only()
    (found,) = [finding for finding in output.findings if finding.rule == "threshold.people"]
    assert "employer_id" in found.message
    assert found.cells == ("region=North",)


def test_cells_are_named_and_placed(bench: Bench, claims: pd.DataFrame) -> None:
    bench.register(claims)
    bench.declare("t.csv", pd.crosstab(claims.region, claims.sex), data="claims", statistic="count",
                  rows=["region"], columns=["sex"])  # fmt: skip
    (found,) = [finding for finding in bench.only().findings if finding.rule == "threshold.people"]
    assert found.cells == ("region=Isles, sex=F", "region=Isles, sex=M")
    assert found.at == ((2, 1), (2, 2))


def test_a_structural_zero_passes_only_where_the_data_have_none(bench: Bench, mainland: pd.DataFrame) -> None:
    data = mainland.assign(parent=np.where(mainland.sex == "M", "father", "mother"))
    zeros = [{"sex": "M", "parent": "mother"}, {"sex": "F", "parent": "father"}]
    table = {"statistic": "count", "rows": ["parent"], "columns": ["sex"], "data": "claims"}
    bench.register(data)
    bench.declare("t.csv", pd.crosstab(data.parent, data.sex), structural_zeros=zeros, **table)
    assert bench.only().verdict.name == "PASS"

    bench.start()
    old = data[(data.age > 40) & ~((data.region == "North") & (data.sex == "M"))]
    bench.declare("t.csv", pd.crosstab(old.region, old.sex), data="claims", statistic="count",
                  rows=["region"], columns=["sex"], structural_zeros=[{"region": "North", "sex": "M"}],
                  where="age > 40 AND NOT (region = 'North' AND sex = 'M')")  # fmt: skip
    assert "threshold.zero" in rules(bench.only())


def test_a_structural_zero_of_no_category_is_never_ignored(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    table = pd.crosstab(mainland.region, mainland.sex)
    declared = {"data": "claims", "statistic": "count", "rows": ["region"], "columns": ["sex"]}
    bench.declare("t.csv", table, structural_zeros=[{"sex": "X"}], **declared)
    assert "declaration.value" in rules(bench.only())
