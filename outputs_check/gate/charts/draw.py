"""One table, one picture: PNG bytes and the sentence that says what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from outputs_check.gate.charts import bars, canvas, heatmaps, histograms, lines, points, words
from outputs_check.gate.charts.shapes import (
    Cross,
    Curves,
    Histogram,
    Matrix,
    Shape,
    Terms,
    Value,
    figures_of,
)
from outputs_check.gate.declaration import Output

_FROM_ZERO = {"count", "sum", "proportion"}  # lines of these are amounts; of the others levels
_CALLED = {
    "bar": "bar chart",
    "line": "line chart",
    "heatmap": "heat map",
    "steps": "step chart",
    "points": "dot plot",
}


@dataclass(frozen=True)
class Drawing:
    """png: pixels without metadata, the same for the same table. alternative: the picture in words."""

    png: bytes
    alternative: str


def draw(table: Output, shape: Shape, kind: str, title: str) -> Drawing:
    """Draw a table of a shape as the kind of chart that was chosen for it."""
    figures = list(figures_of(shape))
    measure = words.measure(table)
    with canvas.style():
        notes = list(_notes(shape, kind, figures))
        sheet = canvas.sheet(words.title_lines(words.heading(table, title)), notes, _height(shape, kind))
        _fill(sheet, table, shape, kind, measure)
        picture = canvas.png(sheet)
    called = "histogram" if isinstance(shape, Histogram) else _CALLED[kind]
    return Drawing(picture, words.alternative(called, measure, figures))


def _fill(sheet: Figure, table: Output, shape: Shape, kind: str, measure: str) -> None:
    match shape, kind:
        case Histogram(), _:
            histograms.draw(sheet, shape, table.value or "", measure, outline=kind == "steps")
        case Curves(), _:
            lines.draw_steps(sheet, shape, measure)
        case Terms(), _:
            points.draw(sheet, shape, measure)
        case Matrix(), _:
            heatmaps.draw_matrix(sheet, shape, measure)
        case Cross(), "heatmap":
            heatmaps.draw(sheet, shape, measure)
        case Cross(), "line":
            lines.draw(sheet, shape, measure, from_zero=table.statistic in _FROM_ZERO)
        case Cross(), _:
            bars.draw(sheet, shape, measure, dots=kind == "points")


def _height(shape: Shape, kind: str) -> float:
    match shape:
        case Histogram():
            return histograms.height(shape)
        case Terms():
            return points.height(shape)
        case Matrix():
            return heatmaps.height(len(shape.names))
        case Cross() if kind == "heatmap":
            return heatmaps.height(len(shape.by.labels if shape.x.ordered else shape.x.labels))
        case Cross() if kind in {"bar", "points"}:
            return bars.height(shape)
    return lines.HEIGHT


def _notes(shape: Shape, kind: str, figures: list[Value]) -> Iterator[str]:
    if None in figures:
        crossed = isinstance(shape, Histogram | Matrix) or kind == "heatmap"
        sign = "Crossed out" if crossed else canvas.SUPPRESSED
        yield f"{sign}: suppressed, not shown, to protect people."
    if isinstance(shape, Histogram) and histograms.has_unequal_bins(shape):
        yield "The bins are not equally wide: the height is the count, whatever the width."
    if isinstance(shape, Terms) and len(shape.effects) < len(shape.terms):
        yield "The intercept is in the table, not in the chart."
