"""Footprints: the exact set of people, and of their rows, behind one figure.

A figure is known by what contributes to it. Two figures whose contributions differ for fewer people
than the threshold tell something about those few, whatever the tables look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyroaring import BitMap

from outputs_check.gate.contributions import NOBODY, Group
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

    def footprint(self, name: str, group: Group, registers: Registers) -> Footprint:
        """Return the footprint of a group with one entry per person."""
        used = (group.unit != NOBODY) & (group.valid > 0)
        units, rows = group.unit[used], group.valid[used]
        people = registers.people.numbers(units)
        marks = _mixed(units ^ _mixed(group.first[used]) ^ _mixed(_mixed(group.second[used])) ^ _mixed(rows))
        contributions = registers.contributions.numbers(marks, owners=people)
        return Footprint(
            origin=self.origin,
            name=name,
            measure=self.measure,
            data=self.data,
            extract=self.extract,
            unit=self.unit,
            exact=self.exact,
            single=bool((rows == 1).all()),
            contributions=BitMap(contributions),
            people=BitMap(people),
        )


def _mixed(numbers: Array) -> Array:
    """Scatter 64-bit integers (the finaliser of SplitMix64, Steele et al. 2014)."""
    mixed = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def joined(groups: Sequence[Group]) -> Group:
    """Return what several groups contribute together, one entry per person."""
    fields = {
        name: np.concatenate([getattr(group, name) for group in groups])
        for name in Group.__dataclass_fields__
    }
    return Group(**fields).per_person()
