"""Rulebook, "sums, means, ratios": dominance, p%, and values that are the same for everyone."""

from __future__ import annotations

from collections.abc import Iterator

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.concentration import Holdings

_MERGE = "suppress these cells or merge them with others"

DOMINANCE = Rule(
    "dominance", "Rulebook, 'Units and appetites': ABS (1, k) and (2, k) on absolute values", _MERGE
)
P_PERCENT = Rule("p-percent", "Rulebook, 'sums, means, ratios': p%; Hundepool et al. 2012, ch. 4", _MERGE)
IDENTICAL = Rule(
    "values.identical",
    "Rulebook, 'What fooled the best peer': identical values (mean = median, std 0)",
    "suppress these cells: they tell everyone's value",
)


def concentration(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """No person holds so much of a total that the figure tells her value, for numerator and denominator."""
    if cell.facts.people < table.appetite.threshold:
        return  # found by the threshold
    if not table.flag:  # a flag is judged by its counts
        held = cell.facts.of_weighted if table.output.weight else cell.facts.of_total
        yield from _concentrated(held, table, "")
    if table.output.denominator:
        yield from _concentrated(cell.facts.of_base, table, " of the denominator")


def weights(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A weighted count is a sum of the weights, and a weighted mean is near the heaviest person's value."""
    if table.output.weight and cell.facts.people >= table.appetite.threshold:
        yield from _concentrated(cell.facts.of_weight, table, " of the weights")


def _concentrated(held: Holdings, table: TableContext, what: str) -> Iterator[Violation]:
    one, two = held.shares
    appetite = table.appetite
    if one > appetite.dominance_one:
        sentence = f"One {table.unit} holds over {appetite.dominance_one:.0%} of the total{what}"
        yield Violation(DOMINANCE, Verdict.BLOCK, sentence, "dominated")
    elif two > appetite.dominance_two:
        sentence = f"Two {table.unit} hold over {appetite.dominance_two:.0%} of the total{what}"
        yield Violation(DOMINANCE, Verdict.BLOCK, sentence, "dominated")
    if held.estimate_margin < appetite.p_percent:
        sentence = f"The second largest {table.unit} can estimate the largest too closely{what}"
        yield Violation(P_PERCENT, Verdict.BLOCK, sentence, "p% rule")


def identical_values(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A figure over one and the same value tells it of everyone; of a flag's mean its counts decide."""
    by_counts = table.flag and table.output.statistic in {"sum", "mean", "ratio", "proportion"}
    if not by_counts and cell.facts.valid and cell.facts.low == cell.facts.high:
        yield Violation(IDENTICAL, Verdict.BLOCK, "Everyone has the same value", "no spread")
