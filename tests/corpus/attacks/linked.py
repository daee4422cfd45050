"""Rulebook, "linked tables": safe alone and not together, and cells that can be solved for."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.corpus.case import Case, File, attack, submission, table
from tests.corpus.tabulated import withheld

_PAIRS = "two tables"
_CHAINS = "chains of tables"
_HIDDEN = "suppressed cells"
BY_REGION = {"data": "rare", "rows": ["region"]}
STATISTICS = {
    "count": {"statistic": "count"},
    "mean": {"statistic": "mean", "value": "spread"},
    "sum": {"statistic": "sum", "value": "spread"},
    "ratio": {"statistic": "ratio", "value": "spread", "denominator": "age"},
    "std": {"statistic": "std", "value": "spread"},
    "weighted mean": {"statistic": "mean", "value": "spread", "weight": "weight"},
    "share of a flag": {"statistic": "proportion", "value": "disabled"},
}
NEARLY_ALL = {
    "one person less": "one = 0",
    "nine people less": "nine = 0",
    "all but a district of 4": "district <> 'Isle'",
    "all but one, by two conditions": "NOT (one = 1 AND age > 0)",
    "all but those of one birthday": "born <> DATE '1966-11-05'",
}


def cases() -> Iterator[Case]:
    yield from _pairs()
    yield from _chains()
    yield from _suppressed()


def _pairs() -> Iterator[Case]:
    for name, keys in STATISTICS.items():
        whole = table(**BY_REGION, **keys)
        for less, where in NEARLY_ALL.items():
            part = table(**BY_REGION, **keys, where=where)
            yield attack(_PAIRS, f"{name}, {less}, in one submission", whole, part)
        part = table(**BY_REGION, **keys, where="one = 0")
        yield attack(_PAIRS, f"{name}, by an earlier release", part, after=(submission(whole),))
        yield attack(
            _PAIRS, f"{name}, another project's release", part, after=(submission(whole, project="p2"),)
        )
        yield attack(
            _PAIRS, f"{name}, a total and one by region", whole, table(data="rare", **keys, where="nine = 0")
        )
    count = {"data": "rare", "statistic": "count"}
    fives, *primes = (table(**count, rows=["region"], rounding=base) for base in (5, 7, 11))
    yield attack(_PAIRS, "the same counts to several bases", fives, *primes)
    yield attack(_PAIRS, "the same counts to a base that was released", *primes, after=(submission(fives),))
    for statistic in ("mean", "sum", "proportion"):
        flag = table(**BY_REGION, statistic=statistic, value="disabled")
        having = table(**count, rows=["region"], where="disabled = 1 AND nine = 0")
        yield attack(_PAIRS, f"the {statistic} of a flag and a count of those who have it", flag, having)
    yield attack(
        _PAIRS,
        "shares of all, one person less",
        *(
            table(
                data="rare", statistic="proportion", normalize="all", rows=["region"], columns=["sex"], **part
            )
            for part in ({}, {"where": "one = 0"})
        ),
    )
    yield attack(
        _PAIRS,
        "one person stands in another category",
        table(**count, rows=["fine"]),
        table(**count, rows=["moved"]),
    )
    yield attack(
        _PAIRS,
        "finer and coarser bands that do not nest",
        table(**count, rows=["fine"]),
        table(**count, rows=["coarse_moved"]),
    )
    yield attack(
        _PAIRS,
        "histograms whose edges differ by one year",
        *(
            table(data="rare", statistic="histogram", value="spread", bins=[0, 20_000, edge, 200_000])
            for edge in (30_000, 30_100)
        ),
    )
    yield attack(
        _PAIRS,
        "a mean per region and a mean by region and flag",
        table(**BY_REGION, **STATISTICS["mean"]),
        table(**BY_REGION, **STATISTICS["mean"], where="three = 0"),
    )
    for statistic, model in (
        ("ols", "spread ~ age"),
        ("logit", "disabled ~ age"),
        ("poisson", "hours ~ age"),
    ):
        yield attack(
            _PAIRS,
            f"{statistic} of all and of all but one",
            *(
                table(data="rare", statistic=statistic, model=model, **part)
                for part in ({}, {"where": "one = 0"})
            ),
        )
    yield attack(
        _PAIRS,
        "a correlation of all and of all but one",
        *(
            table(data="rare", statistic="correlation", columns=["age", "spread"], **part)
            for part in ({}, {"where": "one = 0"})
        ),
    )
    yield attack(
        _PAIRS,
        "a rounded median of all and of all but one, with exact counts",
        *(
            table(data="rare", **keys, **part)
            for keys in ({"statistic": "count"},)
            for part in ({}, {"where": "one = 0"})
        ),
    )
    episodes = {"data": "episodes", "statistic": "count", "rows": ["sex"]}
    yield attack(
        _PAIRS,
        "episodes with and without a ward of 4",
        table(**episodes),
        table(**episodes, where="ward <> 'Burns'"),
    )
    yield attack(
        _PAIRS,
        "jobs with and without 2 employers",
        *(
            table(data="jobs", statistic="count", rows=["sex"], **part)
            for part in ({}, {"where": "sector <> 'Mining'"})
        ),
    )


def _chains() -> Iterator[Case]:
    def count(where: str, **keys: str) -> File:
        return table(data="rare", statistic="count", where=where, **keys)

    for name, keys in {
        "count": {"statistic": "count"},
        "sum": {"statistic": "sum", "value": "spread"},
    }.items():
        parts = [
            table(data="rare", **keys, **({"where": where} if where else {}))
            for where in (None, "age < 40", "age >= 40 AND one = 0")
        ]
        yield attack(_CHAINS, f"{name}: all, the young, the old but one", *parts)
        yield attack(
            _CHAINS,
            f"{name}: the same in three releases",
            parts[2],
            after=(submission(parts[0]), submission(parts[1])),
        )
        yield attack(
            _CHAINS,
            f"{name}: the same by three projects",
            parts[2],
            after=(submission(parts[0], project="p2"), submission(parts[1], project="p3")),
        )
    yield attack(
        _CHAINS,
        "a union of categories against its parts",
        table(data="rare", statistic="count", rows=["region"], where="one = 0"),
        count("region IN ('Wales', 'London')"),
        count("region IN ('North East', 'Wales')"),
        count("region IN ('North East', 'London')"),
    )
    yield attack(
        _CHAINS,
        "overlapping pairs that leave one part",
        count("age < 30"),
        count("age >= 30 AND age < 60"),
        count("age >= 60"),
        count("one = 0"),
    )
    yield attack(
        _CHAINS,
        "age bands shifted by a year",
        *(
            table(data="rare", statistic="count", rows=["region"], where=where)
            for where in (
                "age BETWEEN 20 AND 40",
                "age BETWEEN 41 AND 60",
                "age BETWEEN 20 AND 60 AND nine = 0",
            )
        ),
    )
    yield attack(
        _CHAINS,
        "a union of two filters and one of them",
        count("age > 40 OR sex = 'M'"),
        count("sex = 'M'"),
        count("age > 40 AND sex = 'F' AND one = 0"),
    )
    yield attack(
        _CHAINS,
        "five tables that leave one person",
        *(
            count(where)
            for where in (
                "age < 30",
                "age >= 30 AND age < 45",
                "age >= 45 AND age < 60",
                "age >= 60 AND one = 0",
                "age >= 0",
            )
        ),
    )
    yield attack(
        _CHAINS,
        "breakdowns of both sexes against the whole without one",
        *(
            table(data="rare", statistic="count", rows=["region"], where=where)
            for where in ("sex = 'F'", "sex = 'M'", "one = 0")
        ),
    )


def _suppressed() -> Iterator[Case]:
    keys = {"data": "rare", "statistic": "count", "rows": ["district"], "columns": ["sex"]}
    for mark in ("", "*", "[c]"):
        yield attack(
            _HIDDEN,
            f"small cells as '{mark}' beside their margins",
            table(lambda d, mark=mark: withheld(d, keys, mark=mark), **keys),
        )
    mean = {**keys, "statistic": "mean", "value": "spread"}
    yield attack(
        _HIDDEN, "means of few withheld beside their margins", table(lambda d: withheld(d, mean), **mean)
    )
    total = {**keys, "statistic": "sum", "value": "spread"}
    yield attack(
        _HIDDEN, "sums of few withheld beside their margins", table(lambda d: withheld(d, total), **total)
    )
    solvable = {"data": "rare", "statistic": "count", "rows": ["district"], "columns": ["region"]}
    yield attack(
        _HIDDEN,
        "cells withheld that the margins leave open to a few values",
        table(lambda d: withheld(d, solvable), **solvable),
    )
    yield attack(
        _HIDDEN,
        "withheld here, shown as a margin there",
        table(lambda d: withheld(d, keys).drop(columns="All").drop(index="All"), **keys),
        table(data="rare", statistic="count", rows=["sex"]),
    )
    rows = {"data": "rare", "statistic": "count", "rows": ["district"], "where": "district <> 'Moor'"}

    def one_column(frame: pd.DataFrame) -> pd.Series:
        counts = frame[frame.district != "Moor"].district.value_counts().sort_index()
        return counts.astype(str).where(counts >= 10, "*")

    yield attack(
        _HIDDEN,
        "withheld rows against the total of another table",
        table(one_column, **rows),
        table(data="rare", statistic="count", rows=["sex"], where=rows["where"]),
    )
    yield attack(
        _HIDDEN,
        "the same against an earlier release",
        table(one_column, **rows),
        after=(submission(table(data="rare", statistic="count", where=rows["where"])),),
    )
    flag = {"data": "rare", "statistic": "count", "rows": ["region"], "columns": ["few_have"]}
    yield attack(
        _HIDDEN, "one cell withheld, its row and column shown", table(lambda d: withheld(d, flag), **flag)
    )
    yield attack(
        _HIDDEN,
        "one cell withheld, its row shown in another file",
        table(lambda d: withheld(d, flag)[[0, 1]].drop(index="All"), **flag),
        table(data="rare", statistic="count", rows=["region"]),
    )
    yield attack(
        _HIDDEN,
        "withheld in the count, told by the share",
        table(lambda d: withheld(d, flag)[[0, 1]].drop(index="All"), **flag),
        table(data="rare", statistic="mean", value="few_have", rows=["region"]),
    )
    yield attack(
        _HIDDEN,
        "withheld in one table, shown in the other",
        table(lambda d: withheld(d, keys).drop(columns="All").drop(index="All"), **keys),
        table(data="rare", statistic="count", rows=["district"], columns=["sex"]),
    )
    yield attack(
        _HIDDEN,
        "a rectangle of secondary cells with one side missing",
        table(lambda d: withheld(d, flag, London=[0, 1, "All"]), **flag),
    )
