"""Rulebook, "sums, means, ratios": dominance, p%, and values that are the same for everyone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.data import Array
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.concentration import estimate_margin, largest_shares

DOMINANCE = Rule(
    "dominance",
    "Rulebook, 'Units and appetites': ABS (1, k) and (2, k) on absolute values",
    "suppress these cells or merge them with others",
)
P_PERCENT = Rule(
    "p-percent",
    "Rulebook, 'sums, means, ratios': p%; Hundepool et al. 2012, ch. 4",
    "suppress these cells or merge them with others",
)
IDENTICAL = Rule(
    "values.identical",
    "Rulebook, 'What fooled the best peer': identical values (mean = median, std 0)",
    "suppress these cells: they tell everyone's value",
)


def concentration(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """No person holds so much of a total that the figure tells her value, for numerator and denominator."""
    if table.flag or cell.group.people(cell.group.valid > 0) < table.appetite.threshold:
        return  # a flag is judged by its counts; too few people are found by the threshold
    totals = cell.group.weighted if table.output.weight else cell.group.total
    yield from _concentrated(totals, table, "")
    if table.output.denominator:
        yield from _concentrated(cell.group.base, table, " of the denominator")


def weights(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A weighted count is a sum of the weights, and a weighted mean is near the heaviest person's value."""
    if table.output.weight and cell.group.people(cell.group.valid > 0) >= table.appetite.threshold:
        yield from _concentrated(cell.group.weight, table, " of the weights")


def _concentrated(totals: Array, table: TableContext, what: str) -> Iterator[Violation]:
    one, two = largest_shares(totals)
    appetite = table.appetite
    if one > appetite.dominance_one:
        sentence = f"One {table.unit} holds over {appetite.dominance_one:.0%} of the total{what}"
        yield Violation(DOMINANCE, Verdict.BLOCK, sentence, "dominated")
    elif two > appetite.dominance_two:
        sentence = f"Two {table.unit} hold over {appetite.dominance_two:.0%} of the total{what}"
        yield Violation(DOMINANCE, Verdict.BLOCK, sentence, "dominated")
    if estimate_margin(totals) < appetite.p_percent:
        sentence = f"The second largest {table.unit} can estimate the largest too closely{what}"
        yield Violation(P_PERCENT, Verdict.BLOCK, sentence, "p% rule")


def identical_values(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A figure over one and the same value tells it of everyone."""
    group = cell.group
    present = group.valid > 0
    if table.flag or not present.any():
        return
    if float(np.nanmin(group.low[present])) == float(np.nanmax(group.high[present])):
        yield Violation(IDENTICAL, Verdict.BLOCK, "Everyone has the same value", "no spread")
