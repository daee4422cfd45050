"""Who contributes what to which cell: one pass over the data, one entry per cell and person.

Everything the rules and the figures need of a table comes from here: rows, non-null values, totals and
a fingerprint of the rows, per person. Nothing is asked of the data a second time, however many rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from outputs_check.gate.columns import dimension, hashed, number
from outputs_check.gate.data import ROW, Array, DataFolder, Dataset, quoted
from outputs_check.gate.labels import Labels

NOBODY = np.uint64(0)  # unit of rows without one: their values count, they do not
_PRIME = 2**31 - 1


@dataclass(frozen=True)
class Query:
    """What is asked of a dataset. `where` is SQL that `safe_where` wrote; names are the schema's.

    by_row: one entry per row instead of per person, for statistics of single values. binned: a numeric
    column and rising edges; the dimension BIN is the bin [left, right) of it, the last one closed.
    """

    dataset: Dataset
    types: Mapping[str, str]
    dimensions: tuple[str, ...] = ()
    where: str | None = None
    value: str | None = None
    weight: str | None = None
    denominator: str | None = None
    by_row: bool = False
    binned: tuple[str, tuple[float, ...]] | None = None


@dataclass(frozen=True)
class Group:
    """Contributions to one cell, arrays of equal length, one entry per unit (or per row).

    unit: uint64 hash, 0 for none. rows, valid: rows, and rows with a value. total, low, high: of the
    values. ones, zeros: values that are 1 and 0. weight, weighted: sums of weight and weight x value.
    base: sum of the denominator. first, second: fingerprint of the rows. distinct: no unit stands twice.
    """

    unit: Array
    rows: Array
    valid: Array
    total: Array
    low: Array
    high: Array
    ones: Array
    zeros: Array
    weight: Array
    weighted: Array
    base: Array
    first: Array
    second: Array
    distinct: bool = False

    def people(self, which: Array | None = None) -> int:
        """Number of distinct units, of those entries that `which` marks."""
        units = self.unit if which is None else self.unit[which]
        if self.distinct:
            return int(np.count_nonzero(units != NOBODY))
        return int(np.unique(units[units != NOBODY]).size)

    def people_beyond(self, part: Group) -> int:
        """Number of distinct units with rows that are not among those of `part`, a part of this group."""
        units, place = np.unique(np.concatenate([self.unit, part.unit]), return_inverse=True)
        left = np.bincount(place, weights=np.concatenate([self.rows, -part.rows]))
        return int(np.count_nonzero((left > 0) & (units != NOBODY)))

    def per_person(self) -> Group:
        """One entry per unit."""
        if self.distinct:
            return self
        order = np.argsort(self.unit, kind="stable")
        starts = np.flatnonzero(np.diff(self.unit[order], prepend=self.unit[order][:1] + np.uint64(1)))
        if starts.size == self.unit.size:
            return replace(self, distinct=True)
        joined = {
            name: _JOIN[name].reduceat(getattr(self, name)[order], starts) for name in _JOIN if self.unit.size
        }
        return Group(unit=self.unit[order][starts], **joined, distinct=True)


_JOIN: dict[str, np.ufunc] = {
    **dict.fromkeys(
        ("rows", "valid", "total", "ones", "zeros", "weight", "weighted", "base", "first", "second"), np.add
    ),
    "low": np.fmin,
    "high": np.fmax,
}
FIELDS = ("unit", *_JOIN)


@dataclass(frozen=True)
class Contributions:
    """All entries of a query. codes[d][i]: index of entry i in labels[d]."""

    labels: tuple[Labels, ...]
    codes: tuple[Array, ...]
    entries: Group
    by_row: bool

    def group(self, key: Sequence[int | None]) -> Group:
        """Return the entries of a cell; None in `key` is the margin over that dimension."""
        if None not in key:
            return self._inner(
                sum(int(wanted or 0) * step for wanted, step in zip(key, self._steps, strict=True))
            )
        mask = np.ones(self.entries.unit.size, dtype=bool)
        for codes, wanted in zip(self.codes, key, strict=True):
            if wanted is not None:
                mask &= codes == wanted
        chosen = _chosen(self.entries, mask)
        return chosen if self.by_row else chosen.per_person()

    def _inner(self, place: int) -> Group:
        """A cell without margins is a stretch of the sorted entries: cutting it out copies nothing."""
        places, entries = self._sorted
        first, last = np.searchsorted(places, [place, place + 1])
        cell = _chosen(entries, slice(int(first), int(last)))
        return cell if self.by_row else replace(cell, distinct=True)

    @cached_property
    def _steps(self) -> tuple[int, ...]:
        sizes = [len(labels.names) for labels in self.labels]
        return tuple(math.prod(sizes[place + 1 :]) for place in range(len(sizes)))

    @cached_property
    def _sorted(self) -> tuple[Array, Group]:
        places = np.zeros(self.entries.unit.size, dtype=np.int64)
        for codes, step in zip(self.codes, self._steps, strict=True):
            places += codes * step
        order = np.argsort(places, kind="stable")
        return places[order], _chosen(self.entries, order)


def _chosen(group: Group, which: Array | slice) -> Group:
    chosen: dict[str, Any] = {name: getattr(group, name)[which] for name in FIELDS}
    return Group(**chosen)


def contributions(data: DataFolder, query: Query, unit: str) -> Contributions:
    """Ask the data once; a row with a missing dimension belongs to no cell, as in pandas.

    Raises:
        Blocked: the declared expression fails on this data.
    """
    fetched = data.fetch(_sql(query, unit))
    labels, codes = [], []
    for index, name in enumerate(query.dimensions):
        numbers, found = pd.factorize(fetched[f"d{index}"], sort=True)
        labels.append(Labels.of(query.types.get(name, "VARCHAR"), found))
        codes.append(numbers)
    fields: dict[str, Any] = {name: fetched[name] for name in FIELDS}
    fields["unit"] = fields["unit"].astype(np.uint64)
    for name in ("first", "second"):
        fields[name] = fields[name].astype(np.int64)
    return Contributions(tuple(labels), tuple(codes), Group(**fields), query.by_row)


def _sql(query: Query, unit: str) -> str:
    """One scan: filter, group by cell and unit, hash the unit."""
    value = number(query.types, query.value)
    weight = number(query.types, query.weight)
    base = number(query.types, query.denominator)
    dimensions = [dimension(query.types, name, query.binned) for name in query.dimensions]
    keys = ", ".join(f"{expression} AS d{index}" for index, expression in enumerate(dimensions))
    conditions = [f"{expression} IS NOT NULL" for expression in dimensions]
    conditions += [query.where] if query.where else []
    counted = f"{value} IS NOT NULL" if query.value else "TRUE"
    source = (
        f"SELECT {keys + ', ' if keys else ''}{quoted(unit)} AS u, {value} AS v, {weight} AS w, {base} AS b,"  # noqa: S608
        f" {ROW} % {_PRIME} AS r, {counted} AS c FROM {quoted(query.dataset.name)}"
        f"{' WHERE ' + ' AND '.join(conditions) if conditions else ''}"
    )
    names = "".join(f"d{index}, " for index in range(len(dimensions)))
    grouped = "" if query.by_row else f" GROUP BY {names}u"
    return (
        f"SELECT {names}{hashed('u')} AS unit,"  # noqa: S608
        f" * EXCLUDE ({names}u) FROM (SELECT {names}u, {_columns(query.by_row)} FROM ({source}){grouped})"
    )


def _columns(by_row: bool) -> str:
    def total(expression: str, kind: str) -> str:
        summed = expression if by_row else f"sum({expression})"
        return f"CAST(coalesce({summed}, 0) AS {kind})"

    low, high = ("v", "v") if by_row else ("min(v)", "max(v)")
    return ", ".join(
        (
            f"{total('1', 'BIGINT')} AS rows",
            f"{total('CASE WHEN c THEN 1 ELSE 0 END', 'BIGINT')} AS valid",
            f"{total('v', 'DOUBLE')} AS total",
            f"CAST({low} AS DOUBLE) AS low",
            f"CAST({high} AS DOUBLE) AS high",
            f"{total('CASE WHEN v = 1 THEN 1 ELSE 0 END', 'BIGINT')} AS ones",
            f"{total('CASE WHEN v = 0 THEN 1 ELSE 0 END', 'BIGINT')} AS zeros",
            f"{total('CASE WHEN c THEN w END', 'DOUBLE')} AS weight",
            f"{total('w * v', 'DOUBLE')} AS weighted",
            f"{total('b', 'DOUBLE')} AS base",
            # Two moments of the row numbers modulo a prime tell sets of rows of one person apart.
            f"{total('CASE WHEN c THEN r END', 'BIGINT')} AS first",
            f"{total(f'CASE WHEN c THEN r * r % {_PRIME} END', 'BIGINT')} AS second",
        )
    )
