"""The figures of a table's cell, recomputed from its contributions exactly as pandas computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from outputs_check.gate.contributions import Group
from outputs_check.gate.data import Array
from outputs_check.gate.declaration import Output
from outputs_check.sdc.concentration import gini

Figure = Callable[[Group, Output], float]


@dataclass(frozen=True)
class Statistic:
    """How a statistic is computed. by_row: it needs single values, not totals per person."""

    figure: Figure
    by_row: bool = False


def count(group: Group, output: Output) -> float:
    """Rows, or the sum of their weights."""
    return float(group.weight.sum() if output.weight else group.rows.sum())


def _sum(group: Group, output: Output) -> float:
    return float(group.weighted.sum() if output.weight else group.total.sum())


def _mean(group: Group, output: Output) -> float:
    size = float(group.weight.sum() if output.weight else group.valid.sum())
    return _sum(group, output) / size if size else float("nan")


def _ratio(group: Group, output: Output) -> float:
    base = float(group.base.sum())
    return float(group.total.sum()) / base if base else float("nan")


def values(group: Group) -> Array:
    """The single non-null values; only of contributions that were asked for by row."""
    return group.total[group.valid > 0]


def _of_values(function: Callable[[Array, Output], float], at_least: int = 1) -> Figure:
    def figure(group: Group, output: Output) -> float:
        found = values(group)
        return float(function(found, output)) if found.size >= at_least else float("nan")

    return figure


def _mode(found: Array, _: Output) -> float:
    distinct, counts = np.unique(found, return_counts=True)
    return float(distinct[counts.argmax()])


def quantile_of(output: Output) -> float:
    """The quantile of a median or percentile, 0 to 100."""
    return 50.0 if output.percentile is None else output.percentile


STATISTICS: dict[str, Statistic] = {
    "count": Statistic(count),
    "sum": Statistic(_sum),
    "mean": Statistic(_mean),
    "proportion": Statistic(_mean),
    "ratio": Statistic(_ratio),
    "median": Statistic(_of_values(lambda found, _: np.median(found)), by_row=True),
    "percentile": Statistic(
        _of_values(lambda found, output: np.percentile(found, quantile_of(output))), by_row=True
    ),
    "std": Statistic(_of_values(lambda found, _: found.std(ddof=1), at_least=2), by_row=True),
    "min": Statistic(_of_values(lambda found, _: found.min()), by_row=True),
    "max": Statistic(_of_values(lambda found, _: found.max()), by_row=True),
    "mode": Statistic(_of_values(_mode), by_row=True),
    "gini": Statistic(_of_values(lambda found, _: gini(found)), by_row=True),
}
