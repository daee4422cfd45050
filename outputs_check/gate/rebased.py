"""The same counts rounded to several bases: the true count lies in every interval, and so in few places.

Rulebook, "linked tables". Rounding protects against differences because the true count stays uncertain by
the owner's base; 605 to the nearest 5 and 602 to the nearest 7 leave only 603, 604 and 605.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from outputs_check.gate.equation import COUNT, Equation, Shown
from outputs_check.gate.figures import is_multiple
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict

REBASED = Rule(
    "rounding.bases",
    "Rulebook, 'linked tables'; 'Units and appetites': rounding base",
    "round every table of the same counts to the same base",
)
_SHOWN = 5


def is_rounded(equation: Equation) -> bool:
    """Whether an equation has counts that only their rounding protects."""
    return equation.measure == COUNT and any(_protected(equation, shown) for shown in equation.shown)


def rebased_findings(
    new: Equation, others: Iterable[Equation], at: Mapping[str, tuple[int, int]]
) -> list[Finding]:
    """REVIEW where a reader of `new` and of the others knows a count more closely than each of them tells."""
    known: dict[object, list[Shown]] = {}
    for other in others:
        if _rows(other) == _rows(new):
            for key, shown in _figures(other):
                known.setdefault(key, []).append(shown)
    narrow = [
        shown.name
        for key, shown in _figures(new)
        if _left([shown, *(same for same in known.get(key, ()) if same.slack != shown.slack)])
        < 2 * new.protecting
    ]
    if not narrow:
        return []
    text = f"counts rounded to several bases, and so known more closely: {'; '.join(narrow[:_SHOWN])}"
    places = [at[cell] for cell in narrow if cell in at]
    return [REBASED.finding(Verdict.REVIEW, text, cells=narrow, at=places)]


def _rows(equation: Equation) -> tuple[object, ...]:
    return equation.family, equation.where, equation.weight, equation.value, equation.binned


def _figures(equation: Equation) -> Iterator[tuple[object, Shown]]:
    for shown in equation.shown:
        if _protected(equation, shown):
            named = zip(equation.dimensions, shown.key, strict=True)
            yield frozenset(part for part in named if part[1] is not None), shown


def _protected(equation: Equation, shown: Shown) -> bool:
    """A rounded count. That of a share is no multiple of its base, and is told by the share alone."""
    rounded = equation.protecting <= shown.slack < float("inf")
    return rounded and is_multiple(shown.figure, 2 * shown.slack)


def _left(shown: list[Shown]) -> float:
    """The width of what several intervals have in common."""
    return min(one.figure + one.slack for one in shown) - max(one.figure - one.slack for one in shown)
