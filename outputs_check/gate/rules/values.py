"""Rulebook: quantiles, extremes, mode and standard deviation, which show or nearly show single values."""

from __future__ import annotations

from collections.abc import Iterator

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict

_QUANTILES = "Rulebook, 'medians, percentiles': contributors on each side, rounded"

SIDES = Rule("quantile.sides", _QUANTILES, "suppress these cells or merge their categories")
EXACT = Rule("quantile.exact", _QUANTILES, "round the figures and declare `rounding`")
EXTREME = Rule("extreme.value", "Rulebook, 'minimum, maximum'", "submit a rounded percentile instead")
MODE = Rule("mode.identical", "Rulebook, 'mode'", "suppress these cells: nearly everyone has the value")
FREEDOM = Rule("freedom.residual", "Rulebook, 'standard deviation': dof >= 10", "merge the categories")

_NEARLY_ALL = 0.9
_FINEST = 1e-6  # of the figure: seven digits of a continuous value identify it


def quantile_sides(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """At least the threshold of people at or below the quantile, and as many at or above it."""
    least, fewer = table.appetite.threshold, min(cell.facts.below, cell.facts.above)
    if fewer < least:
        sentence = f"Fewer than {least} {table.unit} on one side of the quantile"
        yield Violation(SIDES, Verdict.BLOCK, sentence, f"{fewer}")


def quantile_rounded(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """An exact quantile is somebody's value; a base as fine as the data's own steps rounds nothing.

    Nor does one that is finer than a millionth of the figure, where the data have no steps.
    """
    base = table.output.rounding
    if base is None:
        yield Violation(EXACT, Verdict.BLOCK, "A quantile has to be rounded", "exact")
    elif base < _FINEST * abs(cell.facts.figure) and cell.facts.sharing < table.appetite.threshold:
        yield Violation(EXACT, Verdict.BLOCK, f"A base of {base:g} leaves the figure as it is", "exact")
    elif cell.facts.stepped and cell.facts.sharing < table.appetite.threshold:
        yield Violation(EXACT, Verdict.BLOCK, f"A base of {base:g} is as fine as the data", "exact")


def extreme_shared(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A minimum or maximum is refused unless at least the threshold of people share it."""
    if cell.facts.sharing < table.appetite.threshold:
        sentence = f"The extreme belongs to fewer than {table.appetite.threshold} {table.unit}"
        yield Violation(EXTREME, Verdict.BLOCK, sentence, f"{cell.facts.sharing}")


def mode_spread(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """The mode is shared by at least the threshold, and not by (almost) everyone."""
    sharing, everyone = cell.facts.sharing, cell.facts.people
    if sharing < table.appetite.threshold:
        sentence = f"The mode is shared by fewer than {table.appetite.threshold} {table.unit}"
        yield Violation(MODE, Verdict.BLOCK, sentence, f"{sharing}")
    elif everyone and sharing / everyone >= _NEARLY_ALL:
        yield Violation(MODE, Verdict.BLOCK, "(Almost) everyone has the mode", f"{sharing} of {everyone}")


def degrees_of_freedom(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A standard deviation has at least the appetite's degrees of freedom, counted in people."""
    freedom = cell.facts.people - 1
    if freedom < table.appetite.residual_dof:
        sentence = f"Under {table.appetite.residual_dof} degrees of freedom"
        yield Violation(FREEDOM, Verdict.BLOCK, sentence, f"{freedom}")
