"""Rulebook, "frequencies, percentages": distinct people behind every figure, zeros, complements."""

from __future__ import annotations

from collections.abc import Iterator

from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict

_ROW = "Rulebook, 'frequencies, percentages': n, numerator, denominator and complement >= threshold"
_SHARES = frozenset({"mean", "proportion", "ratio"})
_MERGE = "suppress these cells or merge their categories"

THRESHOLD = Rule("threshold.people", _ROW, _MERGE)
ZERO = Rule("threshold.zero", _ROW, "merge the categories, suppress the cells or declare structural zeros")
CONTRIBUTORS = Rule("threshold.contributors", _ROW, _MERGE)
NUMERATOR = Rule("proportion.numerator", _ROW, _MERGE)
COMPLEMENT = Rule("proportion.complement", _ROW, _MERGE)
EVERYONE = Rule(
    "frequency.everyone", _ROW, "merge the categories, or declare the missing ones as structural zeros"
)
OBLIGATORY = Rule(
    "rounding.obligatory",
    "Rulebook, 'Units and appetites': owner packs",
    "round every count to the owner's base",
)


def enough_people(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Every figure rests on at least the threshold of distinct people with a value; a zero discloses too."""
    if cell.facts.valid == 0:
        if not cell.structural:
            sentence = "A shown zero says something about everyone"
            yield Violation(ZERO, table.appetite.zero_counts, sentence, "nobody")
    elif cell.facts.people < table.appetite.threshold:
        sentence = f"Fewer than {table.appetite.threshold} distinct {table.unit}"
        yield Violation(THRESHOLD, Verdict.BLOCK, sentence, f"{cell.facts.people}")


def enough_contributors(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A total that fewer people than the threshold add anything to is theirs, whoever adds a zero.

    Both parts of a ratio, and weights; a flag is judged by its numerator, and a cell of zeros by
    `identical_values`.
    """
    least, facts = table.appetite.threshold, cell.facts
    if not table.flag and 0 < facts.nonzero < least <= facts.people:
        sentence = f"Fewer than {least} {table.unit} have a value other than 0"
        yield Violation(CONTRIBUTORS, Verdict.BLOCK, sentence, f"{facts.nonzero}")
    if table.output.denominator and facts.based < least:
        sentence = f"Fewer than {least} {table.unit} have a denominator other than 0"
        yield Violation(CONTRIBUTORS, Verdict.BLOCK, sentence, f"{facts.based}")
    if table.output.weight and facts.weighing < least <= facts.people:
        sentence = f"Fewer than {least} {table.unit} have a weight other than 0"
        yield Violation(CONTRIBUTORS, Verdict.BLOCK, sentence, f"{facts.weighing}")


def proportion_of_rows(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Denominator and complement of a normalised table; its numerator is the cell itself."""
    if cell.base is None:
        return
    least = table.appetite.threshold
    if cell.base.everyone < least:
        sentence = f"Denominator under {least} {table.unit}"
        yield Violation(THRESHOLD, Verdict.BLOCK, sentence, f"{cell.base.everyone}")
    if cell.base.rows == cell.facts.rows > 0:
        if not cell.closed:
            yield Violation(COMPLEMENT, Verdict.BLOCK, "Everyone is in one category", "100%")
    elif cell.base.rows > cell.facts.rows:
        outside = cell.base.everyone - cell.facts.whole
        if outside < least:
            sentence = f"Fewer than {least} {table.unit} outside"
            yield Violation(COMPLEMENT, Verdict.BLOCK, sentence, f"{outside}")


def proportion_of_flag(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """A mean, sum or deviation of two values, 0/1 or 1/2, is a proportion: numerator and complement.

    The mean of a flag that nobody in the whole table has is not flagged: it is the same for everyone,
    and says nothing about a group (rulebook, false alarms of the best peer).
    """
    if not table.flag or (table.all_zero and table.output.statistic in _SHARES):
        return
    least, having, lacking = table.appetite.threshold, cell.facts.having, cell.facts.lacking
    if having < least:
        sentence = f"Fewer than {least} {table.unit} have the flag"
        yield Violation(NUMERATOR, Verdict.BLOCK, sentence, f"{having}")
    if lacking == 0:
        yield Violation(COMPLEMENT, Verdict.BLOCK, "Everyone has the flag", "100%")
    elif lacking < least:
        sentence = f"Fewer than {least} {table.unit} lack the flag"
        yield Violation(COMPLEMENT, Verdict.BLOCK, sentence, f"{lacking}")


def rounded_counts(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Where the owner asks for it, counts are multiples of the base; the sum of a flag is a count."""
    base, declared = table.appetite.rounding_base, table.output.rounding
    counts = table.output.statistic == "count" or (table.output.statistic == "sum" and table.flag)
    if counts and table.appetite.rounding_obligatory and (declared is None or declared % base != 0):
        yield Violation(OBLIGATORY, Verdict.BLOCK, f"Counts have to be rounded to {base}", "not rounded")


def rounded_shares(cell: Cell, table: TableContext) -> Iterator[Violation]:
    """Where counts have to be rounded, an exact share gives them back: both its parts are whole."""
    output = table.output
    shares = output.statistic == "proportion" or (output.statistic == "mean" and table.flag)
    if shares and table.appetite.rounding_obligatory and output.rounding is None:
        yield Violation(OBLIGATORY, Verdict.REVIEW, "Shares tell exact counts", "not rounded")
