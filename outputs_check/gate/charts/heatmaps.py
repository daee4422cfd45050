"""Heat maps: figures by two dimensions, and correlation matrices; what is suppressed is grey and crossed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from outputs_check.gate.charts import canvas, words
from outputs_check.gate.charts.shapes import Cross, Matrix, Value

_MOST_WRITTEN, _MOST_WRITTEN_COLUMNS = 150, 12
_MOST_LABELS_DOWN, _MOST_LABELS_ACROSS = 40, 24
_DARK = 0.55  # luminance under which figures are written in white


def height(rows: int) -> float:
    """Inches that so many rows need."""
    return 1.4 + 0.32 * min(rows, _MOST_LABELS_DOWN)


def draw(figure: Figure, cross: Cross, measure: str) -> None:
    """Draw the first dimension across where it is ordered, else down."""
    across, down = (cross.x, cross.by) if cross.x.ordered else (cross.by, cross.x)
    turned = across is cross.x
    grid = [
        [
            cross.values.get((column, row) if turned else (row, column), np.nan)
            for column in range(len(across.labels))
        ]
        for row in range(len(down.labels))
    ]
    axes = figure.add_subplot()
    known = [value for value in cross.values.values() if value is not None]
    signed = min(known, default=0) < 0 < max(known, default=0)
    end = max(map(abs, known), default=1)
    norm = Normalize(-end, end) if signed else Normalize(min(known, default=0), max(known, default=1))
    _paint(figure, axes, grid, "RdBu_r" if signed else "cividis", norm, measure)
    _names(axes, down.labels, across.labels)
    axes.set(xlabel=words.name(across.name), ylabel=words.name(down.name))


def draw_matrix(figure: Figure, matrix: Matrix, measure: str) -> None:
    """Draw correlations, from -1 to 1."""
    axes = figure.add_subplot()
    _paint(figure, axes, matrix.values, "RdBu_r", Normalize(-1, 1), measure, words.correlation)
    _names(axes, matrix.names, matrix.names)


def _paint(
    figure: Figure,
    axes: Axes,
    grid: Sequence[Sequence[Value]],
    colours: str,
    norm: Normalize,
    measure: str,
    write: Callable[[float], str] = words.figure,
) -> None:
    values = np.array([[np.nan if value is None else value for value in row] for row in grid], dtype=float)
    image = axes.pcolormesh(
        values, cmap=colours, norm=norm, edgecolors="white", linewidth=_line(values.shape)
    )
    axes.set_ylim(values.shape[0], 0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05, format=FuncFormatter(_figure))
    bar.outline.set_visible(False)
    bar.set_label(measure)
    hidden = [
        (row, column) for row, line in enumerate(grid) for column, value in enumerate(line) if value is None
    ]
    _cross_out(axes, hidden, values.shape)
    if values.size <= _MOST_WRITTEN and values.shape[1] <= _MOST_WRITTEN_COLUMNS:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                axes.text(
                    column + 0.5, row + 0.5, write(value), ha="center", va="center", fontsize=8,
                    color=_contrast(colormaps[colours](norm(value))),
                )  # fmt: skip


def _cross_out(axes: Axes, hidden: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> None:
    if not hidden:
        return
    mask = np.full(shape, np.nan)
    mask[tuple(np.array(hidden).T)] = 1.0
    axes.pcolor(
        np.ma.masked_invalid(mask),
        cmap="Greys",
        vmin=0,
        vmax=12,
        hatch="xxx",
        edgecolors="#9aa5b1",
        linewidth=0,
    )


def _line(shape: tuple[int, ...]) -> float:
    return 1.0 if max(shape) <= _MOST_LABELS_DOWN else 0.0


def _figure(value: float, _: Any) -> str:
    return words.figure(value)


def _contrast(colour: Any) -> str:
    red, green, blue = colour[:3]
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < _DARK else canvas.INK


def _names(axes: Axes, down: Sequence[str], across: Sequence[str]) -> None:
    step = -(-len(down) // _MOST_LABELS_DOWN)
    axes.set_yticks(np.arange(0, len(down), step) + 0.5, [words.label(text) for text in down[::step]])
    step = -(-len(across) // _MOST_LABELS_ACROSS)
    labels = [words.label(text) for text in across[::step]]
    turned = sum(len(text) + 2 for text in labels) > 80
    axes.set_xticks(np.arange(0, len(across), step) + 0.5, labels)
    axes.tick_params(length=0)
    if turned:
        axes.tick_params(axis="x", rotation=45)
        for text in axes.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")
