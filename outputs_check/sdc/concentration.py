"""How much of a total a few contributors hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def largest_shares(contributions: Floats) -> tuple[float, float]:
    """Return the shares of the largest and of the two largest contributors in the absolute total.

    Absolute values, so that one negative contribution cannot hide a dominant one (Australian Bureau of
    Statistics, (1, k) and (2, k) rules). Shape (n,); (0, 0) when everything is zero.
    """
    sizes = np.abs(contributions)
    total = float(sizes.sum())
    if total == 0:
        return 0.0, 0.0
    top = np.sort(sizes)[-2:]
    return float(top[-1]) / total, float(top.sum()) / total


def estimate_margin(contributions: Floats) -> float:
    """Return how closely the second largest contributor can estimate the largest, in percent of it.

    The p% rule asks that this is at least p: (total - x1 - x2) / x1 * 100, on absolute values
    (Hundepool et al., Statistical Disclosure Control, 2012, ch. 4). Infinite when everything is zero.
    """
    sizes = np.sort(np.abs(contributions))
    if not sizes.size or sizes[-1] == 0:
        return float("inf")
    return 100.0 * float(sizes[:-2].sum()) / float(sizes[-1])


def gini(values: Floats) -> float:
    """Return the Gini coefficient: sum((2i - n - 1) x_i) / (n sum(x)), x rising. NaN for an empty sum."""
    ordered = np.sort(values)
    n, total = ordered.size, float(ordered.sum())
    if n == 0 or total == 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum()) / (n * total)
