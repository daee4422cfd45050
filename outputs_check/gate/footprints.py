"""Footprints: the exact set of people, and of their rows, behind one figure.

A figure is known by what contributes to it. Two figures whose contributions differ for fewer people
than the threshold tell something about those few, whatever the tables look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyroaring import BitMap

from outputs_check.gate.contributions import FIELDS, NOBODY, Group
from outputs_check.gate.data import Array

COUNT = "count"


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


@dataclass(frozen=True)
class Source:
    """What the footprints of one table have in common."""

    origin: str
    measure: str
    data: str
    extract: str
    unit: str
    exact: bool

    def footprints(self, named: Sequence[tuple[str, Group]], registers: Registers) -> Iterator[Footprint]:
        """Yield the footprint of every group; the groups have one entry per person."""
        used = [(group.unit != NOBODY) & (group.valid > 0) for _, group in named]
        units = [group.unit[mask] for (_, group), mask in zip(named, used, strict=True)]
        marks = [_marks(group, mask) for (_, group), mask in zip(named, used, strict=True)]
        if not named:
            return
        people, contributions = _numbered(np.concatenate(units), np.concatenate(marks), registers)
        ends = np.cumsum([each.size for each in units])[:-1]
        parts = zip(np.split(people, ends), np.split(contributions, ends), strict=True)
        for (name, group), mask, (persons, theirs) in zip(named, used, parts, strict=True):
            yield Footprint(
                origin=self.origin,
                name=name,
                measure=self.measure,
                data=self.data,
                extract=self.extract,
                unit=self.unit,
                exact=self.exact,
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
