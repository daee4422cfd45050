"""Rulebook, "sums, means, ratios" to "standard deviation": values that tell a person's own."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.case import Case, attack, table

_SUMS = "sums, means, ratios"


def cases() -> Iterator[Case]:
    yield from _dominance()
    yield from _identical()
    yield from _quantiles()
    yield from _extremes()


def _dominance() -> Iterator[Case]:
    for value in ("one_holds", "two_hold", "swings", "estimable"):
        for statistic in ("sum", "mean"):
            for rounding in ({}, {"rounding": 0.01}, {"rounding": 10}):
                yield attack(
                    _SUMS,
                    f"{statistic} of {value} {rounding or ''}".strip(),
                    table(data="rare", statistic=statistic, value=value, rows=["region"], **rounding),
                )
        yield attack(
            _SUMS,
            f"a ratio of {value}",
            table(data="rare", statistic="ratio", value=value, denominator="age", rows=["region"]),
        )
        yield attack(
            _SUMS,
            f"a ratio over {value}",
            table(data="rare", statistic="ratio", value="age", denominator=value, rows=["region"]),
        )
        yield attack(
            _SUMS,
            f"a total of {value} in one region",
            table(data="rare", statistic="sum", value=value, where="region = 'Wales'"),
        )
    yield attack(
        _SUMS,
        "one value overwhelms all of a table",
        table(data="rare", statistic="mean", value="extreme", rows=["sex"]),
    )
    for keys in (
        {"statistic": "count"},
        {"statistic": "mean", "value": "pay"},
        {"statistic": "sum", "value": "pay"},
    ):
        yield attack(
            _SUMS,
            f"a weight that is one person's: {keys['statistic']}",
            table(data="rare", weight="heavy", rows=["region"], **keys),
        )
    yield attack(
        _SUMS,
        "the weighted value of one person",
        table(data="rare", statistic="mean", value="one_holds", weight="weight", rows=["region"]),
    )


def _identical() -> Iterator[Case]:
    family = {
        "mean": _SUMS,
        "sum": _SUMS,
        "median": "medians, percentiles",
        "percentile": "medians, percentiles",
        "std": "standard deviation",
        "min": "minimum, maximum",
        "max": "minimum, maximum",
        "mode": "mode",
        "gini": "concentration",
    }
    for statistic, name in family.items():
        keys = {"median": {"rounding": 100}, "percentile": {"percentile": 25, "rounding": 100}}.get(
            statistic, {}
        )
        yield attack(
            name,
            f"{statistic} of what everyone in Wales has",
            table(data="rare", statistic=statistic, value="same_in_wales", where="region = 'Wales'", **keys),
        )
        yield attack(
            name,
            f"{statistic} by region of what everyone in Wales has",
            table(data="rare", statistic=statistic, value="same_in_wales", rows=["region"], **keys),
        )
    yield attack(
        "mode",
        "the mode of almost everyone",
        table(data="rare", statistic="mode", value="nearly_same", where="region = 'Wales'"),
    )
    yield attack(
        "mode",
        "the mode of a continuous value",
        table(data="rare", statistic="mode", value="spread", rows=["region"]),
    )
    yield attack(
        "standard deviation",
        "nine degrees of freedom",
        table(data="rare", statistic="std", value="pay", where="nine = 1 OR one = 1"),
    )


def _quantiles() -> Iterator[Case]:
    family = "medians, percentiles"
    for rows in ([], ["region"], ["region", "sex"]):
        yield attack(
            family,
            f"an exact median by {' and '.join(rows) or 'nothing'}",
            table(data="rare", statistic="median", value="spread", rows=rows),
        )
    for base in (1e-4, 1e-7, 1e-300):
        yield attack(
            family,
            f"a median of a continuous value rounded to {base:g}",
            table(data="rare", statistic="median", value="continuous", rows=["region"], rounding=base),
        )
    for percentile in (5, 25, 75, 90, 95):
        yield attack(
            family,
            f"an exact percentile {percentile}",
            table(
                data="rare", statistic="percentile", percentile=percentile, value="spread", rows=["region"]
            ),
        )
    for percentile in (0, 0.2, 1, 99, 99.5, 100):
        yield attack(
            family,
            f"few beyond percentile {percentile}",
            table(
                data="rare",
                statistic="percentile",
                percentile=percentile,
                value="spread",
                rows=["region"],
                rounding=1_000,
            ),
        )
    for base in (0.01, 0.001):
        yield attack(
            family,
            f"rounded to {base}, as fine as the data",
            table(data="rare", statistic="median", value="spread", rows=["region"], rounding=base),
        )
    yield attack(
        family,
        "a median of 15, with 7 on each side",
        table(
            data="rare",
            statistic="median",
            value="spread",
            rounding=1_000,
            where="nine = 1 OR district IN ('Isle', 'Rock') OR one = 1",
        ),
    )


def _extremes() -> Iterator[Case]:
    for statistic in ("min", "max"):
        for keys in ({}, {"rounding": 0.01}, {"rounding": 100}, {"rounding": 1_000}):
            for rows in ([], ["region"]):
                yield attack(
                    "minimum, maximum",
                    f"{statistic} {keys or ''} {rows or ''}".strip(),
                    table(data="rare", statistic=statistic, value="spread", rows=rows, **keys),
                )
    yield attack(
        "minimum, maximum",
        "the oldest by district",
        table(data="rare", statistic="max", value="age", rows=["district"]),
    )
