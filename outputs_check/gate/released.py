"""Figures to compare with: where they stand, how large they are, and their sets on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from outputs_check.gate.data import Array

Members = TypeVar("Members")
UNKNOWN = -1  # in the place of a sketch that nobody could work out


@dataclass(frozen=True)
class Figures(Generic[Members]):
    """sizes: shape (n,). sketches: shape (n, buckets). single: as in `People`, shape (n,).

    label: number -> (origin, name). members: number -> its set:
    a bitmap of rows, or the sorted hashes of people.
    """

    sizes: Array
    sketches: Array
    single: Array
    label: Callable[[int], tuple[str, str]]
    members: Callable[[int], Members]

    def near(self, size: int, sketch: Array, reach: int) -> Iterator[int]:
        """Numbers of the figures that may differ from a set by at most `reach` members."""
        close = np.flatnonzero(np.abs(self.sizes - size) <= reach)
        if close.size and sketch[0] != UNKNOWN:
            others = self.sketches[close]
            apart = np.abs(others - sketch).sum(axis=1)
            close = close[(apart <= reach) | (others[:, 0] == UNKNOWN)]
        yield from close.tolist()


def ranges(sizes: Array, reach: int) -> list[tuple[int, int]]:
    """The sizes within `reach` of one of these, as ranges that do not overlap."""
    found: list[tuple[int, int]] = []
    for size in np.unique(sizes).tolist():
        low, high = size - reach, size + reach
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found
