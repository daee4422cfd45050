"""What one correlation may tell (rulebook, "regression, correlation, tests")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from outputs_check.gate import persons
from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import Array
from outputs_check.gate.rules import models, people
from outputs_check.gate.rules.rule import Rule, Violation
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.concentration import largest_shares

_PERFECT = 1 - 1e-9


@dataclass(frozen=True)
class Pair:
    """Two variables where both have a value, shape (n,), and the unit of every row."""

    first: Array
    second: Array
    units: dict[str, Array]
    names: tuple[str, str]
    figure: float

    def people(self, unit: str, rows: Array) -> int:
        """Distinct units of some rows (a mask)."""
        return persons.number_of(self.units[unit][rows])


def violations(pair: Pair, appetite: RiskAppetite) -> Iterator[Violation]:
    """Hold one shown correlation against the rules, for every unit."""
    if np.isfinite(pair.figure) and abs(pair.figure) >= _PERFECT:
        yield _against(models.PERFECT, "A perfect correlation", f"{pair.figure:g}")
    for unit in pair.units:
        number = pair.people(unit, np.ones(pair.first.size, dtype=bool))
        if number < appetite.threshold:
            sentence = f"Fewer than {appetite.threshold} distinct {unit}"
            yield _against(people.THRESHOLD, sentence, f"{number}")
        elif number - 2 < appetite.residual_dof:
            sentence = f"Under {appetite.residual_dof} degrees of freedom"
            yield _against(models.FREEDOM, sentence, f"{number - 2}")
        else:
            yield from _cells(pair, unit, appetite.threshold)
            yield from _dominated(pair, unit, appetite)


def _cells(pair: Pair, unit: str, least: int) -> Iterator[Violation]:
    """A 0/1 variable follows the frequency rule, two of them have four cells; a rare value stands out."""
    sentence = f"Fewer than {least} distinct {unit} in a cell of the variables"
    columns = (pair.first, pair.second)
    distinct = [np.unique(column, return_counts=True) for column in columns]
    if all(values.size == 2 for values, _ in distinct):
        for one in distinct[0][0]:
            for other in distinct[1][0]:
                number = pair.people(unit, (pair.first == one) & (pair.second == other))
                if number < least:
                    cell = f"{pair.names[0]}={one:g}, {pair.names[1]}={other:g}"
                    yield _against(models.FOURFOLD, sentence, f"{cell}: {number}")
        return
    for name, column, (values, counts) in zip(pair.names, columns, distinct, strict=True):
        usual = values[counts.argmax()]
        sides = [column != usual] + ([column == usual] if values.size == 2 else [])
        number = min(pair.people(unit, side) for side in sides)
        if values.size > 1 and number < least:
            yield _against(models.FOURFOLD, sentence, f"{name}: {number}")


def _dominated(pair: Pair, unit: str, appetite: RiskAppetite) -> Iterator[Violation]:
    """A covariance is a sum over people: one or two must not make up most of it."""
    products = (pair.first - pair.first.mean()) * (pair.second - pair.second.mean())
    if appetite.is_dominated(*largest_shares(persons.totals(pair.units[unit], products))):
        sentence = f"One or two {unit} make up most of the correlation"
        yield _against(models.DOMINANCE, sentence, "dominated")


def _against(rule: Rule, sentence: str, detail: str) -> Violation:
    return Violation(rule, Verdict.BLOCK, sentence, detail)
