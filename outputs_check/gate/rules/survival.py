"""Rulebook, "Kaplan-Meier, hazards": every step of a curve rests on enough people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import Array
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.survival import Lives
from outputs_check.gate.verdict import Verdict

_ROW = "Rulebook, 'Kaplan-Meier, hazards'"

STEP = Rule(
    "km.step", f"{_ROW}: >= 10 events + censorings per step, else merged", "merge these steps with others"
)
EVENT = Rule(
    "km.event",
    "Rulebook, 'What fooled the best peer': survival tables with single-event rows",
    "merge these steps with others",
)
AT_RISK = Rule(
    "km.at_risk",
    f"{_ROW}: the at-risk table likewise",
    "leave these rows out, and let the last row end where everyone does or enough people are left",
)
TIMES = Rule(
    "km.times",
    "Rulebook, 'minimum, maximum, range, end points'",
    "choose round times for the steps instead of the times of single people",
)
# A time with no more decimals than this is a choice of the researcher, not the mark of a person.
_ROUND = 0.01
Place = tuple[int, Violation]


@dataclass(frozen=True)
class Steps:
    """The rows of one group that show a figure. rows: their numbers among `grid`, all times of the group.

    inclusive: the at-risk figures count who is observed up to the very time of a row, so that what
    happens at that time can be told from what happens since the row before.
    """

    lives: Lives
    grid: Array
    rows: Sequence[int]
    inclusive: bool


def violations(steps: Steps, appetite: RiskAppetite) -> Iterator[Place]:
    """Hold one group's rows against the rules, for every unit."""
    yield from _own_times(steps, appetite)
    for unit in steps.lives.units:
        yield from _at_risk(steps, unit, appetite.threshold)
        yield from _removed(steps, unit, appetite.threshold)


def _at_risk(steps: Steps, unit: str, least: int) -> Iterator[Place]:
    after, before = _bounds(steps)
    start = before if steps.inclusive else after[:-1]
    people = steps.lives.people_from(unit, start)
    for row in steps.rows:
        if people[row] < least:
            sentence = f"Fewer than {least} distinct {unit} at risk"
            yield row, Violation(AT_RISK, Verdict.BLOCK, sentence, f"{people[row]}")


def _removed(steps: Steps, unit: str, least: int) -> Iterator[Place]:
    """What leaves in a step, in a gap between shown rows, and what is left after the last of them.

    Each is the difference of two figures of the curve, whether or not the file has it as a column.
    """
    after, before = _bounds(steps)
    lives, shown = steps.lives, 0
    sentence = f"Fewer than {least} distinct {unit} with an event or censored"
    for row in steps.rows:
        first, last = int(after[row]), int(after[row + 1])
        yield from _few(lives, unit, (shown, first), least, row, "in the suppressed rows before")
        people, opening = lives.people(unit, first, last), row == 0 and last == 0
        if people < least and not opening:
            yield row, Violation(STEP, Verdict.BLOCK, sentence, f"{people}")
        elif steps.inclusive:
            at = int(before[row])
            yield from _few(lives, unit, (first, at), least, row, "between two times")
            yield from _few(lives, unit, (at, last), least, row, "at this very time")
        if lives.people(unit, first, last, events=True) == 1:
            yield row, Violation(EVENT, Verdict.BLOCK, f"An event of a single {unit}", "1")
        shown = last
    if steps.rows:
        rest = (shown, lives.time.size)
        yield from _few(lives, unit, rest, least, steps.rows[-1], "left after the last row")


def _few(lives: Lives, unit: str, part: tuple[int, int], least: int, row: int, where: str) -> Iterator[Place]:
    people = lives.people(unit, *part)
    if 0 < people < least:
        yield row, Violation(STEP, Verdict.BLOCK, f"Fewer than {least} distinct {unit} {where}", f"{people}")


def _bounds(steps: Steps) -> tuple[Array, Array]:
    """Positions among the sorted observations: `after` has one entry ahead of the first row."""
    return np.concatenate([[0], steps.lives.after(steps.grid)]), steps.lives.up_to(steps.grid)


def _own_times(steps: Steps, appetite: RiskAppetite) -> Iterator[Place]:
    """A step that ends at a time of its own, to many digits, tells when somebody's observation ended."""
    unit = next(iter(steps.lives.units))
    after, before = _bounds(steps)
    for row, time in enumerate(steps.grid):
        ratio = time / _ROUND
        if abs(ratio - round(ratio)) <= 1e-6:
            continue
        people = steps.lives.people(unit, int(before[row]), int(after[row + 1]))
        if 0 < people < appetite.threshold:
            yield row, Violation(TIMES, Verdict.BLOCK, "The time is that of few people", f"{people}")
