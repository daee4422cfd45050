"""Submissions that lie: forged figures, hostile declarations, records and pseudonyms in disguise."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zipfile
from collections.abc import Iterator

import pandas as pd

from tests.corpus.case import Case, Make, attack, loose, other, table

_FORGED = "forged figures"
_DECLARED = "declarations"
_FILES = "files"
_RECORDS = "row level"
_IDENTIFIERS = "identifiers"
COUNT = {"statistic": "count", "rows": ["region"], "columns": ["sex"]}
MEAN = {"statistic": "mean", "value": "weekly", "rows": ["region"]}


def cases() -> Iterator[Case]:
    yield from _forged()
    yield from _expressions()
    yield from _declarations()
    yield from _records()
    yield from _files()
    yield from _identifiers()


def _forged() -> Iterator[Case]:
    def changed(row: int, column: int, by: float) -> Make:
        def make(frame: pd.DataFrame) -> pd.DataFrame:
            cells = pd.crosstab(frame.region, frame.sex).astype(float)
            cells.iloc[row, column] += by
            return cells

        return make

    for by in (1, -1, 5, 0.5, 100, 1e-4):
        yield attack(_FORGED, f"a count changed by {by}", table(changed(1, 0, by), **COUNT))
    for factor in (1.001, 0.999, 1.1, 1 + 1e-7):
        yield attack(
            _FORGED,
            f"means times {factor}",
            table(lambda d, factor=factor: d.groupby("region").weekly.mean() * factor, **MEAN),
        )
    yield attack(
        _FORGED,
        "two rows swapped",
        table(lambda d: pd.crosstab(d.region, d.sex).rename({"Wales": "London", "London": "Wales"}), **COUNT),
    )
    yield attack(
        _FORGED, "another value than declared", table(lambda d: d.groupby("region").pay.mean(), **MEAN)
    )
    yield attack(
        _FORGED,
        "another filter than declared",
        table(lambda d: pd.crosstab(d[d.age > 30].region, d[d.age > 30].sex), **COUNT, where="age > 40"),
    )
    yield attack(
        _FORGED, "a median declared as a mean", table(lambda d: d.groupby("region").weekly.median(), **MEAN)
    )
    yield attack(
        _FORGED, "maxima declared as means", table(lambda d: d.groupby("region").weekly.max(), **MEAN)
    )
    for base in (1, 10, 0.1):
        yield attack(
            _FORGED,
            f"finer than the declared {base}",
            table(
                lambda d: d.groupby("region").pay.mean(),
                statistic="mean",
                value="pay",
                rows=["region"],
                rounding=base,
            ),
        )
    yield attack(
        _FORGED,
        "rounded to 10, and somewhere down by one step more",
        table(lambda d: (pd.crosstab(d.region, d.sex) / 10).round() * 10 - 10, **COUNT, rounding=10),
    )
    yield attack(
        _FORGED,
        "a message in the lowest digits",
        table(lambda d: d.groupby("region").weekly.mean() + [0.000104, 0.000101, 0.000108, 0.000108], **MEAN),
    )
    yield attack(
        _FORGED,
        "words where figures belong",
        table(
            lambda d: (
                pd.crosstab(d.region, d.sex)
                .astype(object)
                .replace(dict.fromkeys(range(200, 400), "about 300"))
            ),
            **COUNT,
        ),
    )
    for text in ("<10", "10*", "1e400", "nan", "inf", "0x1F", "１２", "1,200", "=1+1", "12%"):
        yield attack(
            _FORGED,
            f"a figure written {text}",
            table(
                lambda d, text=text: f"region,count\nLondon,{text!r}\n".replace("'", '"'),
                statistic="count",
                rows=["region"],
                where="region = 'London'",
            ),
        )
    yield attack(
        _FORGED,
        "a category that the data does not have",
        table(lambda d: pd.crosstab(d.region.replace("Wales", "Atlantis"), d.sex), **COUNT),
    )
    yield attack(
        _FORGED,
        "a row twice",
        table(
            lambda d: pd.concat([pd.crosstab(d.region, d.sex), pd.crosstab(d.region, d.sex).tail(1)]), **COUNT
        ),
    )
    yield attack(
        _FORGED,
        "a further column",
        table(lambda d: pd.crosstab(d.region, d.sex).assign(income=d.groupby("region").pay.max()), **COUNT),
    )
    yield attack(
        _FORGED,
        "a comment line above",
        table(lambda d: "P Smith earns 20000,,\n" + pd.crosstab(d.region, d.sex).to_csv(), **COUNT),
    )
    yield attack(
        _FORGED,
        "a footnote below",
        table(lambda d: pd.crosstab(d.region, d.sex).to_csv() + "the oldest is 79,,\n", **COUNT),
    )
    yield attack(
        _FORGED,
        "a message in the name of a column",
        table(
            lambda d: d.groupby("region").weekly.mean().rename("Smith earns 20000"), **MEAN, where="one = 9"
        ),
    )


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


def _records() -> Iterator[Case]:
    def head(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[["age", "region", "weekly"]].head(200)

    for separator in (",", "\t", ";", "|"):
        yield attack(
            _RECORDS,
            f"records as text, separated by {separator!r}",
            other("notes.txt", lambda d, s=separator: head(d).to_csv(sep=s), statistic="text"),
        )
    for statistic, keys in (("count", {}), ("mean", {"value": "weekly"}), ("sum", {"value": "weekly"})):
        yield attack(
            _RECORDS,
            f"records declared as a {statistic}",
            table(head, statistic=statistic, rows=["age", "region"], **keys),
        )
        yield attack(
            _RECORDS,
            f"a {statistic} for each of many categories",
            table(statistic=statistic, rows=["age", "hours"], columns=["region"], **keys),
        )
    yield attack(_RECORDS, "a mean for each date", table(statistic="mean", value="weekly", rows=["started"]))
    yield attack(_RECORDS, "everybody's income as a category", table(statistic="count", rows=["pay"]))
    yield attack(_RECORDS, "records undeclared beside a table", table(**COUNT), loose("extra.csv", head))
    yield attack(
        _RECORDS,
        "one person in words",
        other("notes.txt", lambda d: f"The person of 79 in Wales earns {d.pay.max()}.\n", statistic="text"),
    )
    yield attack(
        _RECORDS,
        "records as fixed width text",
        other("notes.txt", lambda d: head(d).to_string(), statistic="text"),
    )
    yield attack(
        _RECORDS,
        "records as base64",
        other("notes.txt", lambda d: base64.b64encode(head(d).to_csv().encode()).decode(), statistic="text"),
    )
    yield attack(
        _RECORDS,
        "residuals",
        table(lambda d: (d.pay - d.pay.mean()).head(500), statistic="mean", value="pay", rows=["age"]),
    )


def _archive(data: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("records.csv", data)
    return stream.getvalue()


def _files() -> Iterator[Case]:
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "source": ["1"],
                "metadata": {},
                "execution_count": 1,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["pay 12345.67"]}],
            }
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    hostile: dict[str, Make] = {
        "records.pkl": lambda d: pickle.dumps(d.head(50)),
        "records.zip": lambda d: _archive(d.head(50).to_csv()),
        "records.html": lambda d: d.head(50).to_html(),
        "records.json": lambda d: d.head(50).to_json(orient="records", date_format="iso"),
        "records.ipynb": lambda _: json.dumps(notebook),
        "records.parquet": lambda d: d.head(50).to_parquet(),
        "records.pdf": lambda _: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
        "records.csv": lambda d: _archive(d.head(50).to_csv()),
        "records.xlsx": lambda d: _archive(d.head(50).to_csv()),
        "records.docx": lambda d: _archive(d.head(50).to_csv()),
        "records.exe": lambda _: b"MZ\x90\x00",
        "records": lambda d: d.head(50).to_csv(),
    }
    for name, make in hostile.items():
        yield attack(_FILES, f"{name} declared as a table", other(name, make, **{**COUNT, "data": "claims"}))
        yield attack(_FILES, f"{name} declared as text", other(name, make, statistic="text"))
        yield attack(_FILES, f"{name} undeclared beside a table", table(**COUNT), loose(name, make))
    yield attack(
        _FILES,
        "a bidirectional override in a label",
        table(lambda d: pd.crosstab(d.region.replace("Wales", "\u202eselaW"), d.sex), **COUNT),
    )
    yield attack(
        _FILES,
        "a zero-width message in a label",
        table(lambda d: pd.crosstab(d.region.replace("Wales", "Wa\u200bles"), d.sex), **COUNT),
    )
    yield attack(
        _FILES,
        "a formula in a label",
        table(lambda d: pd.crosstab(d.region.replace("Wales", "=HYPERLINK(1)"), d.sex), **COUNT),
    )
    yield attack(
        _FILES,
        "bytes that are no text",
        table(lambda d: b"region,count\n\xff\xfe\x00,12\n", statistic="count", rows=["region"]),
    )
    yield attack(_FILES, "a table without lines", table(lambda _: "", **COUNT))
    yield attack(_FILES, "rows of different lengths", table(lambda _: "region,F,M\nWales,20\n", **COUNT))
    for kind in ("svm", "knn"):
        yield attack(
            "machine-learning models",
            f"a pickled {kind}",
            other(
                "model.pkl",
                lambda d: pickle.dumps({"support_vectors": d[["age", "pay"]].to_numpy()}),
                statistic="model",
                data="claims",
            ),
        )
    yield attack(
        "machine-learning models",
        "parameters that are records",
        other(
            "model.json",
            lambda d: json.dumps(
                {"kind": "knn", "points": d[["age", "weekly"]].head(99).to_numpy().tolist()}
            ),
            statistic="model",
            data="claims",
        ),
    )


def _identifiers() -> Iterator[Case]:
    def with_label(index: int = 0) -> Make:
        return lambda d: pd.crosstab(d.region.replace("Wales", d.person_id[index]), d.sex)

    yield attack(_IDENTIFIERS, "a pseudonym as a category", table(with_label(), **COUNT))
    yield attack(
        _IDENTIFIERS,
        "a pseudonym in upper case",
        table(lambda d: pd.crosstab(d.region.replace("Wales", d.person_id[0].upper()), d.sex), **COUNT),
    )
    yield attack(
        _IDENTIFIERS,
        "pseudonyms in text",
        other("notes.txt", lambda d: "See " + ", ".join(d.person_id[:5]) + "\n", statistic="text"),
    )
    yield attack(_IDENTIFIERS, "a table by pseudonym", table(statistic="count", rows=["person_id"]))
    yield attack(
        _IDENTIFIERS,
        "numbers of the national insurance in text",
        other("notes.txt", lambda _: "AA123456A and JG103759B\n", statistic="text"),
    )
    yield attack(
        _IDENTIFIERS,
        "addresses in text",
        other("notes.txt", lambda _: "write to rita@example.org, SW1A 1AA\n", statistic="text"),
    )
