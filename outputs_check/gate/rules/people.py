"""Rulebook, "frequencies, percentages": distinct people behind every figure, zeros, complements."""

from __future__ import annotations

from collections.abc import Iterator

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict

_ROW = "Rulebook, 'frequencies, percentages': n, numerator, denominator and complement >= threshold"

THRESHOLD = Rule("threshold.people", _ROW, "suppress these cells or merge their categories")
ZERO = Rule("threshold.zero", _ROW, "merge the categories, suppress the cells or declare structural zeros")
NUMERATOR = Rule("proportion.numerator", _ROW, "suppress these cells or merge their categories")
COMPLEMENT = Rule("proportion.complement", _ROW, "suppress these cells or merge their categories")
OBLIGATORY = Rule(
    "rounding.obligatory",
    "Rulebook, 'Units and appetites': owner packs",
    "round every count to the owner's base",
)


def enough_people(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Every figure rests on at least the threshold of distinct people with a value; a zero discloses too."""
    people = cell.group.people(cell.group.valid > 0)
    if cell.group.valid.sum() == 0:
        if not cell.structural:
            sentence = "A shown zero says something about everyone"
            yield Violation(ZERO, table.appetite.zero_counts, sentence, "nobody")
    elif people < table.appetite.threshold:
        sentence = f"Fewer than {table.appetite.threshold} distinct {table.unit}"
        yield Violation(THRESHOLD, Verdict.BLOCK, sentence, f"{people}")


def proportion_of_rows(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Denominator and complement of a normalised table; its numerator is the cell itself."""
    if cell.base is None:
        return
    least = table.appetite.threshold
    denominator = cell.base.people()
    if denominator < least:
        yield Violation(THRESHOLD, Verdict.BLOCK, f"Denominator under {least} {table.unit}", f"{denominator}")
    whole, part = int(cell.base.rows.sum()), int(cell.group.rows.sum())
    if whole == part and whole > 0:
        yield Violation(COMPLEMENT, Verdict.BLOCK, "Everyone is in one category", "100%")
    elif whole > part:
        outside = cell.base.people_beyond(cell.group)
        if outside < least:
            yield Violation(
                COMPLEMENT, Verdict.BLOCK, f"Fewer than {least} {table.unit} outside", f"{outside}"
            )


def proportion_of_flag(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A mean or sum of a 0/1 column is a proportion: numerator and complement.

    The mean of a flag that nobody in the whole table has is not flagged: it is the same for everyone,
    and says nothing about a group (rulebook, false alarms of the best peer).
    """
    if not table.flag or (table.all_zero and table.output.statistic != "sum"):
        return
    least = table.appetite.threshold
    having, lacking = cell.group.people(cell.group.ones > 0), cell.group.people(cell.group.zeros > 0)
    if having < least:
        sentence = f"Fewer than {least} {table.unit} have the flag"
        yield Violation(NUMERATOR, Verdict.BLOCK, sentence, f"{having}")
    if lacking == 0:
        yield Violation(COMPLEMENT, Verdict.BLOCK, "Everyone has the flag", "100%")
    elif lacking < least:
        sentence = f"Fewer than {least} {table.unit} lack the flag"
        yield Violation(COMPLEMENT, Verdict.BLOCK, sentence, f"{lacking}")


def rounded_counts(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Where the owner asks for it, counts are multiples of the base."""
    base, declared = table.appetite.rounding_base, table.output.rounding
    if table.appetite.rounding_obligatory and (declared is None or declared % base != 0):
        yield Violation(OBLIGATORY, Verdict.BLOCK, f"Counts have to be rounded to {base}", "not rounded")
