"""What the ledger keeps, for whom, and how it survives."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from gate_bench import LEDGER, Bench, rules
from pyroaring import BitMap, BitMap64

from lab.base.errors import BadInput
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import COUNT, Equation, Shown
from outputs_check.gate.footprints import Footprints
from outputs_check.gate.ledger import opened

BY_SEX = {"data": "claims", "statistic": "count", "rows": ["sex"]}

VERSION_1 = """
CREATE TABLE release (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), UNIQUE (name, file));
CREATE TABLE figure (
    release INTEGER NOT NULL REFERENCES release, name TEXT NOT NULL, measure TEXT NOT NULL,
    data TEXT NOT NULL, extract TEXT NOT NULL, unit TEXT NOT NULL, exact INTEGER NOT NULL,
    single INTEGER NOT NULL, contributions_size INTEGER NOT NULL, people_size INTEGER NOT NULL,
    contributions BLOB NOT NULL, people BLOB NOT NULL);
CREATE INDEX figure_by_contributions ON figure (measure, unit, contributions_size);
CREATE INDEX figure_by_people ON figure (measure, unit, people_size);
CREATE TABLE register (kind TEXT NOT NULL, first INTEGER NOT NULL, hashes BLOB NOT NULL, owners BLOB NOT NULL,
    PRIMARY KEY (kind, first));
PRAGMA user_version = 1;
"""


@pytest.fixture
def equation() -> Equation:
    shown = (Shown(("F",), "sex=F", 990.0, 2.5), Shown((None,), "sex=All", float("inf"), float("inf")))
    return Equation(
        "t.csv", "claims", "e1", ("person_id", "employer"), COUNT, shown, (("M",),), True, ("sex",),
        where='"age" > 3', binned=("pay", (0.0, 1.5)), protecting=2.5,
    )  # fmt: skip


def test_an_equation_is_written_and_read(equation: Equation) -> None:
    again = Equation.from_json(equation.to_json())
    figures = [dataclasses.replace(shown, figure=0.0) for shown in again.shown]
    expected = [dataclasses.replace(shown, figure=0.0) for shown in equation.shown]
    assert figures == expected
    assert dataclasses.replace(again, shown=()) == dataclasses.replace(equation, shown=())
    assert equation.exact == ()  # rounded so far that it protects


def test_a_key_has_a_label_for_every_dimension(equation: Equation) -> None:
    with pytest.raises(ValueError, match="dimension"):
        dataclasses.replace(equation, dimensions=("sex", "area"))


def test_recording_again_changes_nothing(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("sex").size(), **BY_SEX)
    for _ in range(2):
        assert bench.only(commit=True).verdict.name == "PASS"
    with sqlite3.connect(bench.folder / LEDGER) as connection:
        assert connection.execute("SELECT count(*) FROM release").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM equation").fetchone() == (1,)


def test_sets_are_kept_once(bench: Bench, mainland: pd.DataFrame) -> None:
    """People of one row each have the numbers of their rows; a sum of cells is its cells."""
    bench.register(mainland)
    table = pd.crosstab(mainland.region, mainland.sex, margins=True)
    bench.declare("t.csv", table, **{**BY_SEX, "rows": ["region"], "columns": ["sex"]})
    assert bench.only(commit=True).verdict.name == "PASS"
    with sqlite3.connect(bench.folder / LEDGER) as connection:
        assert connection.execute("SELECT count(*) FROM people WHERE numbers IS NOT NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM footprint WHERE rows IS NOT NULL").fetchone()[0] <= 9


def test_another_extract_of_the_same_people(bench: Bench, mainland: pd.DataFrame) -> None:
    """A second dataset with one person more: people are compared, and a person has to judge."""
    bench.register(mainland.iloc[1:])
    bench.declare("t.csv", mainland.iloc[1:].groupby("sex").size(), **BY_SEX)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    bench.register(mainland, name="later")
    bench.declare("u.csv", mainland.groupby("sex").size(), **{**BY_SEX, "data": "later"})
    output = bench.only(ledger=True)
    assert (output.verdict.name, rules(output)) == ("REVIEW", {"differencing"})


def test_other_pseudonyms_are_other_people(bench: Bench, mainland: pd.DataFrame) -> None:
    """Nothing is comparable between projects whose pseudonyms differ; the handbook says so."""
    bench.register(mainland.iloc[1:])
    bench.declare("t.csv", mainland.iloc[1:].groupby("sex").size(), **BY_SEX)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    bench.register(mainland.assign(person_id="x" + mainland.person_id), name="later")
    bench.declare("u.csv", mainland.groupby("sex").size(), **{**BY_SEX, "data": "later"})
    assert bench.only(ledger=True).verdict.name == "PASS"


def hashes(bench: Bench, sex: str) -> list[int]:
    """Hashes of people, as both versions take them."""
    with DataFolder(bench.data) as data:
        extract = data.rows_of(data.dataset("claims"))
        shown = (Shown((sex,), sex, 0.0),)
        table = Equation("t", "claims", extract, ("person_id",), COUNT, shown, dimensions=("sex",))
        return [int(number) for number in Footprints(data, table).hashes("person_id", 0)]


def test_a_ledger_of_the_first_version_is_taken_over(bench: Bench, mainland: pd.DataFrame) -> None:
    """It keeps the people behind its figures: one woman more is seen, though only by her people."""
    bench.register(mainland)
    women = hashes(bench, "F")[1:]
    with sqlite3.connect(bench.folder / LEDGER) as connection:
        connection.executescript(VERSION_1)
        connection.execute("INSERT INTO release (id, name, file, sha256) VALUES (1, 'old', 't.csv', '00')")
        people = BitMap(range(len(women))).serialize()
        connection.execute(
            "INSERT INTO figure VALUES (1, 'sex=F', 'count', 'claims', 'e', 'person_id', 1, 1, ?, ?, ?, ?)",
            (len(women), len(women), people, people),
        )
        blob = b"".join(number.to_bytes(8, "little") for number in women)
        connection.execute("INSERT INTO register VALUES ('people', 0, ?, x'')", (blob,))
    bench.declare("t.csv", mainland.groupby("sex").size(), **BY_SEX)
    for _ in range(2):
        output = bench.only(ledger=True)
        assert rules(output) == {"differencing"}
        assert "t.csv of release old" in output.findings[-1].message
    with opened(bench.folder / LEDGER, write=True):
        pass
    with sqlite3.connect(bench.folder / LEDGER) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        numbers = connection.execute("SELECT numbers FROM people").fetchone()[0]
        assert len(BitMap64.deserialize(numbers)) == len(women)


def test_a_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "book") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(BadInput, match="version"), opened(tmp_path / "book"):
        pass


_WRITER = """
import sys, time
from pathlib import Path
from outputs_check.gate.ledger import opened
with opened(Path(sys.argv[1]), write=True) as book:
    book._connection.execute("INSERT INTO release (name, file, sha256) VALUES ('r', 'f', '0')")
    book._connection.execute("PRAGMA cache_spill = 1")
    print("written", flush=True)
    time.sleep(60)
"""


def test_a_writer_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with opened(book, write=True):
        pass
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(book)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"written\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    with opened(book, write=True) as again:
        assert not again.knows(COUNT)
    with sqlite3.connect(book) as connection:
        assert connection.execute("SELECT count(*) FROM release").fetchone() == (0,)
