"""The ledger: every released figure with the set of people behind it, in one SQLite file.

Sets are Roaring bitmaps (Chambi et al. 2016) over numbers that the ledger gives to people and to their
contributions in order of arrival; pseudonyms themselves are not kept, only 64-bit hashes of them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from lab.base.errors import BadInput
from outputs_check.gate.footprints import Footprint, Register, Registers

_VERSION = 1
_SCHEMA = """
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
"""


class Ledger:
    """An open ledger. Opened for writing it holds the lock until closed: two writers cannot both pass."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.registers = Registers(self._register("people"), self._register("contributions"))
        self._stored = (len(self.registers.people), len(self.registers.contributions))

    def near(self, footprint: Footprint, within: int) -> Iterator[Footprint]:
        """Earlier footprints of the same measure and unit whose size differs by at most `within`."""
        parts = []
        parameters: list[Any] = []
        for column, size in (
            ("contributions_size", len(footprint.contributions)),
            ("people_size", len(footprint.people)),
        ):
            parts.append(
                f"SELECT rowid FROM figure WHERE measure = ? AND unit = ? AND {column} BETWEEN ? AND ?"  # noqa: S608
            )
            parameters += [footprint.measure, footprint.unit, size - within, size + within]
        rows = self._connection.execute(
            "SELECT r.name, r.file, f.name, f.measure, f.data, f.extract, f.unit, f.exact, f.single,"  # noqa: S608
            " f.contributions, f.people FROM figure f JOIN release r ON r.id = f.release"
            f" WHERE f.rowid IN ({' UNION '.join(parts)})",
            parameters,
        )
        for release, file, name, measure, data, extract, unit, exact, single, contributions, people in rows:
            yield Footprint(
                origin=f"{file} of release {release}",
                name=name,
                measure=measure,
                data=data,
                extract=extract,
                unit=unit,
                exact=bool(exact),
                single=bool(single),
                contributions=BitMap.deserialize(contributions),
                people=BitMap.deserialize(people),
            )

    def record(self, release: str, file: str, sha256: str, footprints: Iterable[Footprint]) -> None:
        """Write one released output; the same output of the same release again changes nothing."""
        added = self._connection.execute(
            "INSERT INTO release (name, file, sha256) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            (release, file, sha256),
        ).fetchone()
        if added is None:
            return
        for footprint in footprints:
            self._connection.execute(
                "INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    added[0], footprint.name, footprint.measure, footprint.data, footprint.extract,
                    footprint.unit, footprint.exact, footprint.single, len(footprint.contributions),
                    len(footprint.people), footprint.contributions.serialize(), footprint.people.serialize(),
                ),
            )  # fmt: skip
        self._store_registers()

    def _register(self, kind: str) -> Register:
        rows = self._connection.execute(
            "SELECT hashes, owners FROM register WHERE kind = ? ORDER BY first", (kind,)
        ).fetchall()
        hashes = np.frombuffer(b"".join(row[0] for row in rows), dtype="<u8").astype(np.uint64)
        owners = np.frombuffer(b"".join(row[1] for row in rows), dtype="<u4").astype(np.uint32)
        return Register(hashes, owners)

    def _store_registers(self) -> None:
        people, contributions = self.registers.people, self.registers.contributions
        for kind, register, first in (
            ("people", people, self._stored[0]),
            ("contributions", contributions, self._stored[1]),
        ):
            if len(register) > first:
                self._connection.execute(
                    "INSERT INTO register VALUES (?, ?, ?, ?)",
                    (
                        kind,
                        first,
                        register.since(first).astype("<u8").tobytes(),
                        register.owners[first:].astype("<u4").tobytes(),
                    ),
                )
        self._stored = (len(people), len(contributions))


@contextmanager
def opened(path: Path | None, *, write: bool = False) -> Iterator[Ledger]:
    """Open a ledger; all that is recorded in the block is kept when it ends well, and nothing otherwise.

    A ledger that is only read need not exist. None is a ledger in memory.

    Raises:
        BadInput: the file is no ledger.
    """
    target = ":memory:" if path is None or (not write and not path.exists()) else str(path)
    if target != ":memory:" and not Path(target).exists():
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(target, isolation_level=None, timeout=60)
    try:
        connection.execute("BEGIN IMMEDIATE" if write or target == ":memory:" else "BEGIN")
        _prepare(connection, target)
        yield Ledger(connection)
        connection.execute("COMMIT" if write else "ROLLBACK")
    except sqlite3.DatabaseError as error:
        raise BadInput(f"the ledger cannot be used: {error}", where=target) from error
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, target: str) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    elif version != _VERSION:
        raise BadInput("the file is no ledger of this version", where=target)
