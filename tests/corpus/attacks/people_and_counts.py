"""Rulebook, "frequencies, percentages" and "Units": small cells, complements, rows that are not people."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.corpus.case import FAMILY_OF, Case, attack, table

SMALL = {
    "4, 9 and 1 person": ["district"],
    "4, 9 and 1 by sex": ["district", "sex"],
    "by date of birth": ["born"],
}
VALUED = ("sum", "mean", "median", "percentile", "std", "ratio", "gini", "mode", "min", "max")
WARDS = {
    "a ward of 4": "ward = 'Burns'",
    "12 rows of one": "ward = 'Spinal'",
    "both": "ward IN ('Burns', 'Spinal')",
}


def cases() -> Iterator[Case]:
    yield from _small_counts()
    yield from _small_values()
    yield from _zeros()
    yield from _shares()
    yield from _flags()
    yield from _rows_not_people()
    yield from _several_units()


def extra(statistic: str) -> dict[str, object]:
    """The keys that a statistic cannot do without, so that only the people are too few."""
    return {
        "median": {"rounding": 100},
        "percentile": {"percentile": 75, "rounding": 100},
        "ratio": {"denominator": "hours"},
    }.get(statistic, {})


def _small_counts() -> Iterator[Case]:
    for name, rows in SMALL.items():
        yield attack("frequencies", f"counts, {name}", table(data="rare", statistic="count", rows=rows))
    for rounding in (5, 10, 100):
        yield attack(
            "frequencies",
            f"small counts rounded to {rounding}",
            table(data="rare", statistic="count", rows=["district"], rounding=rounding),
        )
    yield attack(
        "frequencies",
        "wide with margins",
        table(
            lambda d: pd.crosstab(d.region, d.district, margins=True),
            data="rare",
            statistic="count",
            rows=["region"],
            columns=["district"],
        ),
    )
    yield attack(
        "frequencies",
        "long with a default index",
        table(
            lambda d: d.groupby("district").size().reset_index(name="n"),
            data="rare",
            statistic="count",
            rows=["district"],
        ),
    )
    yield attack(
        "frequencies",
        "value_counts",
        table(lambda d: d.district.value_counts(), data="rare", statistic="count", rows=["district"]),
    )
    for where in (
        "one = 1",
        "nine = 1",
        "three = 1 OR one = 1",
        "age = 20 AND hours = 5",
        "pay > 90000",
        "born = DATE '1960-01-01'",
        "district LIKE 'Ro%'",
        "CASE WHEN nine = 1 THEN TRUE ELSE FALSE END",
        "nine * 2 > 1",
        "district NOT IN ('East', 'Mid', 'West', 'Moor')",
        "extreme BETWEEN 5 AND 1e10",
    ):
        yield attack(
            "frequencies", f"a count where {where}", table(data="rare", statistic="count", where=where)
        )
    yield attack(
        "frequencies",
        "nobody: a count of 0",
        table(lambda d: "count\n0\n", data="rare", statistic="count", where="age > 200"),
    )
    yield attack(
        "frequencies",
        "a weighted count of few",
        table(data="rare", statistic="count", rows=["district"], weight="weight"),
    )
    yield attack(
        "frequencies", "income as a category", table(data="rare", statistic="count", rows=["weekly"])
    )
    yield attack(
        "frequencies",
        "a note per person",
        table(lambda d: d.note.value_counts().head(40), data="rare", statistic="count", rows=["note"]),
    )
    yield attack(
        "frequencies",
        "labels of one person each, their counts withheld",
        table(
            lambda d: d.assign(n="*").groupby("born").n.first().head(20),
            data="rare",
            statistic="count",
            rows=["born"],
        ),
    )
    yield attack(
        "frequencies",
        "single years of age by region and sex",
        table(data="claims", statistic="count", rows=["age"], columns=["region", "sex"]),
    )


def _small_values() -> Iterator[Case]:
    family = "sums, means, ratios"
    for statistic in VALUED:
        yield attack(
            family if statistic in {"sum", "mean", "ratio"} else FAMILY_OF[statistic],
            f"{statistic} of few",
            table(data="rare", statistic=statistic, value="weekly", rows=["district"], **extra(statistic)),
        )
        yield attack(
            family if statistic in {"sum", "mean", "ratio"} else FAMILY_OF[statistic],
            f"{statistic} over 3 values of hundreds",
            table(data="rare", statistic=statistic, value="few_values", rows=["region"], **extra(statistic)),
        )
    for where in ("nine = 1", "three = 1"):
        yield attack(
            family, f"a mean where {where}", table(data="rare", statistic="mean", value="pay", where=where)
        )


def _zeros() -> Iterator[Case]:
    def zero(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.crosstab(frame.region, frame.not_in_wales)

    keys = {"data": "rare", "statistic": "count", "rows": ["region"], "columns": ["not_in_wales"]}
    yield attack("frequencies", "a zero in a crosstab", table(zero, **keys))
    yield attack(
        "frequencies", "a zero rounded to 5", table(lambda d: (zero(d) / 5).round() * 5, **keys, rounding=5)
    )
    yield attack(
        "frequencies",
        "a zero declared structural that other rows have",
        table(
            lambda d: pd.crosstab(d[d.age < 50].region, d[d.age < 50].all_in_wales),
            data="rare",
            statistic="count",
            rows=["region"],
            columns=["all_in_wales"],
            where="age < 50",
            structural_zeros=[{"region": "Wales", "all_in_wales": "1"}],
        ),
    )
    yield attack(
        "frequencies",
        "an unknown category declared structural",
        table(zero, **keys, structural_zeros=[{"region": "Atlantis"}]),
    )
    for side in ("index", "columns", "all"):
        yield attack(
            "percentages",
            f"0 and 100 percent, normalize {side}",
            table(**{**keys, "statistic": "proportion"}, normalize=side),
        )
        yield attack(
            "percentages",
            f"0 and 100 percent to a whole percent, normalize {side}",
            table(**{**keys, "statistic": "proportion"}, normalize=side, rounding=0.01),
        )


def _shares() -> Iterator[Case]:
    for side in ("index", "columns", "all"):
        for rounding in (None, 0.001, 0.01, 0.1):
            keys = {} if rounding is None else {"rounding": rounding}
            yield attack(
                "percentages",
                f"shares of few, normalize {side}, rounded to {rounding}",
                table(
                    data="rare",
                    statistic="proportion",
                    normalize=side,
                    rows=["district"],
                    columns=["sex"],
                    **keys,
                ),
            )
    for column in ("few_lack", "few_have", "all_in_wales"):
        yield attack(
            "percentages",
            f"complement and numerator in {column}",
            table(data="rare", statistic="proportion", normalize="index", rows=["region"], columns=[column]),
        )
    yield attack(
        "percentages",
        "shares of few that rounded counts hide",
        table(data="rare", statistic="proportion", normalize="columns", rows=["nine"], columns=["sex"]),
    )


def _flags() -> Iterator[Case]:
    for column in ("one", "three", "nine"):
        for statistic in ("mean", "sum", "proportion", "std"):
            yield attack(
                "percentages",
                f"{statistic} of a flag that few have: {column}",
                table(data="rare", statistic=statistic, value=column),
            )
    for column in ("few_have", "few_lack", "all_in_wales"):
        for statistic in ("mean", "sum", "proportion", "std"):
            yield attack(
                "percentages",
                f"{statistic} by region: {column}",
                table(data="rare", statistic=statistic, value=column, rows=["region"]),
            )
        yield attack(
            "percentages",
            f"mean of {column} to a percent",
            table(data="rare", statistic="mean", value=column, rows=["region"], rounding=0.01),
        )
    yield attack(
        "percentages",
        "the sum of a flag that nobody has",
        table(data="rare", statistic="sum", value="never", rows=["region"]),
    )
    yield attack(
        "percentages",
        "a ratio of two flags",
        table(data="rare", statistic="ratio", value="few_have", denominator="disabled", rows=["region"]),
    )
    yield attack(
        "percentages",
        "a ratio with few in the denominator",
        table(data="rare", statistic="ratio", value="disabled", denominator="few_have", rows=["region"]),
    )
    yield attack(
        "percentages",
        "a weighted mean of a flag",
        table(data="rare", statistic="mean", value="few_have", weight="weight", rows=["region"]),
    )


def _rows_not_people() -> Iterator[Case]:
    family = "people, not rows"
    for rows in (["ward"], ["ward", "sex"], ["hospital", "ward"], ["ward", "year"]):
        yield attack(
            family, f"counts by {' and '.join(rows)}", table(data="episodes", statistic="count", rows=rows)
        )
    for statistic, value in (
        ("sum", "cost"),
        ("mean", "cost"),
        ("std", "cost"),
        ("median", "cost"),
        ("mode", "days"),
        ("percentile", "cost"),
        ("gini", "cost"),
        ("proportion", "emergency"),
    ):
        yield attack(
            family,
            f"{statistic} by ward",
            table(data="episodes", statistic=statistic, value=value, rows=["ward"], **extra(statistic)),
        )
    for name, where in WARDS.items():
        yield attack(family, f"a count where {name}", table(data="episodes", statistic="count", where=where))
        yield attack(
            family,
            f"a mean where {name}",
            table(data="episodes", statistic="mean", value="cost", where=where),
        )
        yield attack(
            family,
            f"a regression where {name}",
            table(data="episodes", statistic="ols", model="cost ~ days", where=where),
        )
        yield attack(
            family,
            f"a correlation where {name}",
            table(data="episodes", statistic="correlation", columns=["cost", "days"], where=where),
        )
        yield attack(
            family,
            f"a histogram where {name}",
            table(data="episodes", statistic="histogram", value="cost", bins=[0, 1_500, 8_000], where=where),
        )
    yield attack(
        family, "a dummy for a ward of 4", table(data="episodes", statistic="ols", model="cost ~ C(ward)")
    )


def _several_units() -> Iterator[Case]:
    family = "several units"
    for statistic, value in (("count", None), ("mean", "pay"), ("std", "pay"), ("median", "pay")):
        keys = {"value": value, **extra(statistic)} if value else {}
        yield attack(
            family,
            f"{statistic}: 200 people of 2 employers",
            table(data="jobs", statistic=statistic, rows=["sector"], **keys),
        )
    for statistic in ("sum", "mean"):
        yield attack(
            family,
            f"{statistic}: one employer pays most of a sector",
            table(data="jobs", statistic=statistic, value="pay", where="sector = 'Finance'"),
        )
    yield attack(
        family,
        "a share of people of 2 employers",
        table(data="jobs", statistic="proportion", normalize="index", rows=["sector"], columns=["sex"]),
    )
    yield attack(
        family,
        "a dummy for a sector of 2 employers",
        table(data="jobs", statistic="ols", model="pay ~ C(sector)"),
    )
    yield attack(
        family,
        "a histogram facet of 2 employers",
        table(data="jobs", statistic="histogram", value="pay", rows=["sector"], bins=[0, 25_000, 5_000_000]),
    )
    yield attack(
        family,
        "counted by employer alone",
        table(data="jobs", statistic="count", where="sector = 'Mining'"),
        unit="employer_id",
    )
    yield attack(
        family, "an employer is a category", table(data="jobs", statistic="count", rows=["employer_id"])
    )
