"""How a table is drawn: as declared where that means something for it, else as its shape asks for."""

from __future__ import annotations

from outputs_check.gate.charts import limits
from outputs_check.gate.charts.shapes import Cross, Curves, Histogram, Matrix, Shape, Terms, figures_of
from outputs_check.gate.rules import pictures
from outputs_check.gate.rules.rule import Blocked

_NEVER = {
    "heatmap": "a heat map needs two dimensions",
    "steps": "steps are for survival curves and histograms",
    "line": "a line needs a dimension in some order: years, months, dates, numbers",
}


def chosen(shape: Shape, wanted: str | None) -> str:
    """Return bar, line, heatmap, steps or points.

    Raises:
        Blocked: the declared kind means nothing for this table, or the chart would show too much.
    """
    kinds = _kinds(shape)
    if wanted is not None and wanted not in kinds:
        reason = _NEVER.get(wanted, "")
        if not isinstance(shape, Cross) or not reason:
            reason = f"a table of this statistic is drawn as {' or '.join(kinds)}"
        raise Blocked(pictures.CHART.block(f'chart = "{wanted}": {reason}'))
    candidates = kinds if wanted is None else (wanted,)
    fitting = next((kind for kind in candidates if not _too_much(shape, kind)), None)
    if fitting is None:
        raise Blocked(pictures.TOO_MUCH.block(_too_much(shape, candidates[0])))
    return fitting


def _kinds(shape: Shape) -> tuple[str, ...]:
    """What means something, the natural one first."""
    match shape:
        case Histogram():
            return ("bar", "steps")
        case Curves():
            return ("steps",)
        case Terms():
            return ("points",)
        case Matrix():
            return ("heatmap",)
    several = ("heatmap",) if shape.dimensions > 1 else ()
    if shape.x.is_a_scale:
        return ("line", "bar", *several, "points")
    return ("bar", *several, "points", *(("line",) if shape.x.ordered else ()))


def _too_much(shape: Shape, kind: str) -> str:
    """Why a chart of this kind could not be read, "" when it can."""
    counted = {
        "figures": (sum(1 for _ in figures_of(shape)), limits.MAX_POINTS),
        "curves": (len(shape.curves) if isinstance(shape, Curves) else 0, limits.MAX_SERIES),
        "panels": (len(shape.panels) if isinstance(shape, Histogram) else 0, limits.MAX_PANELS),
        "terms": (len(shape.terms) if isinstance(shape, Terms) else 0, limits.MAX_TERMS),
        "bins": (_bins(shape), limits.MAX_BINS),
    }
    if isinstance(shape, Cross) and kind == "heatmap":
        cells = len(shape.x.labels) * len(shape.by.labels)
        counted = {"cells": (cells, limits.MAX_HEAT_CELLS)}
    elif isinstance(shape, Cross):
        thing = {"bar": "bars", "points": "points"}.get(kind)
        counted["series"] = (len(shape.by.labels), limits.MAX_SERIES)
        if thing:
            counted[thing] = (len(shape.values), limits.MAX_BARS)
    if any(abs(value) > limits.MOST for value in figures_of(shape) if value is not None):
        return f"a figure is beyond {limits.MOST:g}"
    for thing, (number, most) in counted.items():
        if number > most:
            return f"the chart would have {number:,} {thing}, more than {most:,}"
    return ""


def _bins(shape: Shape) -> int:
    return max(len(panel.bins) for panel in shape.panels) if isinstance(shape, Histogram) else 0
