"""Honest, safe outputs pass: a gate that stops them is not used for long."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

Make = Callable[[pd.DataFrame], pd.DataFrame | pd.Series | str]

SAFE: dict[str, tuple[Make, dict[str, Any]]] = {
    "crosstab": (
        lambda d: pd.crosstab(d.region, d.sex),
        {"statistic": "count", "rows": ["region"], "columns": ["sex"]},
    ),
    "crosstab with margins": (
        lambda d: pd.crosstab(d.region, d.sex, margins=True),
        {"statistic": "count", "rows": ["region"], "columns": ["sex"]},
    ),
    "crosstab with two column levels": (
        lambda d: pd.crosstab(d.region, [d.sex, d.employed], margins=True),
        {"statistic": "count", "rows": ["region"], "columns": ["sex", "employed"]},
    ),
    "crosstab with two row levels": (
        lambda d: pd.crosstab([d.region, d.employed], d.sex, margins=True),
        {"statistic": "count", "rows": ["region", "employed"], "columns": ["sex"]},
    ),
    "long counts": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(name="n").to_csv(index=False),
        {"statistic": "count", "rows": ["region", "sex"]},
    ),
    "a frame with its default index": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(name="n"),
        {"statistic": "count", "rows": ["region"], "columns": ["sex"]},
    ),
    "value_counts": (lambda d: d.region.value_counts(), {"statistic": "count", "rows": ["region"]}),
    "counts rounded to 5": (
        lambda d: (pd.crosstab(d.region, d.sex, margins=True) / 5).round() * 5,
        {"statistic": "count", "rows": ["region"], "columns": ["sex"], "rounding": 5},
    ),
    "where": (
        lambda d: pd.crosstab(d[d.age >= 30].region, d.sex),
        {"statistic": "count", "rows": ["region"], "columns": ["sex"], "where": "age >= 30"},
    ),
    "a count that names a value": (
        lambda d: pd.crosstab(d.region, d.sex),
        {"statistic": "count", "rows": ["region"], "columns": ["sex"], "value": "pay"},
    ),
    "mean": (
        lambda d: d.pivot_table(values="pay", index="region", columns="sex", margins=True),
        {"statistic": "mean", "value": "pay", "rows": ["region"], "columns": ["sex"]},
    ),
    "mean of a list of values": (
        lambda d: d.pivot_table(values=["pay"], index="region", columns="sex"),
        {"statistic": "mean", "value": "pay", "rows": ["region"], "columns": ["sex"]},
    ),
    "mean without rows": (
        lambda d: d.pivot_table(values="pay", columns="sex"),
        {"statistic": "mean", "value": "pay", "columns": ["sex"]},
    ),
    "one mean": (lambda d: f"mean\n{float(d.pay.mean())!r}\n", {"statistic": "mean", "value": "pay"}),
    "mean to the penny": (
        lambda d: d.groupby("region").pay.mean().round(2),
        {"statistic": "mean", "value": "pay", "rows": ["region"], "rounding": 0.01},
    ),
    "sum": (
        lambda d: d.groupby("region").pay.sum(),
        {"statistic": "sum", "value": "pay", "rows": ["region"]},
    ),
    "weighted mean": (
        lambda d: (
            d.groupby("region")[["pay", "age"]].apply(lambda g: np.average(g.pay, weights=g.age)).rename("m")
        ),
        {"statistic": "mean", "value": "pay", "weight": "age", "rows": ["region"]},
    ),
    "ratio": (
        lambda d: d.groupby("region").pay.sum() / d.groupby("region").age.sum(),
        {"statistic": "ratio", "value": "pay", "denominator": "age", "rows": ["region"]},
    ),
    "rounded median": (
        lambda d: d.groupby(["region", "sex"]).pay.median().round(-2),
        {"statistic": "median", "value": "pay", "rows": ["region", "sex"], "rounding": 100},
    ),
    "rounded percentile": (
        lambda d: d.groupby("region").pay.quantile(0.9).round(-2),
        {"statistic": "percentile", "percentile": 90, "value": "pay", "rows": ["region"], "rounding": 100},
    ),
    "standard deviation": (
        lambda d: d.groupby("region").pay.std(),
        {"statistic": "std", "value": "pay", "rows": ["region"]},
    ),
    "row shares": (
        lambda d: pd.crosstab(d.region, d.sex, normalize="index", margins=True),
        {"statistic": "proportion", "normalize": "index", "rows": ["region"], "columns": ["sex"]},
    ),
    "column shares": (
        lambda d: pd.crosstab(d.region, d.sex, normalize="columns", margins=True),
        {"statistic": "proportion", "normalize": "columns", "rows": ["region"], "columns": ["sex"]},
    ),
    "shares of all": (
        lambda d: pd.crosstab(d.region, d.sex, normalize="all", margins=True),
        {"statistic": "proportion", "normalize": "all", "rows": ["region"], "columns": ["sex"]},
    ),
    "share with a flag": (
        lambda d: d.groupby("region").employed.mean(),
        {"statistic": "proportion", "value": "employed", "rows": ["region"]},
    ),
    "mean of a flag that nobody has": (
        lambda d: d.groupby("region").never.mean(),
        {"statistic": "mean", "value": "never", "rows": ["region"]},
    ),
    "histogram": (
        lambda d: histogram(d, [0, 20_000, 40_000, 200_000]),
        {"statistic": "histogram", "value": "pay", "rows": ["region"], "bins": [0, 20_000, 40_000, 200_000]},
    ),
    "correlation": (
        lambda d: d[["pay", "age"]].corr(),
        {"statistic": "correlation", "columns": ["pay", "age"]},
    ),
    "gini": (lambda d: f"gini\n{gini(d.pay)!r}\n", {"statistic": "gini", "value": "pay"}),
    "least squares": (
        lambda d: regression("ols", "pay ~ age + C(region)", d),
        {"statistic": "ols", "model": "pay ~ age + C(region)"},
    ),
    "logit": (
        lambda d: regression("logit", "employed ~ age + sex", d),
        {"statistic": "logit", "model": "employed ~ age + sex"},
    ),
}


def histogram(data: pd.DataFrame, edges: list[int]) -> str:
    """Facet by region, as a person would write it."""
    cut = pd.cut(data.pay, edges, right=False)
    counts = data.groupby(["region", cut], observed=False).size()
    lines = [f"{region},{bin_.left},{bin_.right},{count}" for (region, bin_), count in counts.items()]
    return "\n".join(["region,left,right,count", *lines]) + "\n"


def gini(values: pd.Series) -> float:
    ordered = np.sort(values)
    return float(((2 * np.arange(1, ordered.size + 1) - ordered.size - 1) * ordered).sum()) / (
        ordered.size * float(ordered.sum())
    )


def regression(name: str, formula: str, data: pd.DataFrame) -> str:
    import statsmodels.formula.api as smf

    fit = getattr(smf, name)(formula, data).fit(**({} if name == "ols" else {"disp": 0}))
    buffer = io.StringIO()
    table = pd.DataFrame({"coef": fit.params, "std_err": fit.bse, "p": fit.pvalues})
    table.rename_axis("term").to_csv(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("case", SAFE)
def test_safe_outputs_pass(bench: Bench, mainland: pd.DataFrame, case: str) -> None:
    make, declared = SAFE[case]
    bench.register(mainland)
    bench.declare("t.csv", make(mainland), data="claims", **declared)
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set())
    assert output.evidence.name == "A"
    assert output.canonical


def test_a_table_suppressed_in_two_rows_and_columns_passes(bench: Bench, claims: pd.DataFrame) -> None:
    bench.register(claims)
    table = pd.crosstab(claims.region, claims.sex).astype(object)
    table.loc["Isles"] = "*"
    bench.declare("t.csv", table, data="claims", statistic="count", rows=["region"], columns=["sex"])
    output = bench.only()
    assert output.verdict.name == "PASS"
    assert b"Isles,[c],[c]" in (output.canonical or b"")


def test_two_different_safe_tables_pass_together(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("a.csv", pd.crosstab(mainland.region, mainland.sex, margins=True), data="claims",
                  statistic="count", rows=["region"], columns=["sex"])  # fmt: skip
    bench.declare("b.csv", mainland.groupby("sex").size(), data="claims", statistic="count", rows=["sex"])
    bench.declare("c.csv", mainland.groupby("region").pay.mean(), data="claims", statistic="mean",
                  value="pay", rows=["region"])  # fmt: skip
    assert bench.check().verdict.name == "PASS"


def test_a_table_by_year_of_the_same_people_passes(bench: Bench, mainland: pd.DataFrame) -> None:
    years = pd.concat([mainland.assign(year=2020), mainland.assign(year=2021).iloc[3:]])
    bench.register(years)
    table = pd.crosstab(years.region, years.year)
    bench.declare("t.csv", table, data="claims", statistic="count", rows=["region"], columns=["year"])
    assert bench.only().verdict.name == "PASS"


TYPES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "category": lambda d: d.region.astype("category"),
    "truth": lambda d: d.employed.astype(bool),
    "whole": lambda d: d.age // 10,
    "nullable": lambda d: (d.age // 10).where(d.age > 30).astype("Int64"),
    "float": lambda d: (d.age // 10).where(d.age > 30),
    "half": lambda d: (d.age // 10) / 2,
    "day": lambda d: pd.to_datetime("2020-01-01") + pd.to_timedelta(d.age // 10, unit="D"),
    "time": lambda d: pd.to_datetime("2020-01-01 12:30") + pd.to_timedelta(d.age // 10, unit="D"),
    "text that looks like numbers": lambda d: "0" + (d.age // 10).astype(str),
    "text with marks": lambda d: d.region.map({"North": 'a, "b"', "South": "=1+1", "East": "Ægir ½"}),
}


@pytest.mark.parametrize("kind", TYPES)
def test_dimensions_of_every_type(bench: Bench, mainland: pd.DataFrame, kind: str) -> None:
    data = mainland.assign(kind=TYPES[kind](mainland))
    bench.register(data)
    bench.declare("rows.csv", pd.crosstab(data.kind, data.sex, margins=True), data="claims",
                  statistic="count", rows=["kind"], columns=["sex"])  # fmt: skip
    bench.declare("columns.csv", data.pivot_table(values="pay", index="sex", columns="kind", observed=True),
                  data="claims", statistic="mean", value="pay", rows=["sex"], columns=["kind"])  # fmt: skip
    outputs = bench.check().outputs
    assert [(output.verdict.name, rules(output)) for output in outputs] == [("PASS", set())] * 2
    assert b"\n=1" not in (outputs[0].canonical or b"")


def test_what_the_gate_wrote_passes_the_gate(bench: Bench, mainland: pd.DataFrame) -> None:
    """The released bytes are the same table: checked again they pass and come out unchanged."""
    bench.register(mainland)
    declared = {"data": "claims", "statistic": "mean", "value": "pay", "rounding": 0.01}
    table = mainland.pivot_table(values="pay", index="region", columns=["sex", "employed"], margins=True)
    bench.declare("t.csv", table.round(2), **declared, rows=["region"], columns=["sex", "employed"])
    first = bench.only()
    bench.start()
    bench.declare("t.csv", first.canonical, **declared, rows=["region"], columns=["sex", "employed"])
    assert bench.only().canonical == first.canonical


def test_a_dataset_in_parts(bench: Bench, mainland: pd.DataFrame) -> None:
    """As an extract has it: one folder per year, the year in the folder's name."""
    bench.register(mainland.head(1))
    (bench.data / "claims.parquet").unlink()
    for year in (2020, 2021):
        folder = bench.data / "claims" / f"year={year}"
        folder.mkdir(parents=True)
        mainland.to_parquet(folder / "part-0.parquet")
    both = pd.concat([mainland.assign(year=year) for year in (2020, 2021)])
    bench.declare("t.csv", pd.crosstab(both.region, both.year), data="claims", statistic="count",
                  rows=["region"], columns=["year"])  # fmt: skip
    bench.declare("m.csv", mainland.groupby("region").pay.mean(), data="claims", statistic="mean",
                  value="pay", rows=["region"], where="year = 2021")  # fmt: skip
    assert bench.check().verdict.name == "PASS"


@pytest.mark.parametrize("statistic", ["mean", "sum", "std"])
def test_figures_of_a_single_precision_column(bench: Bench, statistic: str) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"person_id": [f"p{number}" for number in range(4_000)]})
    frame["region"] = random.choice(["East", "West"], len(frame))
    frame["pay"] = random.lognormal(10, 0.5, len(frame)).astype("float32")
    bench.register(frame)
    declared = {"data": "claims", "statistic": statistic, "value": "pay", "rows": ["region"]}
    table = frame.groupby("region").pay.agg(statistic)
    bench.declare("t.csv", table, **declared)
    assert bench.only().verdict.name == "PASS"
    bench.start()
    bench.declare("t.csv", table * 1.00001, **declared)
    assert bench.only().verdict.name == "BLOCK"
