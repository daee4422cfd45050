"""Lines along an ordered dimension, and the steps of survival curves; what is suppressed is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import nan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outputs_check.gate.charts import canvas, words
from outputs_check.gate.charts.shapes import Cross, Curves

_STYLES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = "osD^vPXh"
_MOST_MARKERS, _MOST_TICKS = 40, 12
HEIGHT = 4.0


def draw(figure: Figure, cross: Cross, measure: str, *, from_zero: bool) -> None:
    """Draw a line per category of the second dimension."""
    axes = figure.add_subplot()
    at = cross.x.positions
    dots = len(at) <= _MOST_MARKERS
    for series, name in enumerate(cross.by.labels):
        found = [cross.values.get((place, series), nan) for place in range(len(at))]
        axes.plot(
            at, [nan if value is None else value for value in found], color=canvas.PALETTE[series],
            linestyle=_STYLES[series % len(_STYLES)], marker=_MARKERS[series] if dots else None, ms=5,
            linewidth=1.9, label=words.series(name),
        )  # fmt: skip
        _gaps(axes, [place for place, value in zip(at, found, strict=True) if value is None], series)
    known = [value for value in cross.values.values() if value is not None]
    if from_zero and min(known, default=0) >= 0:
        axes.set_ylim(0, 1.05 * max(known, default=0) or 1)
    chosen = _thinned(at, [words.label(text) for text in cross.x.labels])
    axes.set_xticks(*chosen)
    axes.set(xlabel=words.name(cross.x.name), ylabel=measure)
    canvas.figures_on(axes, "y")
    if len(cross.by.labels) > 1:
        canvas.legend(axes, cross.by.name)


def draw_steps(figure: Figure, curves: Curves, measure: str) -> None:
    """Draw survival per group: it stays until the next time of its table, from 1 at time 0."""
    axes = figure.add_subplot()
    for series, (name, points) in enumerate(curves.curves.items()):
        start = [(0.0, 1.0)] if points[0][0] > 0 else []
        found = [*start, *points]
        axes.step(
            [time for time, _ in found], [nan if value is None else value for _, value in found],
            where="post", color=canvas.PALETTE[series], linestyle=_STYLES[series % len(_STYLES)],
            linewidth=1.9, label=words.series(name),
        )  # fmt: skip
        _gaps(axes, [time for time, value in points if value is None], series)
    axes.set_ylim(0, 1.03)
    axes.set_xlim(
        left=min((points[0][0] for points in curves.curves.values() if points[0][0] < 0), default=0.0)
    )
    axes.set(xlabel="Time", ylabel=measure)
    canvas.figures_on(axes, "y")
    axes.xaxis.set_major_formatter(lambda value, _: words.figure(value))
    if len(curves.curves) > 1:
        canvas.legend(axes, curves.by)


def _gaps(axes: Axes, positions: Sequence[float], series: int) -> None:
    """Mark suppressed figures at the foot of the chart, in the colour of their line."""
    for position in positions:
        axes.annotate(
            canvas.SUPPRESSED, (position, 0), xycoords=("data", "axes fraction"), ha="center", va="center",
            xytext=(0, 7 + 9 * series), textcoords="offset points", color=canvas.PALETTE[series], fontsize=11,
        )  # fmt: skip


def _thinned(at: Sequence[float], labels: Sequence[str]) -> tuple[list[float], list[str]]:
    """As many labels as have room, spread over the axis."""
    room = (at[-1] - at[0]) * min(0.4, max(map(len, labels)) / 90 + 0.015)
    crowded = len(labels) > _MOST_TICKS or any(right - left < room for left, right in pairwise(at))
    if not crowded:
        return list(at), list(labels)
    kept = [0]
    room = max(room, (at[-1] - at[0]) / _MOST_TICKS)
    for place in range(1, len(at)):
        if at[place] - at[kept[-1]] >= room:
            kept.append(place)
    return [at[place] for place in kept], [labels[place] for place in kept]
