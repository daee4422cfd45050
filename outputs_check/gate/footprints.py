"""Footprints: the exact set of people, and of their rows, behind one figure.

A figure is known by what contributes to it. Two figures whose contributions differ for fewer people
than the threshold tell something about those few, whatever the tables look like.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyroaring import BitMap

from outputs_check.gate.contributions import FIELDS, NOBODY, Contributions, Group, Query, contributions
from outputs_check.gate.data import Array, DataFolder
from outputs_check.gate.equation import Equation, Key
from outputs_check.gate.labels import MARGIN

_MAX_DERIVED_DIMENSIONS = 4


class Register:
    """Gives 64-bit hashes small numbers, in order of arrival, so that sets of them compress well.

    owners[i]: number of the person that contribution i belongs to (empty in the register of people).
    """

    def __init__(self, hashes: Array | None = None, owners: Array | None = None) -> None:
        self._index = pd.Index(np.empty(0, np.uint64) if hashes is None else hashes)
        self.owners: Array = np.empty(0, np.uint32) if owners is None else owners

    def __len__(self) -> int:
        return len(self._index)

    def numbers(self, hashes: Array, owners: Array | None = None) -> Array:
        """Return the numbers of distinct hashes, giving new ones to those not seen before."""
        found = self._index.get_indexer(hashes)
        new = found < 0
        if new.any():
            found[new] = np.arange(len(self), len(self) + int(new.sum()))
            self._index = self._index.append(pd.Index(hashes[new]))
            if owners is not None:
                self.owners = np.concatenate([self.owners, owners[new].astype(np.uint32)])
        return np.asarray(found, dtype=np.uint32)

    def since(self, first: int) -> Array:
        """Hashes numbered from `first` on."""
        return np.asarray(self._index[first:], dtype=np.uint64)


@dataclass
class Registers:
    """The two registers that belong together."""

    people: Register
    contributions: Register

    @staticmethod
    def empty() -> Registers:
        return Registers(Register(), Register())


@dataclass(frozen=True)
class Footprint:
    """Who stands behind one figure, shown or derivable by adding shown ones.

    origin: the file, or the earlier release. measure: "count", or the value and dataset; only figures of
    one measure can be subtracted. extract: what the rows were read from. exact: not rounded to a base
    that protects. single: every person contributes one row, so that a count counts people.
    """

    origin: str
    name: str
    measure: str
    data: str
    extract: str
    unit: str
    exact: bool
    single: bool
    contributions: BitMap
    people: BitMap


def footprints(data: DataFolder, equation: Equation, registers: Registers) -> Iterator[Footprint]:
    """Yield the footprint of every shown figure, and of the lines that shown cells add up to."""
    dataset = data.dataset(equation.data)
    types = data.columns(dataset)
    query = Query(dataset, types, equation.dimensions, equation.where, equation.value, binned=equation.binned)
    exact = {shown.key for shown in equation.exact}
    for unit in equation.units:
        entries = contributions(data, query, unit)
        named: list[tuple[str, bool, Group]] = []
        for shown in equation.shown:
            group = entries.group(_codes(entries, shown.key)).per_person()
            named.append((shown.name, shown.key in exact, group))
        for label, keys in _lines(equation):
            together = joined([entries.group(_codes(entries, key)) for key in keys])
            named.append((f"sum of the shown cells, {label}", True, together))
        yield from _footprints(equation, unit, named, registers)


def _codes(entries: Contributions, key: Key) -> list[int | None]:
    return [
        None if name is None else labels.find(name) for labels, name in zip(entries.labels, key, strict=True)
    ]


def _lines(equation: Equation) -> Iterator[tuple[str, list[Key]]]:
    """Yield every line of exactly shown cells along one or more dimensions: what a reader can add up."""
    inner = [shown.key for shown in equation.exact if None not in shown.key]
    if len(equation.dimensions) > _MAX_DERIVED_DIMENSIONS:
        return
    for size in range(1, len(equation.dimensions) + 1):
        for along in itertools.combinations(range(len(equation.dimensions)), size):
            lines: dict[Key, list[Key]] = {}
            for key in inner:
                label = tuple(None if place in along else name for place, name in enumerate(key))
                lines.setdefault(label, []).append(key)
            for label, keys in lines.items():
                named = zip(equation.dimensions, label, strict=True)
                yield ", ".join(f"{name}={MARGIN if part is None else part}" for name, part in named), keys


def _footprints(
    equation: Equation, unit: str, named: Sequence[tuple[str, bool, Group]], registers: Registers
) -> Iterator[Footprint]:
    if not named:
        return
    used = [(group.unit != NOBODY) & (group.valid > 0) for _, _, group in named]
    units = [group.unit[mask] for (_, _, group), mask in zip(named, used, strict=True)]
    marks = [_marks(group, mask) for (_, _, group), mask in zip(named, used, strict=True)]
    people, contributed = _numbered(np.concatenate(units), np.concatenate(marks), registers)
    ends = np.cumsum([each.size for each in units])[:-1]
    parts = zip(np.split(people, ends), np.split(contributed, ends), strict=True)
    for (name, exact, group), mask, (persons, theirs) in zip(named, used, parts, strict=True):
        yield Footprint(
            origin=equation.origin,
            name=name,
            measure=equation.measure,
            data=equation.data,
            extract=equation.extract,
            unit=unit,
            exact=exact,
            single=bool((group.valid[mask] == 1).all()),
            contributions=BitMap(theirs),
            people=BitMap(persons),
        )


def _marks(group: Group, used: Array) -> Array:
    """One hash per contribution: the unit and exactly these rows of it."""
    rows = _mixed(group.second[used].astype(np.uint64) ^ _mixed(group.valid[used]))
    return _mixed(group.unit[used] ^ _mixed(group.first[used].astype(np.uint64) ^ rows))


def _numbered(units: Array, marks: Array, registers: Registers) -> tuple[Array, Array]:
    """Number people and contributions, all at once: a register that grows is costly to look into."""
    places, distinct = pd.factorize(units)
    people = registers.people.numbers(distinct)[places]
    places, distinct = pd.factorize(marks)
    owners = np.empty(distinct.size, dtype=np.uint32)
    owners[places] = people
    return people, registers.contributions.numbers(distinct, owners)[places]


def _mixed(numbers: Array) -> Array:
    """Scatter 64-bit integers (the finaliser of SplitMix64, Steele et al. 2014)."""
    mixed = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def joined(groups: Sequence[Group]) -> Group:
    """Return what several groups contribute together, one entry per person."""
    fields: dict[str, Any] = {
        name: np.concatenate([getattr(group, name) for group in groups]) for name in FIELDS
    }
    return Group(**fields).per_person()
