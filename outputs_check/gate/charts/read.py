"""The gate's own bytes of a table, read back as something that can be drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from outputs_check.gate.charts.axis import axis_of, joined
from outputs_check.gate.charts.shapes import (
    Cross,
    Curves,
    Histogram,
    Matrix,
    Panel,
    Shape,
    Term,
    Terms,
    Value,
)
from outputs_check.gate.declaration import Output
from outputs_check.gate.figures import SUPPRESSED, read_figure
from outputs_check.gate.formula import FAMILIES
from outputs_check.gate.labels import Labels, is_margin
from outputs_check.gate.layout import Rows, lay_out
from outputs_check.gate.rules import pictures
from outputs_check.gate.rules.rule import Blocked

_NORMAL_95 = 1.959964


def read_shape(table: Output, canonical: bytes, kinds: Mapping[str, str]) -> Shape:
    """Read a table's canonical bytes. kinds: column -> number, truth, time or text.

    Raises:
        Blocked: it has no figures that a chart could show.
    """
    rows = tuple(tuple(row) for row in csv.reader(io.StringIO(canonical.decode(), newline="")))
    match table.statistic:
        case "histogram":
            return _histogram(rows)
        case "km":
            return _curves(rows)
        case "correlation":
            return Matrix(rows[0][1:], tuple(tuple(_value(cell) for cell in row[1:]) for row in rows[1:]))
        case statistic if statistic in FAMILIES:
            return _terms(rows)
    return _cross(rows, table, kinds)


def _value(text: str) -> Value:
    return None if text in SUPPRESSED else read_figure(text)


def _cross(rows: Rows, table: Output, kinds: Mapping[str, str]) -> Cross:
    if not table.dimensions:
        raise Blocked(pictures.CHART.block("a single figure is no chart", "write the figure into a table"))
    if len(rows[0]) > 1 and not any(row[0] for row in rows):
        rows = tuple(row[1:] for row in rows)  # the blanked index of a frame
    names = tuple(dict.fromkeys(_label_texts(rows, table)))
    labels = [Labels(kinds.get(name, "text"), names) for name in table.dimensions]
    placed = [cell for cell in lay_out(rows, table, labels).placed if None not in cell.key]
    if not placed:
        raise Blocked(pictures.CHART.block("the table has nothing but margins"))
    columns = [
        [names[cell.key[dimension] or 0] for cell in placed] for dimension in range(len(table.dimensions))
    ]
    axes = [
        axis_of(name, kinds.get(name, "text"), texts)
        for name, texts in zip(table.dimensions, columns, strict=True)
    ]
    along = next((place for place, axis in enumerate(axes) if axis.is_a_scale), 0)
    others = [place for place in range(len(axes)) if place != along]
    keys = [
        (axes[along].places[columns[along][number]],
         tuple(axes[other].places[columns[other][number]] for other in others))
        for number in range(len(placed))
    ]  # fmt: skip
    by, places = joined([axes[other] for other in others], {key for _, key in keys})
    values = {(x, places[key]): _value(cell.text) for (x, key), cell in zip(keys, placed, strict=True)}
    return Cross(axes[along], by, values, len(axes))


def _label_texts(rows: Rows, table: Output) -> Iterator[str]:
    """Whatever stands where labels stand; they were held against the data when the table was."""
    long = set(rows[0][:-1]) == set(table.dimensions)
    width = len(rows[0]) - 1 if long else len(table.rows)
    names = (number for number, row in enumerate(rows) if row[:width] == table.rows)
    head = 0 if long else next(names, 0)
    for number, row in enumerate(rows):
        yield from (cell for cell in row[: None if number <= head else width] if not is_margin(cell))


def _histogram(rows: Rows) -> Histogram:
    facets = len(rows[0]) - 3
    panels: dict[str, list[tuple[float, float, Value]]] = {}
    for row in rows[1:]:
        left, right = read_figure(row[facets]), read_figure(row[facets + 1])
        if left is not None and right is not None:
            panels.setdefault(" · ".join(row[:facets]), []).append((left, right, _value(row[-1])))
    return Histogram(tuple(Panel(name, tuple(sorted(bins, key=_left))) for name, bins in panels.items()))


def _left(each: tuple[float, float, Value]) -> float:
    return each[0]


def _curves(rows: Rows) -> Curves:
    header = rows[0]
    if "time" not in header or "survival" not in header:
        raise Blocked(pictures.CHART.block("the table has no survival to draw a curve of"))
    time, survival = header.index("time"), header.index("survival")
    curves: dict[str, list[tuple[float, Value]]] = {}
    for row in rows[1:]:
        at = read_figure(row[time])
        if at is not None:
            curves.setdefault(" · ".join(row[:time]), []).append((at, _value(row[survival])))
    ordered = {name: tuple(sorted(points, key=lambda point: point[0])) for name, points in curves.items()}
    return Curves(", ".join(header[:time]), ordered)


def _terms(rows: Rows) -> Terms:
    return Terms(tuple(_term_values(rows[0], rows[1:])))


def _term_values(header: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[Term]:
    """Intervals as the table has them, else from the standard error (normal approximation)."""
    for row in body:
        cells = {name: _value(text) for name, text in zip(header[1:], row[1:], strict=True)}
        coef, error = cells.get("coef"), cells.get("std_err")
        low = cells.get("ci_low", cells.get("ci_lower"))
        high = cells.get("ci_high", cells.get("ci_upper"))
        if (low is None or high is None) and coef is not None and error is not None:
            low, high = coef - _NORMAL_95 * error, coef + _NORMAL_95 * error
        yield Term(row[0], coef, low, high)
