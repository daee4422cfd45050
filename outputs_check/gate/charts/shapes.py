"""What can be drawn: figures by category, histograms, survival curves, coefficients, correlations.

A suppressed figure is None wherever it stands: the gate's bytes do not have it, so no picture of them can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outputs_check.gate.charts.axis import Axis

Value = float | None
_INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Cross:
    """Figures by one dimension or by several. values: (place on x, place on by) -> figure."""

    x: Axis
    by: Axis
    values: Mapping[tuple[int, int], Value]
    dimensions: int


@dataclass(frozen=True)
class Panel:
    """One histogram. bins: (left, right, count), rising."""

    name: str
    bins: tuple[tuple[float, float, Value], ...]


@dataclass(frozen=True)
class Histogram:
    """A histogram per facet."""

    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Curves:
    """Survival per group. curves: name -> (time, survival), times rising."""

    by: str
    curves: Mapping[str, tuple[tuple[float, Value], ...]]


@dataclass(frozen=True)
class Term:
    """A coefficient and its interval of 95%; None: suppressed or not in the table."""

    name: str
    coef: Value
    low: Value
    high: Value


@dataclass(frozen=True)
class Terms:
    """The coefficients of a regression."""

    terms: tuple[Term, ...]

    @property
    def effects(self) -> tuple[Term, ...]:
        """What is drawn: the intercept is on another scale than effects are, and stays in the table."""
        return tuple(term for term in self.terms if term.name != _INTERCEPT) or self.terms


@dataclass(frozen=True)
class Matrix:
    """Correlations, shape (names, names)."""

    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]


Shape = Cross | Histogram | Curves | Terms | Matrix


def figures_of(shape: Shape) -> Iterator[Value]:
    """Every figure that a chart of this shape shows."""
    match shape:
        case Cross():
            yield from shape.values.values()
        case Histogram():
            yield from (count for panel in shape.panels for _, _, count in panel.bins)
        case Curves():
            yield from (value for curve in shape.curves.values() for _, value in curve)
        case Terms():
            yield from (term.coef for term in shape.effects)
        case Matrix():
            yield from (value for row in shape.values for value in row)
