"""The people behind rows, by the hashes of their unit: how many, and what the rows of each add up to."""

from __future__ import annotations

import numpy as np

from outputs_check.gate.columns import NOBODY
from outputs_check.gate.data import Array


def number_of(hashes: Array) -> int:
    """Number of distinct people of rows, shape (n,); rows of nobody have none."""
    return int(np.unique(hashes[hashes != NOBODY]).size)


def totals(hashes: Array, values: Array) -> Array:
    """Sums of `values`, shape (n,), per person. Shape (people,)."""
    distinct, person = np.unique(hashes, return_inverse=True)
    return np.asarray(np.bincount(person, values)[distinct != NOBODY])
