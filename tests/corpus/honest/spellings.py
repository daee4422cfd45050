"""Safe tables with the names and figures that people and other programs write beside pandas' own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.corpus.case import Case, Make, safe, table
from tests.corpus.tabulated import tabulated

CELLS = {"rows": ["region"], "columns": ["sex"]}
PAY = {"statistic": "mean", "value": "pay"}
BINS = {"statistic": "histogram", "value": "pay", "bins": [0, 20_000, 40_000, 200_000]}
MATRIX = {"statistic": "correlation", "rows": ["age", "weekly"], "columns": ["age", "weekly"]}


def _counted(**options: Any) -> Make:
    """A pivot_table of counted people, whose header names the column that was counted."""
    options = {"index": "region", "columns": "sex", "values": ["person_id"], "aggfunc": "count"} | options
    return lambda d: d.pivot_table(**options)


def _frame(text: Any) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


TABLES: dict[str, tuple[str, Make, dict[str, Any]]] = {
    **{
        f"margins called {name}": (
            "frequencies",
            lambda d, name=name: pd.crosstab(d.region, d.sex, margins=True, margins_name=name),
            {"statistic": "count", **CELLS},
        )
        for name in ("total", "Overall", "Sum", "Grand Total", "ALL")
    },
    "a list of the counted column": ("frequencies", _counted(), {"statistic": "count", **CELLS}),
    "the same with margins": ("frequencies", _counted(margins=True), {"statistic": "count", **CELLS}),
    "people counted by nunique": (
        "frequencies",
        _counted(aggfunc=["nunique"]),
        {"statistic": "count", **CELLS},
    ),
    "size in a list of functions": (
        "frequencies",
        _counted(values="person_id", aggfunc=["size"]),
        {"statistic": "count", **CELLS},
    ),
    "the counted column and no index": (
        "frequencies",
        lambda d: d.pivot_table(columns="sex", values="person_id", aggfunc="count"),
        {"statistic": "count", "columns": ["sex"]},
    ),
    "one count from agg": (
        "frequencies",
        lambda d: d.agg({"person_id": "nunique"}),
        {"statistic": "count"},
    ),
    "a row called n": (
        "frequencies",
        lambda d: d.groupby("sex").size().to_frame("n").T,
        {"statistic": "count", "columns": ["sex"]},
    ),
    "semicolons": (
        "frequencies",
        lambda d: pd.crosstab(d.region, d.sex).to_csv(sep=";"),
        {"statistic": "count", **CELLS},
    ),
    "commas between thousands": (
        "sums, means, ratios",
        lambda d: d.groupby("region").weekly.sum().map("{:,.0f}".format),
        {"statistic": "sum", "value": "weekly", "rows": ["region"], "rounding": 1},
    ),
    "a named mean": ("sums, means, ratios", lambda d: pd.Series({"Mean pay": d.pay.mean()}), PAY),
    "a percentile by its short name": (
        "medians, percentiles",
        lambda d: pd.Series({"p90": np.round(d.pay.quantile(0.9), -2)}),
        {"statistic": "percentile", "value": "pay", "percentile": 90, "rounding": 100},
    ),
    "a percentile by its share": (
        "medians, percentiles",
        lambda d: d.pay.quantile([0.9]).round(-2),
        {"statistic": "percentile", "value": "pay", "percentile": 90, "rounding": 100},
    ),
    "a histogram with its default index": (
        "histogram",
        lambda d: pd.read_csv(io.StringIO(tabulated(d, BINS))),
        BINS,
    ),
    "a matrix named on both sides": ("correlation", lambda d: d[["age", "weekly"]].corr(), MATRIX),
}


def cases() -> Iterator[Case]:
    for name, (family, make, keys) in TABLES.items():
        yield safe(family, f"spelling: {name}", table(make, **keys))
