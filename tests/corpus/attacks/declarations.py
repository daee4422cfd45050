"""Hostile declarations: filters, formulas and keys that would loosen or escape the gate."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.corpus.attacks.forgeries import COUNT
from tests.corpus.case import Case, attack, loose, other, table

_DECLARED = "declarations"

QUERIES = {
    "a sub-query": "age > (SELECT avg(age) FROM claims)",
    "exists": "EXISTS (SELECT 1 FROM rare WHERE one = 1)",
    "in a query": "person_id IN (SELECT person_id FROM rare WHERE one = 1)",
    "a union": "age > 1) UNION SELECT * FROM rare --",
    "two statements": "age > 1; DROP TABLE claims",
    "a comment": "age > 1 -- all of them",
    "a comment of blocks": "age /* all */ > 1",
    "a window": "row_number() OVER () < 100",
    "a file": "age > (SELECT count(*) FROM read_csv('/etc/passwd'))",
    "a file by name": "region IN (SELECT content FROM read_text('/etc/passwd'))",
    "a setting": "current_setting('threads') = 1",
    "an environment variable": "getenv('HOME') = 'x'",
    "a clock": "started < current_date",
    "a clock by name": "started < now()",
    "chance": "random() < 0.5",
    "an aggregate": "max(age) > 10",
    "a list": "list_contains([1, 2], age)",
    "a lambda": "len(list_filter([1], x -> x > age)) > 0",
    "a hash": "hash(person_id) % 2 = 0",
    "a regular expression": "regexp_matches(region, '(a+)+$')",
    "a pseudonym": "person_id = 'a0000000000000001'",
    "a range of pseudonyms": "person_id < 'a0005'",
    "all but a pseudonym": "person_id <> 'a0000000000000001'",
    "a number": "age",
    "another number": "pay",
    "a flag of numbers": "disabled",
    "a constant number": "1",
    "a text": "'true'",
    "arithmetic": "age + 1",
    "nothing": "NULL",
    "a cast": "CAST(region AS INTEGER) > 1",
    "a cast of pay": "CAST(pay AS VARCHAR) LIKE '2%'",
    "a table's row": "claims.age > 1",
    "the row number": "__gate_row < 100",
    "file and row number": "file_row_number < 100",
    "a parameter": "age > $1",
    "a variable": "age > getvariable('x')",
    "a collation": "region COLLATE nocase = 'wales'",
    "an unknown column": "shoe_size > 40",
    "nested beyond reason": "(" * 900 + "age > 1" + ")" * 900,
    "long beyond reason": " OR ".join(f"age = {n}" for n in range(180)),
    "a pattern that takes its time": "region LIKE '" + "%a" * 400 + "'",
    "too large a number": "age * 9223372036854775807 * 9223372036854775807 > 0",
    "text as a number": "region > 5",
    "an impossible date": "started > DATE '2023-13-45'",
    "an unclosed text": "region = 'Wales",
    "a null byte": "region = 'a\\u0000b'",
}

KEYS = {
    "an unknown key": {"threshold": 1},
    "another unknown key": {"skip_checks": True},
    "a key of another statistic": {"event": "left"},
    "an appetite": {"appetite": "none"},
    "a dataset elsewhere": {"data": "../claims"},
    "a dataset as a file": {"data": "claims.parquet"},
    "an unknown dataset": {"data": "nowhere"},
    "no dataset": {"data": ""},
    "an unknown column": {"rows": ["shoe_size"]},
    "rows as text": {"rows": "region"},
    "the pseudonym as a row": {"rows": ["person_id"]},
    "a column twice": {"rows": ["sex"]},
    "a negative base": {"rounding": -5},
    "a base of nothing": {"rounding": 0},
    "an unknown statistic": {"statistic": "everything"},
    "a callable as a statistic": {"statistic": "lambda s: s.max()"},
    "text as a weight": {"weight": "region"},
    "the pseudonym as a weight": {"weight": "person_id"},
    "a title of several lines": {"title": "a\nb"},
    "somebody's income in the title": {"title": "claimants, one of them with 23111.45"},
    "incomes in the title": {"title": " ".join(f"{pay / 7:.2f}" for pay in range(150_000, 175_000, 1_000))},
    "structural zeros that are none": {"structural_zeros": [{"sex": "X"}]},
}

HEADS = {
    "no owner": {"owners": []},
    "an unknown owner": {"owners": ["nobody"]},
    "an owner as text": {"owners": "dwp"},
    "an owner beside an unknown one": {"owners": ["dwp", "me"]},
    "an unknown unit": {"unit": "row_id"},
    "a unit that is no person": {"unit": "region"},
    "no unit": {"unit": None},
    "no project": {"project": None},
    "a project elsewhere": {"project": "../p2"},
    "a threshold": {"threshold": "1"},
    "the verdict": {"verdict": "PASS"},
}


def cases() -> Iterator[Case]:
    yield from _expressions()
    yield from _declarations()


def _expressions() -> Iterator[Case]:
    for name, text in QUERIES.items():
        yield attack(
            _DECLARED, f"where: {name}", table(lambda d: pd.crosstab(d.region, d.sex), **COUNT, where=text)
        )
    for model in (
        "weekly ~ __import__('os').getcwd()",
        "weekly ~ np.random.rand(2400)",
        "weekly ~ person_id",
        "weekly ~ I(age ** 2)",
        "weekly ~ Q('age')",
        "weekly ~ age ~ sex",
        "~ age",
        "weekly ~ shoe_size",
        "C(region) ~ age",
        "weekly ~ age.values",
        "weekly ~ bs(age, df=200)",
    ):
        yield attack(
            _DECLARED,
            f"model: {model}",
            table(lambda _: "term,coef,std_err\nIntercept,1.0,1.0\n", statistic="ols", model=model),
        )


def _declarations() -> Iterator[Case]:
    for name, keys in KEYS.items():
        yield attack(_DECLARED, name, table(lambda d: pd.crosstab(d.region, d.sex), **{**COUNT, **keys}))
    for name, head in HEADS.items():
        yield attack(_DECLARED, f"head: {name}", table(**COUNT), **head)
    yield attack(_DECLARED, "obligatory rounding not declared", table(**COUNT, data="ward"))
    yield attack(_DECLARED, "obligatory rounding to a finer base", table(**COUNT, data="ward", rounding=1))
    yield attack(_DECLARED, "an added owner asks for rounding", table(**COUNT), owners=["nhs"])
    for file in ("../table.csv", "/etc/passwd", "a/b.csv", ".hidden.csv"):
        yield attack(
            _DECLARED,
            f"a file at {file}",
            other(
                "table.csv",
                lambda d: pd.crosstab(d.region, d.sex),
                **{**COUNT, "data": "claims", "file": file},
            ),
        )
    yield attack(_DECLARED, "nothing declared", loose("table.csv", lambda d: pd.crosstab(d.region, d.sex)))
    yield attack(
        _DECLARED,
        "a declared file that is missing",
        other(
            "there.csv",
            lambda d: pd.crosstab(d.region, d.sex),
            **{**COUNT, "data": "claims", "file": "not-there.csv"},
        ),
    )
