"""Observed times of one group, and what a grid of times shows of them (Kaplan & Meier 1958)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from outputs_check.gate import persons
from outputs_check.gate.columns import NOBODY
from outputs_check.gate.data import Array


@dataclass(frozen=True)
class Lives:
    """Observations of one group, shape (n,), in rising order of time.

    event: 1 where the event was observed, 0 where the observation was censored. units: a hash per
    registered unit and observation; one unit may have several observations.
    """

    time: Array
    event: Array
    units: dict[str, Array]

    @staticmethod
    def of(time: Array, event: Array, units: dict[str, Array]) -> Lives:
        """Sort observations by time."""
        order = np.argsort(time, kind="stable")
        return Lives(time[order], event[order], {unit: hashes[order] for unit, hashes in units.items()})

    def entering(self, grid: Array) -> Array:
        """At risk when the interval of each row begins: observed beyond the row before."""
        return self.time.size - np.concatenate([[0], self.after(grid)[:-1]])

    def before(self, grid: Array) -> Array:
        """At risk just before the time of each row: observed at least that long."""
        return np.asarray(self.time.size - self.up_to(grid))

    def after(self, grid: Array) -> Array:
        """Number of observations that end at each time or earlier."""
        return np.asarray(np.searchsorted(self.time, grid, side="right"))

    def up_to(self, grid: Array) -> Array:
        """Number of observations that end before each time."""
        return np.asarray(np.searchsorted(self.time, grid, side="left"))

    def events(self, grid: Array) -> Array:
        """Events after the row before, up to and with the time of each row."""
        return np.diff(self._events_until[self.after(grid)], prepend=0)

    def censored(self, grid: Array) -> Array:
        """Censorings after the row before, up to and with the time of each row."""
        return np.diff(self.after(grid), prepend=0) - self.events(grid)

    def survival(self, grid: Array) -> Array:
        """The Kaplan-Meier estimate from every single time, read off at the times of the grid."""
        times, deaths = np.unique(self.time[self.event == 1], return_counts=True)
        curve = np.cumprod(1 - deaths / self.before(times))
        return np.concatenate([[1.0], curve])[np.searchsorted(times, grid, side="right")]

    def people(self, unit: str, first: int, last: int, *, events: bool = False) -> int:
        """Distinct units of the observations first … last - 1; of those that end in the event."""
        hashes = self.units[unit][first:last]
        if events:
            hashes = hashes[self.event[first:last] == 1]
        return persons.number_of(hashes)

    def people_from(self, unit: str, first: Array) -> Array:
        """Distinct units of the observations from each position on."""
        hashes = self.units[unit]
        # Looked at from the end, the first sight of a unit is its last observation.
        distinct, last = np.unique(hashes[::-1], return_index=True)
        ends = np.sort(hashes.size - 1 - last[distinct != NOBODY])
        return np.asarray(ends.size - np.searchsorted(ends, first, side="left"))

    @cached_property
    def _events_until(self) -> Array:
        return np.concatenate([[0], np.cumsum(self.event == 1)])
