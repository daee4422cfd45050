"""Submissions that lie: forged figures, records, files and pseudonyms in disguise."""

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
_FILES = "files"
_RECORDS = "row level"
_IDENTIFIERS = "identifiers"
COUNT = {"statistic": "count", "rows": ["region"], "columns": ["sex"]}
MEAN = {"statistic": "mean", "value": "weekly", "rows": ["region"]}


def cases() -> Iterator[Case]:
    yield from _forged()
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
        table(
            lambda d: d.groupby("region").weekly.mean().add([0.000104, 0.000101, 0.000108, 0.000108]), **MEAN
        ),
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
