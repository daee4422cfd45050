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
_LARGEST = 1e6  # figures are scaled down to it: beyond, their last digits are more than the slack


class Unsolved(Exception):
    """The solver found no interval, although there is one."""


def intervals(
    sums: sparse.csr_array, low: Floats, high: Floats, wanted: sparse.csr_array
) -> Iterator[tuple[float, float]]:
    """Yield (smallest, largest) of each wanted sum of cells, all cells being at least zero.

    sums: shown figures by cells, 1 where a cell is part of it. low, high: bounds of each figure, equal
    where it is exact. wanted: sums of cells, of the same shape. What no figure bounds reaches to infinity.

    Raises:
        Unsolved: no cells of at least zero have these sums, or the solver gives up.
    """
    scale = max(1.0, float(np.abs(high).max(initial=0.0)) / _LARGEST)
    for smallest, largest in _scaled(sums, low / scale, high / scale, wanted):
        yield smallest * scale, largest * scale


def _scaled(
    sums: sparse.csr_array, low: Floats, high: Floats, wanted: sparse.csr_array
) -> Iterator[tuple[float, float]]:
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
    if not sums.shape[0]:
        return 0.0, math.inf
    # A cell in no figure is bounded by none, and one in a figure is: all cells are at least zero.
    open_end = bool(goal[sums.sum(axis=0) == 0].any())
    smallest = _solved(goal, sums, low, high)
    return smallest, math.inf if open_end else -_solved(-goal, sums, low, high)


def _solved(goal: Floats, sums: sparse.csr_array, low: Floats, high: Floats) -> float:
    solved = optimize.linprog(
        goal,
        A_ub=sparse.vstack([sums, -sums]),
        b_ub=np.concatenate([high, -low]) + _SLACK,
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        raise Unsolved(str(solved.message)[:150])
    return float(solved.fun)
