"""What a reader can bound a suppressed cell by: the smallest and largest value that the shown sums allow.

The attacker problem of cell suppression (Fischetti & Salazar 2001; Hundepool et al., Statistical
Disclosure Control, 2012, ch. 4.4): a linear programme for each end of each interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from scipy.sparse import csgraph

Floats = npt.NDArray[np.float64]
_SLACK = 1e-7  # so that figures that were added in another order still fit


def intervals(
    sums: sparse.csr_array, low: Floats, high: Floats, wanted: sparse.csr_array
) -> Iterator[tuple[float, float]]:
    """Yield (smallest, largest) of each wanted sum of cells, all cells being at least zero.

    sums: shown figures by cells, 1 where a cell is part of it. low, high: bounds of each figure, equal
    where it is exact. wanted: sums of cells, of the same shape. What no figure bounds reaches to infinity.
    """
    fixed, values = _given(sums, low, high)
    free = np.flatnonzero(~fixed)
    rest = _columns(sums, free)
    known = sums @ values
    low, high = low - known, high - known
    parts = _parts(rest)
    for target in range(wanted.shape[0]):
        goal = wanted[[target]]
        base = float((goal @ values)[0])
        goal = _columns(goal, free)
        columns = np.flatnonzero(np.isin(parts, np.unique(parts[goal.indices])))
        part = _columns(rest, columns)
        rows = np.flatnonzero(np.diff(part.indptr))
        smallest, largest = _ends(part[rows], low[rows], high[rows], _columns(goal, columns).toarray()[0])
        yield base + smallest, base + largest


def _columns(matrix: sparse.csr_array, columns: npt.NDArray[np.intp]) -> sparse.csr_array:
    return sparse.csr_array(sparse.csc_array(matrix)[:, columns])


def _given(sums: sparse.csr_array, low: Floats, high: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Cells that an exact figure shows by itself, and their values."""
    alone = np.flatnonzero((np.diff(sums.indptr) == 1) & (low == high))
    fixed = np.zeros(sums.shape[1], dtype=bool)
    values = np.zeros(sums.shape[1])
    cells = sums.indices[sums.indptr[alone]]
    fixed[cells] = True
    values[cells] = low[alone]
    return fixed, values


def _parts(sums: sparse.csr_array) -> npt.NDArray[np.int32]:
    """Number of the connected part of every cell: parts do not bound one another."""
    figures, cells = sums.shape
    graph = sparse.block_array(
        [[sparse.csr_array((figures, figures)), sums], [None, sparse.csr_array((cells, cells))]]
    )
    return np.asarray(csgraph.connected_components(graph, directed=False)[1][figures:])


def _ends(sums: sparse.csr_array, low: Floats, high: Floats, goal: Floats) -> tuple[float, float]:
    if not goal.any():
        return 0.0, 0.0
    bounded = sums.shape[0] > 0
    ends = []
    for sign in (1.0, -1.0):
        solved = optimize.linprog(
            sign * goal,
            A_ub=sparse.vstack([sums, -sums]) if bounded else None,
            b_ub=np.concatenate([high, -low]) + _SLACK if bounded else None,
            bounds=(0, None),
            method="highs",
        )
        ends.append(float(sign * solved.fun) if solved.status == 0 else math.inf)
    return (0.0 if ends[0] == math.inf else ends[0]), ends[1]
