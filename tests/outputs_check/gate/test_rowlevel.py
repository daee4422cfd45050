"""Records of people and tables about them: which is which, without any data to ask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from outputs_check.gate.layout import Rows
from outputs_check.gate.rules.rowlevel import microdata, microdata_in_text

RANDOM = np.random.default_rng(5)


def people(size: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": [f"{number:016x}" for number in RANDOM.integers(2**60, 2**62, size)],
            "sex": RANDOM.choice(["F", "M"], size),
            "age": RANDOM.integers(18, 90, size),
            "region": RANDOM.choice(["North", "South", "East", "West"], size),
            "pay": RANDOM.gamma(3, 8_000, size).round(2),
        }
    )


SOME, MANY = people(20), people(200)
AREAS = [f"Area {number}" for number in range(150)]
CODES = [f"E{number:08}" for number in range(6_000_001, 6_000_151)]
RATES = {"mean": RANDOM.normal(size=20), "std": RANDOM.normal(size=20)}
LORENZ = {"p": np.linspace(0, 1, 50), "share": np.linspace(0, 1, 50) ** 2}
YEARS = pd.Index(range(2001, 2021), name="year")
LARGE = MANY.sample(5_000, replace=True, random_state=1).reset_index(drop=True)


def rows(frame: pd.DataFrame | pd.Series, **options: bool) -> Rows:
    return tuple(tuple(line.split(",")) for line in frame.to_csv(**options).splitlines())


RECORDS: dict[str, Rows] = {
    "the extract itself": rows(MANY, index=False),
    "its first twenty rows": rows(SOME, index=False),
    "without the identifier": rows(MANY.drop(columns="person_id")),
    "a few columns": rows(MANY[["sex", "age", "region"]], index=False),
    "categories only": rows(MANY[["sex", "region"]], index=False),
    "two columns of figures": rows(MANY[["age", "pay"]], index=False),
    "pay first": rows(MANY[["pay", "sex", "age"]], index=False),
    "one column of pay": rows(MANY[["pay"]], index=False),
    "one column with its index": rows(MANY[["pay"]]),
    "renamed": rows(MANY.rename(columns={"person_id": "area", "pay": "mean"}), index=False),
    "numbered people": rows(MANY.assign(person_id=range(1, 201)), index=False),
    "with a column that says it counts": rows(MANY.assign(n=100), index=False),
    "sorted by age": rows(MANY.drop(columns="person_id").sort_values("age"), index=False),
}
TABLES: dict[str, Rows] = {
    "a crosstab": rows(pd.crosstab(LARGE.age, LARGE.region)),
    "12 by 10 means": rows(
        pd.DataFrame(RANDOM.gamma(3, 1e4, (12, 10)), index=pd.Index(range(12), name="month"))
    ),
    "150 areas": rows(pd.DataFrame({"area": AREAS, "mean": RANDOM.gamma(3, 1e4, 150)}), index=False),
    "150 areas by code and name": rows(
        pd.DataFrame({"code": CODES, "name": AREAS, "mean": RANDOM.gamma(3, 1e4, 150)}), index=False
    ),
    "150 areas with counts": rows(
        pd.DataFrame({"code": CODES, "n": RANDOM.integers(10, 1e6, 150), "mean": RANDOM.gamma(3, 1e4, 150)})
    ),
    "150 areas in their region": rows(
        pd.DataFrame({"area": AREAS, "region": RANDOM.choice(["N", "S"], 150), "mean": range(150)}),
        index=False,
    ),
    "a series": rows(pd.DataFrame(RATES, index=YEARS)),
    "single years of age": rows(LARGE.groupby("age").pay.mean()),
    "a long table": rows(LARGE.groupby(["region", "sex", "age"]).pay.mean()),
    "a long table with an index": rows(LARGE.groupby(["region", "sex", "age"]).pay.mean().reset_index()),
    "two levels of columns": rows(pd.crosstab(LARGE.age, [LARGE.sex, LARGE.region])),
    "a curve": rows(pd.DataFrame(LORENZ), index=False),
    "an irregular curve": rows(
        pd.DataFrame({"time": np.cumsum(RANDOM.random(50)), "survival": np.linspace(1, 0, 50)}), index=False
    ),
    "a regression": (
        ("term", "coef", "std_err", "p", "stars"),
        *((f"C(x)[T.{n}]", f"{n}.123", "0.5", "0.01", "**") for n in range(40)),
    ),
    "occupations": rows(pd.DataFrame({"soc": range(1111, 9000, 79), "mean": 3.5}), index=False),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_records(name: str) -> None:
    (finding,) = microdata(RECORDS[name])
    assert finding.rule == "rowlevel.microdata"


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    assert microdata(TABLES[name]) == []


def test_as_many_rows_as_people() -> None:
    table = TABLES["150 areas"]
    assert microdata(table, frozenset({150}))
    assert not microdata(table, frozenset({149}))


Write = Callable[[pd.DataFrame], str]
AS_TEXT: dict[str, Write] = {
    "commas": lambda frame: frame.to_csv(index=False),
    "semicolons": lambda frame: frame.to_csv(sep=";"),
    "columns": lambda frame: frame.to_string(),
    "a list": lambda frame: "\n".join(map(str, frame.pay)),
    "bars": lambda frame: "\n".join(f"| {a} | {b} |" for a, b in zip(frame.age, frame.pay, strict=True)),
    "between sentences": lambda frame: f"Dear all,\n\nhere it is.\n\n{frame.to_csv()}\n\nYours",
}


@pytest.mark.parametrize("name", AS_TEXT)
def test_records_in_a_text(name: str) -> None:
    assert microdata_in_text(AS_TEXT[name](MANY))


def test_sentences_are_no_records() -> None:
    prose = "In the North, pay rose.\nIn the South, which is 12 miles off, it fell by 3 per cent.\n" * 40
    assert microdata_in_text(prose) == []
    log = "".join(f"2024-01-01 12:00:{second:02} INFO step {second} of 60 done\n" for second in range(60))
    assert microdata_in_text(log) == []
