"""What a declared count can say about a figure, and which figures no such count allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.declaration import Output
from outputs_check.gate.figures import is_multiple
from outputs_check.gate.rules import declared_counts as rules
from outputs_check.gate.rules import magnitudes, people, values
from outputs_check.gate.rules.rule import Violation
from outputs_check.gate.verdict import Verdict

_SLACK, _RELATIVE = 1e-6, 1e-9  # floating-point error of share x count, far below one person


@dataclass(frozen=True)
class Counted:
    """A shown figure with its declared count of people.

    base: people of the denominator of a normalised proportion, None where unknown or not one. flag: the
    figure is, or may be, one of a 0/1 column.
    """

    figure: float
    people: float
    base: float | None = None
    flag: bool = False


def violations(cell: Counted, output: Output, appetite: RiskAppetite, unit: str) -> Iterator[Violation]:
    """Yield what the rules have against one shown figure (rulebook, "Rules by kind of output")."""
    yield from _enough(cell, appetite, unit)
    yield from _plausible(cell, output)
    match output.statistic:
        case "count":
            yield from _rounded(output, appetite)
        case "median" | "percentile":
            yield from _quantile(cell, output, appetite, unit)
        case "std" if cell.people - 1 < appetite.residual_dof:
            sentence = f"Under {appetite.residual_dof} degrees of freedom"
            yield Violation(values.FREEDOM, Verdict.BLOCK, sentence, f"{cell.people - 1:g}")
    if output.statistic in {"std", "gini"} and cell.figure == 0:
        yield Violation(magnitudes.IDENTICAL, Verdict.BLOCK, "Everyone has the same value", "no spread")
    if cell.flag:
        yield from _flag(cell, output, appetite, unit)
    if cell.base is not None:
        yield from _complement(cell.base - cell.people, cell.base, appetite, unit)


def _enough(cell: Counted, appetite: RiskAppetite, unit: str) -> Iterator[Violation]:
    if cell.people == 0:
        yield Violation(
            people.ZERO, appetite.zero_counts, "A shown zero says something about everyone", "nobody"
        )
    elif cell.people < appetite.threshold:
        sentence = f"Fewer than {appetite.threshold} distinct {unit} declared"
        yield Violation(people.THRESHOLD, Verdict.BLOCK, sentence, f"{cell.people:g}")
    if cell.base is not None and cell.base < appetite.threshold:
        sentence = f"Denominator under {appetite.threshold} {unit}"
        yield Violation(people.THRESHOLD, Verdict.BLOCK, sentence, f"{cell.base:g}")


def _plausible(cell: Counted, output: Output) -> Iterator[Violation]:
    """A count of rows is whole and no less than that of people; shares lie between 0 and 1."""
    half = (output.rounding or 0) / 2
    match output.statistic:
        case "count" if not cell.figure.is_integer() or cell.figure < cell.people - half:
            yield Violation(
                rules.IMPLAUSIBLE, Verdict.BLOCK, "Fewer rows than people", f"{cell.people:g} people"
            )
        case "proportion" | "gini" if not 0 <= cell.figure <= 1:
            yield Violation(rules.IMPLAUSIBLE, Verdict.BLOCK, "Not between 0 and 1", f"{cell.figure:g}")
        case "std" if cell.figure < 0:
            yield Violation(rules.IMPLAUSIBLE, Verdict.BLOCK, "A negative deviation", f"{cell.figure:g}")
    if output.rounding is not None and not is_multiple(cell.figure, output.rounding):
        sentence = f"Not a multiple of {output.rounding:g}"
        yield Violation(rules.IMPLAUSIBLE, Verdict.BLOCK, sentence, f"{cell.figure:g}")


def _rounded(output: Output, appetite: RiskAppetite) -> Iterator[Violation]:
    base = appetite.rounding_base
    if appetite.rounding_obligatory and (output.rounding is None or output.rounding % base != 0):
        yield Violation(
            people.OBLIGATORY, Verdict.BLOCK, f"Counts have to be rounded to {base}", "not rounded"
        )


def _quantile(cell: Counted, output: Output, appetite: RiskAppetite, unit: str) -> Iterator[Violation]:
    share = 0.5 if output.percentile is None else output.percentile / 100
    side = math.floor(cell.people * min(share, 1 - share) + _SLACK)
    if side < appetite.threshold:
        sentence = f"Fewer than {appetite.threshold} {unit} on one side of the quantile"
        yield Violation(values.SIDES, Verdict.BLOCK, sentence, f"{side}")
    if output.rounding is None:
        yield Violation(values.EXACT, Verdict.BLOCK, "A quantile has to be rounded", "exact")


def _flag(cell: Counted, output: Output, appetite: RiskAppetite, unit: str) -> Iterator[Violation]:
    """Numerator and complement, the fewest that the rounded figure allows."""
    half = (output.rounding or 0) / 2
    scale = 1 if output.statistic == "sum" else cell.people
    slack = _SLACK + _RELATIVE * cell.people
    fewest = max(0, math.ceil((cell.figure - half) * scale - slack))
    most = min(cell.people, math.floor((cell.figure + half) * scale + slack))
    if fewest > most and output.statistic == "proportion":
        yield Violation(
            rules.IMPLAUSIBLE, Verdict.BLOCK, "No whole number of people makes this share", f"{cell.figure:g}"
        )
    if fewest < appetite.threshold:
        sentence = f"Fewer than {appetite.threshold} {unit} may have the flag"
        yield Violation(people.NUMERATOR, Verdict.BLOCK, sentence, f"{fewest}")
    yield from _complement(cell.people - most, cell.people, appetite, unit)


def _complement(outside: float, whole: float, appetite: RiskAppetite, unit: str) -> Iterator[Violation]:
    if whole and outside <= 0:
        yield Violation(people.COMPLEMENT, Verdict.BLOCK, "Everyone is in one category", "100%")
    elif outside < appetite.threshold:
        sentence = f"Fewer than {appetite.threshold} {unit} outside"
        yield Violation(people.COMPLEMENT, Verdict.BLOCK, sentence, f"{outside:g}")
