"""The figures of a table's cell, from its facts, as pandas computes them."""

from __future__ import annotations

from collections.abc import Callable

from outputs_check.gate.declaration import Output
from outputs_check.gate.facts import CellFacts
from outputs_check.gate.single_values import SINGLE_VALUES

Figure = Callable[[CellFacts, Output], float]
_NONE = float("nan")


def count(facts: CellFacts, output: Output) -> float:
    """Rows, or the sum of their weights."""
    return facts.weight if output.weight else float(facts.rows)


def _sum(facts: CellFacts, output: Output) -> float:
    return facts.weighted if output.weight else facts.total


def _mean(facts: CellFacts, output: Output) -> float:
    size = facts.weight if output.weight else float(facts.valid)
    return _sum(facts, output) / size if size else _NONE


def _ratio(facts: CellFacts, _: Output) -> float:
    return facts.total / facts.base if facts.base else _NONE


STATISTICS: dict[str, Figure] = {
    "count": count,
    "sum": _sum,
    "mean": _mean,
    "proportion": _mean,
    "ratio": _ratio,
    **dict.fromkeys(SINGLE_VALUES, lambda facts, _: facts.figure),
}
