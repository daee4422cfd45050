"""A real public sample: the 1995 Current Population Survey (CASC reference microdata), 1,080 people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from gate_bench import Bench, rules


@pytest.fixture
def sample(bench: Bench, shared: Path) -> pd.DataFrame:
    path = shared / "data" / "micro" / "CASCrefmicrodata.csv"
    if not path.is_file():
        pytest.skip(f"the sample is not here: {path}")
    data = pd.read_csv(path)
    data.insert(0, "person_id", [f"cps-{number:06d}" for number in range(len(data))])
    data["band"] = pd.cut(
        data.AGI, [-1e9, 30_000, 50_000, 70_000, 1e9], labels=["low", "middle", "upper", "top"]
    )
    data["band"] = data.band.astype(str)
    data["saver"] = (data.INTVAL > 500).astype(int)
    bench.register(data, name="cps", owners=("ons",))
    return data


def test_honest_tables_pass(bench: Bench, sample: pd.DataFrame) -> None:
    by_band = {"data": "cps", "rows": ["band"]}
    bench.declare("n.csv", pd.crosstab(sample.band, sample.saver, margins=True), **by_band, statistic="count",
                  columns=["saver"])  # fmt: skip
    bench.declare(
        "mean.csv", sample.groupby("band").FEDTAX.mean(), **by_band, statistic="mean", value="FEDTAX"
    )
    bench.declare("median.csv", sample.groupby("band").WSALVAL.median().round(-2), **by_band,
                  statistic="median", value="WSALVAL", rounding=100)  # fmt: skip
    bench.declare(
        "share.csv", sample.groupby("band").saver.mean(), **by_band, statistic="proportion", value="saver"
    )
    bench.declare("corr.csv", sample[["AGI", "FEDTAX", "FICA"]].corr(), data="cps", statistic="correlation",
                  columns=["AGI", "FEDTAX", "FICA"])  # fmt: skip
    result = bench.check()
    assert [(output.file, rules(output)) for output in result.outputs if rules(output)] == []
    assert result.verdict.name == "PASS"


def test_a_regression_passes_and_a_forged_one_does_not(bench: Bench, sample: pd.DataFrame) -> None:
    import statsmodels.formula.api as smf

    formula = "FEDTAX ~ AGI + C(saver)"
    fit = smf.ols(formula, sample).fit()
    table = pd.DataFrame({"coef": fit.params, "std_err": fit.bse}).rename_axis("term")
    bench.declare("ols.csv", table, data="cps", statistic="ols", model=formula)
    assert bench.only().verdict.name == "PASS"
    bench.start()
    table.loc["AGI", "coef"] *= 1.001
    bench.declare("ols.csv", table, data="cps", statistic="ols", model=formula)
    assert "figure.differs" in rules(bench.only())


def test_small_cells_are_blocked(bench: Bench, sample: pd.DataFrame) -> None:
    few = sample.assign(rich=sample.POTHVAL > 40_000)
    assert few.groupby("band").rich.sum().min() < 10
    bench.register(few, name="few", owners=("ons",))
    bench.declare("t.csv", pd.crosstab(few.band, few.rich), data="few", statistic="count", rows=["band"],
                  columns=["rich"])  # fmt: skip
    assert {"threshold.people", "threshold.zero"} & rules(bench.only())


def test_a_forged_figure_is_blocked(bench: Bench, sample: pd.DataFrame) -> None:
    table = sample.groupby("band").size()
    table.iloc[1] += 1
    bench.declare("t.csv", table, data="cps", rows=["band"], statistic="count")
    output = bench.only()
    assert rules(output) == {"figure.differs"}
    assert "recomputed" in output.findings[0].message


def test_microdata_are_blocked_whatever_they_are_called(bench: Bench, sample: pd.DataFrame) -> None:
    bench.declare("t.csv", sample, data="cps", rows=["band"], statistic="count")
    bench.put("extra.csv", sample.drop(columns="person_id"))
    declared, extra = bench.check().outputs
    assert "rowlevel.microdata" in rules(declared)
    assert "rowlevel.microdata" in rules(extra)
