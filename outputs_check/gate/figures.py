"""Figures as text: read strictly, compared within the declared rounding, written in one way."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import numpy as np
import numpy.typing as npt

SUPPRESSED = frozenset({"", "*", "[c]"})
_FIGURE = re.compile(r"[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3}){1,99}(\.\d*)?", re.ASCII)
# Floating-point summation order differs between pandas and DuckDB; far below any disclosure.
RELATIVE, _ABSOLUTE = 1e-10, 1e-12
SINGLE = 1e-6  # for what was added up in single precision
_DIGITS = 10


def read_figure(text: str) -> float | None:
    """Return the number a cell holds, None when it holds none; 12,021 is written for people."""
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _FIGURE.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def agrees(shown: float, true: float, rounding: float | None, tolerance: float = RELATIVE) -> bool:
    """Whether a shown figure is the recomputed one, to the declared base or to floating-point error."""
    slack = tolerance * max(abs(shown), abs(true)) + _ABSOLUTE
    if rounding is None:
        return abs(shown - true) <= slack
    return is_multiple(shown, rounding) and abs(shown - true) <= rounding / 2 + slack


def is_multiple(number: float, base: float) -> bool:
    """Whether a number is a multiple of a base, to floating-point error."""
    return bool(are_multiples(np.array([number]), base)[0])


def are_multiples(numbers: npt.NDArray[np.float64], base: float) -> npt.NDArray[np.bool_]:
    """Which numbers are multiples of a base, to floating-point error. Shape (n,), as the result."""
    steps = numbers / base
    return np.asarray(np.abs(steps - np.rint(steps)) <= 1e-9 + 1e-14 * np.abs(steps))


def rounded(number: float, base: float | None) -> float:
    """Return the nearest multiple of the base."""
    return number if base is None else round(number / base) * base


def written(number: float, base: float | None) -> str:
    """Return the gate's own spelling: multiples of the base, or at most ten significant digits.

    Digits beyond what a reader needs are a covert channel (rulebook, "Files": precision limited).
    """
    if not math.isfinite(number):
        return ""
    if base is not None:
        exponent = Decimal(repr(base)).normalize().as_tuple().exponent
        decimals = max(0, -exponent) if isinstance(exponent, int) else 0
        return f"{rounded(number, base) + 0.0:.{decimals}f}"
    limited = float(number) if float(number).is_integer() else float(f"{number:.{_DIGITS}g}")
    return str(int(limited)) if limited.is_integer() and abs(limited) < 2**53 else repr(limited)
