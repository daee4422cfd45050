"""What the figures and the rules need to know of a table's cells: one row of facts per cell, from SQL.

No rule sees a person: counts of people, totals and the two largest contributions are computed in the
database, once per unit and kind of margin, however many rules read them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from outputs_check.gate.data import Array, DataFolder
from outputs_check.gate.facts_sql import Asked, facts_sql
from outputs_check.gate.labels import Labels
from outputs_check.gate.query import Query
from outputs_check.gate.rules import declarations
from outputs_check.gate.rules.rule import Blocked
from outputs_check.sdc.concentration import Holdings

Kept = tuple[bool, ...]  # the dimensions that a margin keeps
Inner = tuple[int, ...]
_NOTHING = Holdings()


@dataclass(frozen=True)
class CellFacts:
    """Facts of one cell, for one unit; all zero is a cell that nobody is in.

    A person counts once, and never where the unit is NULL; values of such rows do count. rows, valid:
    rows, and rows with a value (all rows where no value is asked for). everyone, people: people with
    rows, and with a value. whole: people who have no row of the share's base elsewhere. nonzero: people
    with a value that is not 0; weighing, based: with a weight, a denominator that is not 0. having,
    lacking: people with the one and with the other value of a flag; flags, positive: rows with either,
    with the one. low, high: of the values. total, weight, weighted, base: sums of values, weights,
    weight x value, denominators. of_total …: how the absolute sums per person are held. figure: a
    statistic of single values; below, above, sharing: people with a value at or below it, at or above
    it, and at it (after the declared rounding: at what is shown). stepped: all values are multiples of a
    step as coarse as the declared rounding.
    """

    rows: int = 0
    valid: int = 0
    everyone: int = 0
    people: int = 0
    whole: int = 0
    nonzero: int = 0
    weighing: int = 0
    based: int = 0
    having: int = 0
    lacking: int = 0
    flags: int = 0
    positive: int = 0
    low: float = float("nan")
    high: float = float("nan")
    total: float = 0.0
    weight: float = 0.0
    weighted: float = 0.0
    base: float = 0.0
    of_total: Holdings = _NOTHING
    of_weight: Holdings = _NOTHING
    of_weighted: Holdings = _NOTHING
    of_base: Holdings = _NOTHING
    figure: float = float("nan")
    below: int = 0
    above: int = 0
    sharing: int = 0
    stepped: bool = False


_EMPTY = CellFacts()
_SUMS = ("total", "weight", "weighted", "base")


class Facts:
    """The facts of every cell of a query, for one unit; margins are computed when first asked for."""

    def __init__(self, data: DataFolder, query: Query, unit: str, asked: Asked | None = None) -> None:
        self._data, self._query, self._unit, self._asked = data, query, unit, asked or Asked()
        self._fetched: dict[Kept, dict[str, Array]] = {}
        self._places: dict[Kept, dict[Inner, int]] = {}

    @cached_property
    def labels(self) -> tuple[Labels, ...]:
        """The categories of every dimension; a row with a missing one belongs to no cell, as in pandas."""
        return tuple(
            Labels.of(self._query.types.get(name, "VARCHAR"), list(values))
            for name, values in zip(self._query.dimensions, self._categories, strict=True)
        )

    def cell(self, key: Sequence[int | None]) -> CellFacts:
        """Facts of a cell; None in `key` is the margin over that dimension.

        Raises:
            Blocked: the declared expression fails on this data, or a value is infinite.
        """
        kept = tuple(index is not None for index in key)
        place = self._placed(kept).get(tuple(index for index in key if index is not None))
        return _EMPTY if place is None else _facts(self._columns(kept), place)

    def filled(self) -> Iterator[Inner]:
        """Keys of all cells that a row is in, margins left out."""
        yield from self._placed(self._all)

    def rows(self, name: str) -> int:
        """Rows of the whole table that are `valid`, `flags` or `positive`."""
        return int(self._columns(self._all).get(name, np.zeros(1)).sum())

    @property
    def _all(self) -> Kept:
        return (True,) * len(self._query.dimensions)

    @cached_property
    def _categories(self) -> list[Array]:
        columns = self._columns(self._all)
        return [np.unique(columns[f"d{place}"]) for place in range(len(self._all))]

    @cached_property
    def _indexes(self) -> list[dict[Any, int]]:
        return [{value: index for index, value in enumerate(values.tolist())} for values in self._categories]

    def _placed(self, kept: Kept) -> dict[Inner, int]:
        """The place of every cell in the columns that were fetched."""
        if kept not in self._places:
            columns = self._columns(kept)
            indexes = [
                [self._indexes[dimension][value] for value in columns[f"d{dimension}"].tolist()]
                for dimension, stays in enumerate(kept)
                if stays
            ]
            keys = zip(*indexes, strict=True) if indexes else [()] * len(columns["rows"])
            self._places[kept] = {key: place for place, key in enumerate(keys)}
        return self._places[kept]

    def _columns(self, kept: Kept) -> dict[str, Array]:
        if kept not in self._fetched:
            alone = self._data.stands_alone(self._query.dataset, self._unit)
            columns = self._data.fetch(facts_sql(self._query, self._unit, kept, alone, self._asked))
            _expect_finite(columns)
            self._fetched[kept] = columns
        return self._fetched[kept]


def _facts(columns: dict[str, Array], place: int) -> CellFacts:
    fields: dict[str, Any] = {}
    for name in _NAMES & columns.keys():
        value = columns[name][place]
        fields[name] = _TYPES[name](value)
    for name in _SUMS:
        if f"{name}_size" in columns:
            held = (columns[f"{name}_{part}"][place] for part in ("size", "first", "second"))
            fields[f"of_{name}"] = Holdings(*map(float, held))
    return CellFacts(**fields)


_TYPES: dict[str, type] = {
    field.name: {"int": int, "float": float, "bool": bool}[str(field.type)]
    for field in dataclasses.fields(CellFacts)
    if field.type != "Holdings"
}
_NAMES = _TYPES.keys()


def _expect_finite(columns: dict[str, Array]) -> None:
    """Infinite values, and sums beyond what a float can hold, give no figure that could be compared.

    Raises:
        Blocked: there are some.
    """
    sums = [columns[name] for name in _SUMS if name in columns]
    extremes = [columns[name] for name in ("low", "high") if name in columns]
    infinite = [not np.isfinite(values).all() for values in sums] + [
        bool(np.isinf(values.astype(float)).any()) for values in extremes
    ]
    if any(infinite):
        raise Blocked(declarations.VALUE.block("values or weights are infinite: no figure can be recomputed"))
