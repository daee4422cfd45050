"""Which rules hold for which statistic of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.rules import magnitudes, people, values
from outputs_check.gate.rules.rule import Violation

CellRule = Callable[[Cell, TableContext], Iterator[Violation]]

_COUNT = (people.enough_people, people.enough_contributors, people.rounded_counts, magnitudes.weights)
_TOTAL = (
    people.enough_people,
    people.enough_contributors,
    people.proportion_of_flag,
    people.rounded_counts,
    people.rounded_shares,
    magnitudes.concentration,
    magnitudes.weights,
    magnitudes.identical_values,
)
_QUANTILE = (
    people.enough_people,
    values.quantile_sides,
    values.quantile_rounded,
    magnitudes.identical_values,
)
_BY_STATISTIC: dict[str, tuple[CellRule, ...]] = {
    "count": _COUNT,
    "sum": _TOTAL,
    "mean": _TOTAL,
    "ratio": _TOTAL,
    "proportion": (
        people.enough_people,
        people.enough_contributors,
        people.proportion_of_rows,
        people.proportion_of_flag,
        people.rounded_shares,
        magnitudes.weights,
    ),
    "median": _QUANTILE,
    "percentile": _QUANTILE,
    "std": (
        people.enough_people,
        people.proportion_of_flag,
        values.degrees_of_freedom,
        magnitudes.identical_values,
    ),
    "min": (people.enough_people, values.extreme_shared, magnitudes.identical_values),
    "max": (people.enough_people, values.extreme_shared, magnitudes.identical_values),
    "mode": (people.enough_people, values.mode_spread),
    "gini": (people.enough_people, magnitudes.identical_values),
}


def violations(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Yield what the rules of the table's statistic have against a shown cell."""
    for rule in _BY_STATISTIC[table.output.statistic]:
        yield from rule(cell, table)
