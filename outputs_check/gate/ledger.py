"""The ledger: every released figure with its equation and the set of rows and people behind it, in one
SQLite file.

Sets are Roaring bitmaps (Chambi et al. 2016): of rows, over their numbers in the extract, and of people,
over numbers that the ledger gives them in order of arrival. Pseudonyms are not kept, only 64-bit hashes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap64

from lab.base.errors import BadInput
from outputs_check.gate.data import Array
from outputs_check.gate.equation import Equation
from outputs_check.gate.footprints import Footprints
from outputs_check.gate.ledger_schema import prepare, sketch_bytes, sketches_of
from outputs_check.gate.released import Figures

_OWN_OR_PARTS = "s.figure IN (SELECT ? UNION SELECT cell FROM part WHERE figure = ?)"
_ROWS = f"SELECT s.rows FROM footprint s WHERE {_OWN_OR_PARTS} AND s.rows IS NOT NULL"  # noqa: S608 - no values
_NUMBERS = (
    "SELECT coalesce(p.numbers, s.rows) AS members FROM people p LEFT JOIN footprint s USING (figure)"  # noqa: S608
    f" WHERE {_OWN_OR_PARTS.replace('s.figure', 'p.figure')} AND p.unit = ? AND members IS NOT NULL"
)


class Ledger:
    """An open ledger. Opened for writing it holds the lock until closed: two writers cannot both pass."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._enrolled: dict[tuple[str, str, str], bool] = {}

    def figures(
        self, data: str, extract: str, measure: str, sizes: Sequence[tuple[int, int]]
    ) -> Figures[BitMap64]:
        """Released exact figures of an extract and measure whose numbers of rows lie in one of `sizes`.

        sizes: ranges that do not overlap, both ends included.
        """
        rows = self._near(
            "SELECT f.id, f.release, f.name, f.size, f.sketch, 1 FROM figure f WHERE f.exact = 1"
            " AND f.has_rows AND f.data = ? AND f.extract = ? AND f.measure = ? AND f.size BETWEEN ? AND ?",
            (data, extract, measure),
            sizes,
        )

        def members(number: int) -> BitMap64:
            return self._union(_ROWS, rows[number][0])

        return self._figures(rows, members)

    def people(
        self, unit: str, measure: str, beyond: tuple[str, str], sizes: Sequence[tuple[int, int]]
    ) -> Figures[Array]:
        """Released exact figures by their people, of every other dataset and extract than `beyond`.

        Figures that the ledger knows the people of and not the rows are there for every extract.
        """
        rows = self._near(
            "SELECT p.figure, f.release, f.name, p.size, p.sketch, p.single FROM people p"
            " JOIN figure f ON f.id = p.figure WHERE f.exact AND p.unit = ? AND f.measure = ?"
            " AND NOT (f.data = ? AND f.extract = ? AND f.has_rows) AND p.size BETWEEN ? AND ?",
            (unit, measure, *beyond),
            sizes,
        )

        def members(number: int) -> Array:
            numbers = self._union(_NUMBERS, rows[number][0], unit).to_array()
            return np.sort(self._register[np.asarray(numbers, dtype=np.int64)])

        return self._figures(rows, members)

    def has_people_beyond(self, unit: str, measure: str, beyond: tuple[str, str]) -> bool:
        """Whether anything of this measure was released from another dataset or extract."""
        row = self._connection.execute(
            "SELECT 1 FROM figure f JOIN people p ON p.figure = f.id WHERE f.measure = ?"
            " AND NOT (f.data = ? AND f.extract = ? AND f.has_rows) AND p.unit = ? LIMIT 1",
            (measure, *beyond, unit),
        ).fetchone()
        return row is not None

    def knows(self, measure: str) -> bool:
        """Whether any figure of this measure was released."""
        found = self._connection.execute("SELECT 1 FROM figure WHERE measure = ? LIMIT 1", (measure,))
        return found.fetchone() is not None

    def equations(self, data: str, extract: str, measure: str) -> list[Equation]:
        """Equations of earlier releases on an extract, newest first."""
        rows = self._connection.execute(
            "SELECT body, release FROM equation WHERE data = ? AND extract = ? AND measure = ?"
            " ORDER BY id DESC",
            (data, extract, measure),
        ).fetchall()
        return [
            Equation.from_json({**json.loads(body), "origin": self._origin(release)})
            for body, release in rows
        ]

    def record(self, release: str, file: str, sha256: str, footprints: Iterable[Footprints]) -> None:
        """Write one released output; the same output of the same release again changes nothing."""
        added = self._connection.execute(
            "INSERT INTO release (name, file, sha256) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            (release, file, sha256),
        ).fetchone()
        if added is None:
            return
        for footprint in footprints:
            self._record(int(added[0]), footprint)

    def _numbered_as_rows(self, footprints: Footprints, unit: str) -> bool:
        """Number the people of an extract in the order of their rows: sets of them are compact then.

        Whether the number of every person is that of the only row: true where an extract of one row per
        person came first.
        """
        equation = footprints.equation
        extract = (equation.data, equation.extract, unit)
        if extract not in self._enrolled:
            people, rows = footprints.everyone(unit)
            numbers = self._numbers(people)
            self._enrolled[extract] = numbers.size == rows and np.array_equal(numbers, np.arange(rows))
        return self._enrolled[extract]

    def _record(self, release: int, footprints: Footprints) -> None:
        equation = footprints.equation
        family = (equation.data, equation.extract, equation.measure)
        self._connection.execute(
            "INSERT INTO equation (release, data, extract, measure, body) VALUES (?, ?, ?, ?, ?)",
            (release, *family, json.dumps(equation.to_json(), allow_nan=False)),
        )
        cells: dict[int, int] = {}  # inner cell -> the figure that shows it
        for number, figure in enumerate(footprints.figures):
            size, sketch = int(footprints.sizes[number]), sketch_bytes(footprints.sketches[number])
            identity = self._connection.execute(
                "INSERT INTO figure (release, name, data, extract, measure, exact, has_rows, size, sketch)"
                " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING id",
                (release, figure.name, *family, int(figure.exact), size, sketch),
            ).fetchone()[0]
            parts = [cells.get(inner) for inner in figure.inner]
            whole = len(parts) < 2 or None in parts
            if len(parts) == 1:
                cells[figure.inner[0]] = identity
            if not whole:
                self._connection.executemany("INSERT INTO part VALUES (?, ?)", [(identity, p) for p in parts])
            rows = footprints.rows(number).serialize() if whole else None
            self._connection.execute("INSERT INTO footprint VALUES (?, ?)", (identity, rows))
            for unit in equation.units:
                self._record_people(identity, rows, footprints, unit, number)

    def _record_people(
        self, figure: int, rows: bytes | None, footprints: Footprints, unit: str, number: int
    ) -> None:
        kept, people = None, footprints.people(unit)
        if not self._numbered_as_rows(footprints, unit) and rows is not None:
            kept = BitMap64(self._numbers(footprints.hashes(unit, number))).serialize()
        self._connection.execute(
            "INSERT INTO people (figure, unit, single, size, sketch, numbers) VALUES (?, ?, ?, ?, ?, ?)",
            (
                figure,
                unit,
                int(people.single[number]),
                int(people.sizes[number]),
                sketch_bytes(people.sketches[number]),
                kept,
            ),
        )

    def _numbers(self, hashes: Array) -> Array:
        """Numbers of distinct hashes; those not seen before are given the next ones and written down."""
        order = self._order
        places = np.searchsorted(self._register, hashes, sorter=order)
        known = np.zeros(hashes.size, dtype=bool)
        inside = places < order.size
        known[inside] = self._register[order[places[inside]]] == hashes[inside]
        numbers = np.empty(hashes.size, dtype=np.uint64)
        numbers[known] = order[places[known]]
        if new := int((~known).sum()):
            first = self._register.size
            numbers[~known] = np.arange(first, first + new)
            self._connection.execute(
                "INSERT INTO register VALUES (?, ?)", (first, hashes[~known].astype("<u8").tobytes())
            )
            self._register = np.concatenate([self._register, hashes[~known]])
            self._order = np.argsort(self._register, kind="stable")
        return numbers

    @cached_property
    def _register(self) -> Array:
        rows = self._connection.execute("SELECT hashes FROM register ORDER BY first").fetchall()
        return np.frombuffer(b"".join(row[0] for row in rows), dtype="<u8").astype(np.uint64)

    @cached_property
    def _order(self) -> Array:
        return np.argsort(self._register, kind="stable")

    def _near(self, sql: str, parameters: tuple[Any, ...], sizes: Sequence[tuple[int, int]]) -> list[Any]:
        return [
            row
            for low, high in sizes
            for row in self._connection.execute(sql, (*parameters, int(low), int(high)))
        ]

    def _figures(self, rows: list[Any], members: Callable[[int], Any]) -> Figures[Any]:
        return Figures(
            sizes=np.array([row[3] for row in rows], dtype=np.int64),
            sketches=sketches_of([row[4] for row in rows]),
            single=np.array([row[5] for row in rows], dtype=bool),
            label=lambda number: (self._origin(rows[number][1]), rows[number][2]),
            members=members,
        )

    def _union(self, sql: str, figure: int, *more: str) -> BitMap64:
        """The set of a figure, or of its parts together."""
        sets = self._connection.execute(sql, (figure, figure, *more)).fetchall()
        return BitMap64.union(BitMap64(), *(BitMap64.deserialize(row[0]) for row in sets))

    def _origin(self, release: int) -> str:
        name, file = self._connection.execute(
            "SELECT name, file FROM release WHERE id = ?", (release,)
        ).fetchone()
        return f"{file} of release {name}"


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
        prepare(connection, target)
        yield Ledger(connection)
        connection.execute("COMMIT" if write else "ROLLBACK")
    except sqlite3.DatabaseError as error:
        raise BadInput(f"the ledger cannot be used: {error}", where=target) from error
    finally:
        connection.close()
