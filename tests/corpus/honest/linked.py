"""Several safe tables of one population, and tables with cells withheld as they should be."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.corpus.case import Case, safe, submission, table
from tests.corpus.tabulated import withheld

REGION = {"rows": ["region"]}

CELLS = {"rows": ["region"], "columns": ["sex"]}

COUNT = {"statistic": "count"}

MEAN = {"statistic": "mean", "value": "pay"}


def cases() -> Iterator[Case]:
    yield from _linked()
    yield from _suppressed()


def _linked() -> Iterator[Case]:
    family = "two tables"
    yield safe(family, "means and the counts behind them", table(**MEAN, **CELLS), table(**COUNT, **CELLS))
    yield safe(
        family,
        "mean, median and deviation of one table",
        table(**MEAN, **REGION),
        table(statistic="median", value="pay", rounding=100, **REGION),
        table(statistic="std", value="pay", **REGION),
        table(**COUNT, **REGION),
    )
    yield safe(
        family,
        "a total beside its breakdown",
        table(**COUNT),
        table(**COUNT, **REGION),
        table(**COUNT, **CELLS),
    )
    yield safe(
        family, "a mean beside its breakdown", table(**MEAN), table(**MEAN, **REGION), table(**MEAN, **CELLS)
    )
    yield safe(
        family,
        "shares beside counts",
        table(**COUNT, **CELLS),
        table(statistic="proportion", normalize="index", **CELLS),
    )
    yield safe(
        family,
        "a table of each year",
        *(table(**COUNT, **CELLS, where=f"year = {year}") for year in (2021, 2022, 2023)),
    )
    yield safe(
        family,
        "means of each year",
        *(table(**MEAN, **REGION, where=f"year = {year}") for year in (2021, 2022, 2023)),
    )
    yield safe(
        family,
        "women, and men",
        table(**COUNT, **REGION, where="sex = 'F'"),
        table(**COUNT, **REGION, where="sex = 'M'"),
    )
    yield safe(
        family, "all, and those over 50", table(**COUNT, **REGION), table(**COUNT, **REGION, where="age > 50")
    )
    yield safe(
        family,
        "adult ages in three bands",
        *(
            table(**COUNT, **REGION, where=where)
            for where in ("age < 30", "age BETWEEN 30 AND 59", "age >= 60")
        ),
    )
    yield safe(
        family,
        "the working age and the population",
        *(table(**MEAN, **REGION, where=where) for where in ("age >= 16", "age BETWEEN 20 AND 64")),
    )
    yield safe(
        family,
        "several breakdowns of one population",
        *(table(**COUNT, rows=[name]) for name in ("region", "sex", "band", "benefit", "year", "employed")),
    )
    yield safe(
        family,
        "single and grouped regions",
        table(**COUNT, **REGION),
        table(**COUNT, **REGION, where="region IN ('Wales', 'London')"),
    )
    for name, keys in {"counts": {**COUNT, **CELLS}, "means": {**MEAN, **CELLS}, "one mean": MEAN}.items():
        yield safe(family, f"{name}: the same again", table(**keys), after=(submission(table(**keys)),))
        yield safe(
            family,
            f"{name}: the same from another project",
            table(**keys),
            after=(submission(table(**keys), project="p2"),),
        )
    yield safe(
        family,
        "last year's table, then this year's",
        table(**COUNT, **CELLS, where="year = 2023"),
        after=(
            submission(table(**COUNT, **CELLS, where="year = 2022")),
            submission(table(**COUNT, **CELLS, where="year = 2021")),
        ),
    )
    yield safe(
        family, "more detail after a total", table(**COUNT, **CELLS), after=(submission(table(**COUNT)),)
    )
    yield safe(
        family,
        "the same counts, rounded",
        table(**COUNT, **CELLS, rounding=5),
        after=(submission(table(**COUNT, **CELLS)),),
    )
    yield safe(
        family,
        "rounded counts with and without nine people",
        table(**COUNT, data="rare", **CELLS, rounding=5),
        table(**COUNT, data="rare", **CELLS, rounding=5, where="nine = 0"),
    )
    yield safe(
        family,
        "three datasets",
        table(**COUNT, **CELLS),
        table(
            **COUNT,
            data="episodes",
            rows=["hospital"],
            columns=["sex"],
            where="ward <> 'Burns' AND ward <> 'Spinal'",
        ),
        table(**COUNT, data="jobs", rows=["sex"], where="sector <> 'Mining'"),
    )


def _suppressed() -> Iterator[Case]:
    """Primary cells withheld, and enough others that nothing can be solved for; the rest is large."""
    family = "suppressed cells"
    keys = {"data": "rare", "statistic": "count", "rows": ["region"], "columns": ["few_have"]}
    for mark in ("", "*", "[c]"):
        yield safe(
            family,
            f"primary and secondary cells as '{mark}', with margins",
            table(lambda d, mark=mark: withheld(d, keys, mark=mark, London=[0, 1], Wales=[0, 1]), **keys),
        )
    district = {"data": "rare", "statistic": "count", "rows": ["district"]}
    for mark in ("", "*", "[c]"):
        yield safe(
            family,
            f"small districts as '{mark}', no total",
            table(lambda d, mark=mark: _one_column(d, mark), **district),
        )
    mean = {**keys, "statistic": "mean", "value": "spread"}
    yield safe(
        family,
        "means, primary and secondary",
        table(lambda d: withheld(d, mean, London=[0, 1], Wales=[0, 1]), **mean),
    )
    yield safe(
        family,
        "small districts withheld by sex, no margins",
        table(
            lambda d: withheld(d, {**district, "columns": ["sex"]}).drop(columns="All").drop(index="All"),
            **district,
            columns=["sex"],
        ),
    )
    yield safe(
        family,
        "withheld together with its total",
        table(lambda d: withheld(d, keys, London=[0, 1, "All"], All=[0, 1, "All"]), **keys),
    )


def _one_column(frame: pd.DataFrame, mark: str) -> pd.Series:
    counts = frame.district.value_counts().sort_index()
    return counts.astype(str).where(counts >= 10, mark)
