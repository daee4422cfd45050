"""Footprints: the exact rows of an extract, and the people of those rows, behind every figure of an equation.

Two figures whose rows differ for fewer people than the threshold tell something about those few,
whatever the tables look like. Sets are large and most pairs of figures are far apart, so each set has a
sketch: how many of its rows fall into each of 64 buckets. Two sets differ by at least as many rows as
their sketches do; only where that is little are the sets themselves worked out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyroaring import BitMap64

from outputs_check.gate.columns import hashed
from outputs_check.gate.data import ROW, Array, DataFolder, quoted
from outputs_check.gate.equation import Equation, Key
from outputs_check.gate.labels import MARGIN
from outputs_check.gate.relation import Relation
from outputs_check.gate.released import UNKNOWN, Figures

BUCKETS = 64
_MAX_DERIVED_DIMENSIONS = 4


@dataclass(frozen=True)
class Figure:
    """A figure that is shown, or derived by adding shown ones. inner: the cells without margins in it."""

    name: str
    exact: bool
    inner: tuple[int, ...]
    derived: bool = False


@dataclass(frozen=True)
class People:
    """How many people of a unit stand behind each figure. sketches: shape (figures, BUCKETS).

    single: every one of them contributes one row, so that a count of rows counts people.
    """

    sizes: Array
    sketches: Array
    single: Array


class Footprints:
    """What stands behind the figures of one equation; sizes are worked out at once, sets when asked for.

    sizes: rows of each figure, shape (figures,). sketches: shape (figures, BUCKETS).
    """

    def __init__(self, data: DataFolder, equation: Equation) -> None:
        self.equation = equation
        self._data = data
        self._relation = Relation(data, equation)
        bucket = f"CAST({ROW} % {BUCKETS} AS INTEGER)"
        keys, fetched = self._relation.grouped(f"{bucket} AS b, count(*) AS n", also=bucket)
        self._inner = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        places = [self._inner[key] for key in keys]
        inner = _spread_out(places, fetched["b"], fetched["n"], len(self._inner))
        self.figures = tuple(_figures(equation, list(self._inner)))
        self.sketches: Array = self._added(inner)
        self.sizes: Array = self.sketches.sum(axis=1)
        self.exact = np.array([figure.exact for figure in self.figures], dtype=bool)

    @property
    def complete(self) -> bool:
        """Whether every cell of the data is shown, so that nothing is left to derive."""
        exact = {figure.key for figure in self.equation.exact}
        return all(key in exact for key in self._inner)

    def by_rows(self) -> Figures[BitMap64]:
        """The exact figures by their rows, to compare others with."""
        numbers = np.flatnonzero(self.exact)
        return Figures(
            sizes=self.sizes[numbers],
            sketches=self.sketches[numbers],
            single=np.ones(numbers.size, dtype=bool),
            label=lambda place: (self.equation.origin, self.figures[numbers[place]].name),
            members=lambda place: self.rows(int(numbers[place])),
        )

    def by_people(self, unit: str) -> Figures[Array]:
        """The exact figures by their people, to compare those of other extracts with."""
        numbers, people = np.flatnonzero(self.exact), self.people(unit)
        return Figures(
            sizes=people.sizes[numbers],
            sketches=people.sketches[numbers],
            single=people.single[numbers],
            label=lambda place: (self.equation.origin, self.figures[numbers[place]].name),
            members=lambda place: self.hashes(unit, int(numbers[place])),
        )

    def rows(self, number: int) -> BitMap64:
        """The rows of the extract behind a figure."""
        return BitMap64.union(BitMap64(), *(self._rows[place] for place in self.figures[number].inner))

    def people(self, unit: str) -> People:
        """Sizes and sketches of the people behind every figure."""
        if unit not in self._people:
            self._people[unit] = self._counted(unit)
        return self._people[unit]

    def hashes(self, unit: str, number: int) -> Array:
        """Hashes of the people behind a figure, distinct and sorted."""
        if unit not in self._hashes:
            column = quoted(unit)
            select = f"list(DISTINCT {hashed(column)}) FILTER ({column} IS NOT NULL) AS people"
            keys, fetched = self._relation.grouped(select)
            found: dict[int, list[Array]] = {}
            for key, people in zip(keys, fetched["people"], strict=True):
                found.setdefault(self._inner[key], []).append(_integers(people))
            self._hashes[unit] = found
        parts = [part for place in self.figures[number].inner for part in self._hashes[unit][place]]
        return np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))

    def everyone(self, unit: str) -> tuple[Array, int]:
        """Hashes of all people of the extract, distinct, in the order of their first rows; and its rows."""
        rows = self._data.population(self._data.dataset(self.equation.data), unit).rows
        return self._relation.everyone(unit), rows

    @cached_property
    def _people(self) -> dict[str, People]:
        return {}

    @cached_property
    def _hashes(self) -> dict[str, dict[int, list[Array]]]:
        return {}

    def _added(self, inner: Array) -> Array:
        """Sketches of the figures from those of the inner cells."""
        found = [inner[list(figure.inner)].sum(axis=0) for figure in self.figures]
        return np.array(found, dtype=np.int64).reshape(len(self.figures), BUCKETS)

    @cached_property
    def _rows(self) -> dict[int, BitMap64]:
        keys, fetched = self._relation.grouped(f"list({ROW}) AS rows")
        found: dict[int, BitMap64] = {}
        for key, rows in zip(keys, fetched["rows"], strict=True):
            found.setdefault(self._inner[key], BitMap64()).update(_integers(rows))
        return found

    def _counted(self, unit: str) -> People:
        """People of inner cells can be added where every person has one row; else each set is counted."""
        column = quoted(unit)
        bucket = _spread(column)
        alone = self._data.population(self._data.dataset(self.equation.data), unit).alone
        people = f"count({'' if alone else 'DISTINCT '}{column})"
        select = f"{bucket} AS b, {people} AS people, count({column}) AS rows"
        keys, fetched = self._relation.grouped(select, also=bucket)
        places = [self._inner[key] for key in keys]
        sketches = self._added(_spread_out(places, fetched["b"], fetched["people"], len(self._inner)))
        sizes = sketches.sum(axis=1)
        if alone:
            return People(sizes, sketches, np.ones(len(self.figures), dtype=bool))
        rows = self._added(_spread_out(places, fetched["b"], fetched["rows"], len(self._inner)))
        for number, figure in enumerate(self.figures):
            if len(figure.inner) > 1:
                sketches[number] = UNKNOWN
                sizes[number] = self.hashes(unit, number).size
        return People(sizes, sketches, sizes == rows.sum(axis=1))


def _spread_out(places: Sequence[int], buckets: Array, counts: Array, cells: int) -> Array:
    """Counts by inner cell and bucket. Shape (cells, BUCKETS)."""
    found = np.zeros((cells, BUCKETS), dtype=np.int64)
    np.add.at(found, (np.asarray(places, dtype=np.intp), buckets.astype(np.intp)), counts.astype(np.int64))
    return found


def _integers(values: object) -> Array:
    """A list of the database as integers; of nothing it gives NULL."""
    return np.asarray([] if values is None else values, dtype=np.uint64)


def _spread(column: str) -> str:
    """SQL of the bucket of a person: of the last two characters, so that it is cheap and never changes."""
    text = f"CAST({column} AS VARCHAR)"
    return (
        f"CAST(coalesce((ascii(right({text}, 1)) * 16 + ascii(right({text}, 2))) % {BUCKETS}, 0) AS INTEGER)"
    )


def _figures(equation: Equation, inner: Sequence[Key]) -> Iterator[Figure]:
    """Yield the shown figures, then what can be added up from those that are exact."""
    shown = {figure.key for figure in equation.shown}
    exact = {figure.key for figure in equation.exact}
    by_pattern: dict[tuple[bool, ...], dict[Key, list[int]]] = {}
    for figure in equation.shown:
        pattern = tuple(part is not None for part in figure.key)
        if pattern not in by_pattern:
            by_pattern[pattern] = _lines(enumerate(inner), pattern)
        members = by_pattern[pattern].get(figure.key, [])
        yield Figure(figure.name, figure.key in exact, tuple(members))
    if len(equation.dimensions) > _MAX_DERIVED_DIMENSIONS:
        return
    visible = [(number, key) for number, key in enumerate(inner) if key in exact]
    for pattern in itertools.product((False, True), repeat=len(equation.dimensions)):
        if all(pattern):
            continue
        for key, members in _lines(visible, pattern).items():
            same = key in shown and by_pattern.get(pattern, {}).get(key) == members
            if len(members) > 1 and not same:
                yield Figure(f"sum of the shown cells, {_named(equation, key)}", True, tuple(members), True)


def _lines(
    inner: Iterator[tuple[int, Key]] | Sequence[tuple[int, Key]], pattern: Sequence[bool]
) -> dict[Key, list[int]]:
    """Cells by the labels of the dimensions that `pattern` keeps."""
    lines: dict[Key, list[int]] = {}
    for number, key in inner:
        line = tuple(part if kept else None for part, kept in zip(key, pattern, strict=True))
        lines.setdefault(line, []).append(number)
    return lines


def _named(equation: Equation, key: Key) -> str:
    named = zip(equation.dimensions, key, strict=True)
    return ", ".join(f"{name}={MARGIN if part is None else part}" for name, part in named)
