"""The ledger's tables, and how a ledger of the first version becomes one of this."""

from __future__ import annotations

import sqlite3

import numpy as np
from pyroaring import BitMap, BitMap64

from lab.base.errors import BadInput
from outputs_check.gate.data import Array
from outputs_check.gate.footprints import BUCKETS
from outputs_check.gate.released import UNKNOWN

_VERSION = 2
# figure: `size` and `sketch` of its rows; the sets stand apart, so that looking for near figures reads
# none. A set is null where it is the union of its parts, and people where it is the same set as the rows.
_TABLES = """
CREATE TABLE equation (
    id INTEGER PRIMARY KEY, release INTEGER NOT NULL REFERENCES release, data TEXT NOT NULL,
    extract TEXT NOT NULL, measure TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX equation_by_extract ON equation (data, extract, measure);
CREATE TABLE figure (
    id INTEGER PRIMARY KEY, release INTEGER NOT NULL REFERENCES release, name TEXT NOT NULL,
    data TEXT NOT NULL, extract TEXT NOT NULL, measure TEXT NOT NULL, exact INTEGER NOT NULL,
    has_rows INTEGER NOT NULL, size INTEGER NOT NULL, sketch BLOB NOT NULL);
CREATE INDEX figure_by_size ON figure (data, extract, measure, exact, size);
CREATE INDEX figure_by_measure ON figure (measure);
CREATE TABLE footprint (figure INTEGER PRIMARY KEY REFERENCES figure, rows BLOB);
CREATE TABLE part (figure INTEGER NOT NULL REFERENCES figure, cell INTEGER NOT NULL REFERENCES figure,
    PRIMARY KEY (figure, cell)) WITHOUT ROWID;
CREATE TABLE people (
    id INTEGER PRIMARY KEY, figure INTEGER NOT NULL REFERENCES figure, unit TEXT NOT NULL,
    single INTEGER NOT NULL, size INTEGER NOT NULL, sketch BLOB NOT NULL, numbers BLOB);
CREATE INDEX people_by_figure ON people (figure, unit);
CREATE INDEX people_by_size ON people (unit, size);
CREATE TABLE register (first INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
"""
_RELEASE = """
CREATE TABLE release (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), UNIQUE (name, file));
"""


def prepare(connection: sqlite3.Connection, target: str) -> None:
    """Create the tables of a new ledger, or bring an older one up to this version.

    Raises:
        BadInput: the file is something else, or of a version that is not known.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == _VERSION:
        return
    if version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        _run(connection, _RELEASE + _TABLES)
    elif version == 1:
        _migrate(connection)
    else:
        raise BadInput("the file is no ledger of this version", where=target)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def sketch_bytes(sketch: Array) -> bytes:
    """How a sketch is written."""
    return np.asarray(sketch, dtype="<i4").tobytes()


def sketches_of(blobs: list[bytes]) -> Array:
    """Read sketches. Shape (len(blobs), BUCKETS)."""
    return np.frombuffer(b"".join(blobs), dtype="<i4").astype(np.int64).reshape(len(blobs), BUCKETS)


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in filter(str.strip, script.split(";\n")):
        connection.execute(statement)


def _migrate(connection: sqlite3.Connection) -> None:
    """Keep what version 1 knows: the people behind every figure. It numbered rows in a way of its own."""
    for table in ("figure", "register"):
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    for index in ("figure_by_contributions", "figure_by_people"):
        connection.execute(f"DROP INDEX {index}")
    _run(connection, _TABLES)
    connection.execute(
        "INSERT INTO register SELECT first, hashes FROM old_register WHERE kind = 'people' ORDER BY first"
    )
    unknown = sketch_bytes(np.full(BUCKETS, UNKNOWN))
    old = connection.execute(
        "SELECT release, name, data, extract, measure, exact, people_size, unit, single, people"
        " FROM old_figure ORDER BY rowid"
    ).fetchall()
    for *figure, size, unit, single, people in old:
        identity = connection.execute(
            "INSERT INTO figure (release, name, data, extract, measure, exact, has_rows, size, sketch)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id",
            (*figure, size, unknown),
        ).fetchone()[0]
        numbers = BitMap64(BitMap.deserialize(people)).serialize()
        connection.execute(
            "INSERT INTO people (figure, unit, single, size, sketch, numbers) VALUES (?, ?, ?, ?, ?, ?)",
            (identity, unit, single, size, unknown, numbers),
        )
    connection.execute("DROP TABLE old_figure")
    connection.execute("DROP TABLE old_register")
