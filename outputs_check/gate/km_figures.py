"""How the figures of a survival table may have been read off and rounded, and whether they are the data's.

Over merged steps two at-risk figures are in use: of those who enter the step (life tables), and of those
observed up to the time itself (event tables). Rounded counts: each to the base, each to the midpoint of
its class (OpenSAFELY: 1-6 is 3, 7-12 is 9), or either of both of the sum since the start.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from outputs_check.gate.data import Array
from outputs_check.gate.figures import SUPPRESSED, agrees, are_multiples, read_figure, written
from outputs_check.gate.rules import tables
from outputs_check.gate.rules.rule import Violation
from outputs_check.gate.survival import Lives
from outputs_check.gate.verdict import Verdict

COUNTS = ("at_risk", "events", "censored")
FIGURES = (*COUNTS, "survival")
_MOST_DECIMALS = 10
_SLACK = 1e-9
_RELATIVE = 1e-9  # what the gate itself writes, to ten digits, is the same figure
Agree = Callable[[Array, Array, float], Array]


@dataclass(frozen=True)
class Shown:
    """Texts of one group's figures by column, one per row."""

    texts: Mapping[str, Sequence[str]]

    def any_at(self, row: int) -> bool:
        """Whether a row shows a figure at all."""
        return any(column[row] not in SUPPRESSED for column in self.texts.values())

    def figures(self, column: str) -> Array:
        """Shape (rows,), NaN where nothing can be read."""
        read = [read_figure(text) for text in self.texts[column]]
        return np.array([np.nan if figure is None else figure for figure in read])

    def whole(self, column: str) -> bool:
        """Whether the column is there and shows a figure in every row."""
        return column in self.texts and not np.isnan(self.figures(column)).any()


@dataclass(frozen=True)
class Reading:
    """The file under one way of reading it. texts: the gate's own spelling. wrong: (row, column, what)."""

    inclusive: bool
    texts: Mapping[str, Sequence[str]]
    wrong: tuple[tuple[int, str, Violation], ...]


def best_reading(lives: Lives, grid: Array, shown: Shown, base: float | None) -> Reading:
    """Return the reading that the fewest figures speak against."""
    roundings = _ROUNDINGS if base is not None and base >= 1 else _ROUNDINGS[:1]
    readings = (
        _reading(lives, grid, shown, base, inclusive, *rounding)
        for inclusive, rounding in itertools.product((False, True), roundings)
    )
    return min(readings, key=lambda reading: len(reading.wrong))


def _nearest(shown: Array, true: Array, base: float) -> Array:
    return np.asarray(are_multiples(shown, base) & (np.abs(shown - true) <= base / 2 + _SLACK))


def _midpoint(shown: Array, true: Array, base: float) -> Array:
    middle = np.ceil(true / base) * base - np.floor(base / 2)
    return np.asarray(np.abs(shown - np.where(true > 0, middle, 0)) <= _SLACK)


_ROUNDINGS: tuple[tuple[Agree, bool], ...] = (
    (_nearest, False), (_midpoint, False), (_nearest, True), (_midpoint, True),
)  # fmt: skip


def _reading(
    lives: Lives,
    grid: Array,
    shown: Shown,
    base: float | None,
    inclusive: bool,
    agree: Agree,
    cumulative: bool,
) -> Reading:
    true = {
        "at_risk": lives.before(grid) if inclusive else lives.entering(grid),
        "events": lives.events(grid),
        "censored": lives.censored(grid),
    }
    texts: dict[str, list[str]] = {}
    wrong: list[tuple[int, str, Violation]] = []
    step = 1.0 if base is None or base < 1 else base
    for column in [name for name in COUNTS if name in shown.texts]:
        figures = shown.figures(column)
        good = _counts_agree(shown, column, true, step, agree, cumulative)
        texts[column] = [
            "[c]" if text in SUPPRESSED else written(figure if step > 1 else float(count), None)
            for text, figure, count in zip(shown.texts[column], figures, true[column], strict=True)
        ]
        wrong += _against(shown, column, good, [written(float(count), None) for count in true[column]])
    if "survival" in shown.texts:
        curve, own = _survival(lives, grid, shown, true, base)
        texts["survival"] = [
            "[c]" if text in SUPPRESSED else spelled
            for text, spelled in zip(shown.texts["survival"], own, strict=True)
        ]
        wrong += _against(shown, "survival", curve, own)
    return Reading(inclusive, texts, tuple(wrong))


def _counts_agree(
    shown: Shown, column: str, true: Mapping[str, Array], step: float, agree: Agree, cumulative: bool
) -> Array:
    figures, counts = shown.figures(column), true[column].astype(float)
    if not cumulative:
        return agree(figures, counts, step)
    if not all(shown.whole(name) for name in COUNTS):
        return np.zeros(figures.size, dtype=bool)
    if column != "at_risk":
        return agree(np.cumsum(figures), np.cumsum(counts), step)
    left = np.cumsum(shown.figures("events") + shown.figures("censored"))
    follows = np.abs(figures - (figures[0] - np.concatenate([[0], left[:-1]]))) <= _SLACK
    return np.asarray(follows & bool(agree(figures[:1], counts[:1], step)[0]))


def _survival(
    lives: Lives, grid: Array, shown: Shown, true: Mapping[str, Array], base: float | None
) -> tuple[Array, list[str]]:
    """The estimate from single times, from the table's own steps, or from its rounded counts."""
    curves = [lives.survival(grid), _product(true["at_risk"], true["events"])]
    if base is not None and base >= 1 and shown.whole("at_risk") and shown.whole("events"):
        curves.append(_product(shown.figures("at_risk"), shown.figures("events")))
    if base is not None and base >= 1:
        decimals = max(_decimals(text) for text in shown.texts["survival"])
        base = None if decimals > _MOST_DECIMALS else float(f"1e-{decimals}")
    figures = shown.figures("survival")
    judged = [
        np.array([agrees(figure, of, base, _RELATIVE) for figure, of in zip(figures, curve, strict=True)])
        for curve in curves
    ]
    best = int(np.argmax([good.sum() for good in judged]))
    return judged[best], [written(float(figure), base) for figure in curves[best]]


def _product(at_risk: Array, events: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cumprod(np.where(at_risk > 0, 1 - events / at_risk, np.where(events > 0, np.nan, 1)))


def _decimals(text: str) -> int:
    if read_figure(text) is None:
        return 0
    exponent = Decimal(text).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _against(shown: Shown, column: str, good: Array, true: Sequence[str]) -> list[tuple[int, str, Violation]]:
    found = []
    for row, text in enumerate(shown.texts[column]):
        if text in SUPPRESSED or good[row]:
            continue
        detail = f"{text[:30]} submitted, {true[row]} recomputed"
        violation = Violation(tables.FORGED, Verdict.BLOCK, "Figures differ from the data", detail)
        found.append((row, column, violation))
    return found
