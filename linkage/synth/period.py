"""The six years that the deliveries cover, by day and by month."""

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

START = np.datetime64("2019-04-06", "D")
END = np.datetime64("2025-04-05", "D")
MONTHS = 72
MONTH_STARTS: Days = (np.datetime64("2019-04", "M") + np.arange(MONTHS + 1)).astype("datetime64[D]")
NEVER = np.datetime64("NaT", "D")


def random_day(rng: np.random.Generator, month: NDArray[np.int64]) -> Days:
    """A day of each month (0 … 71); no day of April 2019 before the period starts."""
    first, following = MONTH_STARTS[month], MONTH_STARTS[month + 1]
    first = np.maximum(first, START)
    length = (following - first).astype(np.int64)
    return first + (rng.random(len(month)) * length).astype(np.int64)


def age_by_month(birth: Days) -> NDArray[np.float64]:
    """Ages in years at the start of each month, shape (people, 72)."""
    return (MONTH_STARTS[None, :MONTHS] - birth[:, None]).astype(np.float64) / 365.25
