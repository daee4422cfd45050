"""Histograms: counts over the declared bins, one small panel per facet on a common scale."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outputs_check.gate.charts import canvas, words
from outputs_check.gate.charts.shapes import Histogram, Panel

_ACROSS, _MOST_SEAMS = 3, 60


def has_unequal_bins(histogram: Histogram) -> bool:
    """Whether a wide bin may look like many people."""
    widths = [right - left for panel in histogram.panels for left, right, _ in panel.bins]
    return max(widths) - min(widths) > 1e-9 * max(widths)


def height(histogram: Histogram) -> float:
    """Inches that the panels need."""
    rows = -(-len(histogram.panels) // _ACROSS)
    return 4.0 if rows == 1 else 2.3 * rows


def draw(figure: Figure, histogram: Histogram, value: str, measure: str, *, outline: bool = False) -> None:
    """Draw every facet with the same axes."""
    number = len(histogram.panels)
    columns = min(_ACROSS, number)
    rows = -(-number // columns)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= number:
            axes.set_visible(False)
            continue
        _panel(axes, histogram.panels[place], outline=outline)
        if place + columns >= number:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(words.name(value))
        if place % columns == 0:
            axes.set_ylabel(measure)


def _panel(axes: Axes, panel: Panel, *, outline: bool) -> None:
    shown = [(left, right, count) for left, right, count in panel.bins if count is not None]
    lefts, widths = [left for left, _, _ in shown], [right - left for left, right, _ in shown]
    counts = [count for _, _, count in shown]
    colour = canvas.PALETTE[0]
    if outline:
        for left, right, count in shown:
            axes.plot([left, right], [count, count], color=colour, linewidth=1.9)
        for one, other in pairwise(shown):
            if one[1] == other[0]:
                axes.plot([other[0], other[0]], [one[2], other[2]], color=colour, linewidth=1.9)
    else:
        seam = 0.6 if len(shown) <= _MOST_SEAMS else 0.0
        axes.bar(lefts, counts, widths, align="edge", color=colour, edgecolor="white", linewidth=seam)
    for left, right, hidden in panel.bins:
        if hidden is None:
            axes.axvspan(left, right, facecolor=canvas.GAP, edgecolor="#9aa5b1", hatch="xxx", linewidth=0)
    canvas.figures_on(axes, "x")
    canvas.figures_on(axes, "y")
    axes.grid(visible=False, axis="x")
    axes.set_xlim(panel.bins[0][0], panel.bins[-1][1])
    axes.set_ylim(bottom=0)
    if panel.name:
        axes.set_title(words.label(panel.name), fontsize=9)
