"""Tables of every statistic, in the layouts of pandas, over categories of every sort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.corpus.case import Case, safe, table
from tests.corpus.honest.layouts import CELLS, PAY, family

STATISTICS: dict[str, dict[str, Any]] = {
    "count": {"statistic": "count"},
    "weighted count": {"statistic": "count", "weight": "weight"},
    "sum": {"statistic": "sum", "value": "weekly"},
    "sum of a value with gaps": {"statistic": "sum", "value": "pay"},
    "mean": {"statistic": "mean", "value": "pay"},
    "mean of a value with negatives": {"statistic": "mean", "value": "weekly"},
    "weighted mean": {"statistic": "mean", "value": "weekly", "weight": "weight"},
    "mean of a flag": {"statistic": "mean", "value": "disabled"},
    "mean of a boolean": {"statistic": "mean", "value": "employed"},
    "share with a flag": {"statistic": "proportion", "value": "disabled"},
    "ratio": {"statistic": "ratio", "value": "weekly", "denominator": "months"},
    "median": {"statistic": "median", "value": "pay", "rounding": 100},
    "upper quartile": {"statistic": "percentile", "percentile": 75, "value": "pay", "rounding": 100},
    "lower decile": {"statistic": "percentile", "percentile": 20, "value": "weekly", "rounding": 5},
    "standard deviation": {"statistic": "std", "value": "pay"},
    "gini": {"statistic": "gini", "value": "weekly"},
    "mode": {"statistic": "mode", "value": "months"},
}
DIMENSIONS = {
    "nothing": {},
    "region": {"rows": ["region"]},
    "sex across": {"columns": ["sex"]},
    "region and sex": {"rows": ["region"], "columns": ["sex"]},
    "region, sex down": {"rows": ["region", "sex"]},
}
LABELS = [
    "region",
    "area",
    "code",
    "sex",
    "sex_code",
    "benefit",
    "band",
    "year",
    "grade",
    "step",
    "sanction",
    "employed",
    "disabled",
    "quarter",
    "day",
    "seen",
    "small_int",
    "missing_int",
    "word",
    "step32",
    "zoned",
    "padded",
    "scope",
    "Home region (£)",
    "band_category",
    "months",
]


def cases() -> Iterator[Case]:
    yield from _statistics()
    yield from _labels()
    yield from _shares()
    yield from _rounded()


def _statistics() -> Iterator[Case]:
    for name, keys in STATISTICS.items():
        for dimensions, shape in DIMENSIONS.items():
            yield safe(family(keys), f"{name} by {dimensions}", table(**keys, **shape))


def _labels() -> Iterator[Case]:
    for name in LABELS:
        yield safe("frequencies", f"categories of {name}", table(statistic="count", rows=[name]))
        yield safe("frequencies", f"{name} across", table(statistic="count", rows=["left"], columns=[name]))
        yield safe(
            "sums, means, ratios",
            f"means by {name}",
            table(statistic="mean", value="weekly", rows=[name], rounding=0.01),
        )


def _shares() -> Iterator[Case]:
    for side in ("index", "columns", "all"):
        keys = {**CELLS, "statistic": "proportion", "normalize": side}
        yield safe("percentages", f"crosstab, normalize {side}", table(**keys))
        yield safe(
            "percentages",
            f"crosstab, normalize {side}, with margins",
            table(lambda d, side=side: pd.crosstab(d.region, d.sex, normalize=side, margins=True), **keys),
        )
        for rounding in (0.1, 0.01, 0.001):
            yield safe(
                "percentages",
                f"crosstab, normalize {side}, rounded to {rounding}",
                table(**keys, rounding=rounding),
            )
    yield safe(
        "percentages",
        "crosstab of two levels, normalize index",
        table(
            lambda d: pd.crosstab([d.region, d.sex], d.employed, normalize="index"),
            statistic="proportion",
            normalize="index",
            rows=["region", "sex"],
            columns=["employed"],
        ),
    )
    yield safe(
        "percentages",
        "value_counts normalised",
        table(
            lambda d: d.benefit.value_counts(normalize=True),
            statistic="proportion",
            normalize="all",
            rows=["benefit"],
        ),
    )
    yield safe(
        "percentages",
        "value_counts normalised within regions",
        table(
            lambda d: d.groupby("region").sex.value_counts(normalize=True),
            statistic="proportion",
            normalize="index",
            rows=["region"],
            columns=["sex"],
        ),
    )
    yield safe(
        "percentages",
        "percentages by hand",
        table(
            lambda d: d.groupby("region").size() / len(d),
            statistic="proportion",
            normalize="all",
            rows=["region"],
        ),
    )


def _rounded() -> Iterator[Case]:
    for base in (5, 10, 100):
        yield safe(
            "frequencies", f"counts rounded to {base}", table(statistic="count", **CELLS, rounding=base)
        )
        yield safe(
            "frequencies",
            f"counts rounded to {base}, as whole numbers",
            table(
                lambda d, base=base: (
                    (pd.crosstab(d.region, d.sex, margins=True) / base).round() * base
                ).astype(int),
                statistic="count",
                **CELLS,
                rounding=base,
            ),
        )
    yield safe(
        "frequencies",
        "counts rounded half up",
        table(
            lambda d: (np.floor(pd.crosstab(d.region, d.sex) / 5 + 0.5) * 5).astype(int),
            statistic="count",
            **CELLS,
            rounding=5,
        ),
    )
    for base in (0.001, 0.01, 0.1, 0.5, 1, 10, 1000):
        yield safe("sums, means, ratios", f"means rounded to {base}", table(**PAY, **CELLS, rounding=base))
    yield safe(
        "sums, means, ratios",
        "means rounded by format",
        table(
            lambda d: d.groupby("region").pay.mean().map("{:.2f}".format),
            **PAY,
            rows=["region"],
            rounding=0.01,
        ),
    )
