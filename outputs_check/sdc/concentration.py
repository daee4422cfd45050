"""How much of a total a few contributors hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Holdings:
    """How a total is held: the sum of the absolute contributions, the largest and the second of them.

    Absolute values, so that one negative contribution cannot hide a dominant one (Australian Bureau of
    Statistics, (1, k) and (2, k) rules).
    """

    size: float = 0.0
    first: float = 0.0
    second: float = 0.0

    @staticmethod
    def of(contributions: Floats) -> Holdings:
        """Of single contributions, shape (n,)."""
        sizes = np.sort(np.abs(contributions))
        largest = [0.0, 0.0, *sizes[-2:].tolist()]
        return Holdings(float(sizes.sum()), largest[-1], largest[-2])

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the largest and of the two largest; (0, 0) when everything is zero."""
        if self.size == 0:
            return 0.0, 0.0
        return self.first / self.size, (self.first + self.second) / self.size

    @property
    def estimate_margin(self) -> float:
        """How closely the second largest contributor can estimate the largest, in percent of it.

        The p% rule asks that this is at least p: (total - x1 - x2) / x1 * 100 (Hundepool et al.,
        Statistical Disclosure Control, 2012, ch. 4). Infinite when everything is zero.
        """
        if self.first == 0:
            return float("inf")
        return 100.0 * max(0.0, self.size - self.first - self.second) / self.first


def largest_shares(contributions: Floats) -> tuple[float, float]:
    """See `Holdings.shares`. Shape (n,)."""
    return Holdings.of(contributions).shares


def estimate_margin(contributions: Floats) -> float:
    """See `Holdings.estimate_margin`. Shape (n,)."""
    return Holdings.of(contributions).estimate_margin


def gini(values: Floats) -> float:
    """Return the Gini coefficient: sum((2i - n - 1) x_i) / (n sum(x)), x rising. NaN for an empty sum."""
    ordered = np.sort(values)
    n, total = ordered.size, float(ordered.sum())
    if n == 0 or total == 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum()) / (n * total)
