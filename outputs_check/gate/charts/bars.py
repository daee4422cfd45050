"""Bars from zero, and dots where bars would be: figures by category, grouped by a second dimension."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outputs_check.gate.charts import canvas, words
from outputs_check.gate.charts.shapes import Cross

_LONG, _MANY = 11, 12  # characters and bars from which labels are easier to read beside than below
_MOST_WRITTEN = 24  # bars that have their figure written beside them
_ROOM = 96  # characters side by side
_GROUP = 0.8  # of the room of a category


def lies_flat(cross: Cross) -> bool:
    """Whether the bars are horizontal: long labels, or many of them."""
    longest = max(len(words.label(text)) for text in cross.x.labels)
    crowded = longest * len(cross.x.labels) > 80
    return not cross.x.ordered and (longest > _LONG or len(cross.x.labels) > _MANY or crowded)


def height(cross: Cross) -> float:
    """Inches that the bars need."""
    if not lies_flat(cross):
        return 4.0
    return 0.8 + 0.3 * max(len(cross.x.labels), len(cross.x.labels) * len(cross.by.labels) * 0.62)


def draw(figure: Figure, cross: Cross, measure: str, *, dots: bool = False) -> None:
    """Draw a group of bars, or of dots, per category."""
    axes = figure.add_subplot()
    flat = lies_flat(cross)
    written = _has_room(cross, flat=flat)
    thick = _GROUP / len(cross.by.labels)
    for series, name in enumerate(cross.by.labels):
        offset = (series - (len(cross.by.labels) - 1) / 2) * thick
        places = [place for place in range(len(cross.x.labels)) if (place, series) in cross.values]
        figures = {place: cross.values[place, series] for place in places}
        shown = [(place + offset, value) for place, value in figures.items() if value is not None]
        colour = canvas.PALETTE[series]
        positions, lengths = [each[0] for each in shown], [each[1] for each in shown]
        if dots:
            axes.plot(*((lengths, positions) if flat else (positions, lengths)), "o", color=colour, ms=7)
        elif flat:
            axes.barh(positions, lengths, thick * 0.92, color=colour)
        else:
            axes.bar(positions, lengths, thick * 0.92, color=colour)
        if written:
            _write(axes, shown, flat=flat)
        hidden = [place + offset for place, value in figures.items() if value is None]
        _mark(axes, hidden, flat=flat, edge=dots)
        axes.plot([], [], "o" if dots else "s", color=colour, ms=7, label=words.series(name))
    _scale(axes, cross, measure, flat=flat, zero=not dots)
    if len(cross.by.labels) > 1:
        canvas.legend(axes, cross.by.name)


def _has_room(cross: Cross, *, flat: bool) -> bool:
    """Whether every bar can have its figure written beside it."""
    texts = [words.figure(value) for value in cross.values.values() if value is not None]
    room = _ROOM / max(1, len(cross.x.labels) * len(cross.by.labels))
    return len(texts) <= _MOST_WRITTEN and (flat or max(map(len, texts), default=0) <= room)


def _write(axes: Axes, shown: list[tuple[float, float]], *, flat: bool) -> None:
    for position, value in shown:
        sign = 1 if value >= 0 else -1
        beside, above = ("left", "bottom") if sign > 0 else ("right", "top")
        at = (value, position) if flat else (position, value)
        axes.annotate(
            words.figure(value), at, xytext=(5 * sign, 0) if flat else (0, 4 * sign), fontsize=8,
            textcoords="offset points", color=canvas.QUIET, ha=beside if flat else "center",
            va="center" if flat else above,
        )  # fmt: skip
    if flat:
        axes.margins(x=0.12)
    else:
        axes.margins(y=0.12)


def _mark(axes: Axes, hidden: list[float], *, flat: bool, edge: bool) -> None:
    """A suppressed figure has a place and no length. edge: at the edge of the chart, not at zero."""
    scale: Any = (axes.get_yaxis_transform() if flat else axes.get_xaxis_transform()) if edge else "data"
    for position in hidden:
        at = (0, position) if flat else (position, 0)
        axes.annotate(
            canvas.SUPPRESSED, at, xycoords=scale, xytext=(7, 0) if flat else (0, 7), ha="center",
            va="center", textcoords="offset points", fontsize=10, color=canvas.QUIET,
        )  # fmt: skip


def _scale(axes: Axes, cross: Cross, measure: str, *, flat: bool, zero: bool) -> None:
    labels = [words.label(text) for text in cross.x.labels]
    places = range(len(labels))
    if flat:
        axes.set_yticks(places, labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set(xlabel=measure, ylabel=words.name(cross.x.name))
        canvas.figures_on(axes, "x")
    else:
        axes.set_xticks(places, labels)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.set(xlabel=words.name(cross.x.name), ylabel=measure)
        canvas.figures_on(axes, "y")
    axes.tick_params(axis="y" if flat else "x", length=0)
    if zero:
        (axes.axvline if flat else axes.axhline)(0, color=canvas.QUIET, linewidth=0.9)
