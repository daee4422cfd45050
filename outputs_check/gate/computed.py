"""A declared table as the data have it: its labels, the figure of every cell, the facts behind it."""

from __future__ import annotations

from collections.abc import Iterator

from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.facts import CellFacts, Facts
from outputs_check.gate.facts_sql import Asked
from outputs_check.gate.labels import MARGIN, Labels
from outputs_check.gate.layout import Key
from outputs_check.gate.question import Question
from outputs_check.gate.rules import declarations
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.single_values import SINGLE_VALUES, SingleValue
from outputs_check.gate.statistics import STATISTICS, count

# Figures from which the shares of two values can be computed.
_OF_TWO_VALUES = frozenset({"sum", "mean", "std"})


class Computed:
    """The cells of a declared table, for every unit that its dataset registers.

    flag: every value in the table is one of two, such as 0 and 1, or 1 and 2, those of `pair`. all_zero:
    all are 0.

    Raises:
        Blocked: the query fails on this data, or a proportion is asked of a column that is no flag.
    """

    def __init__(self, data: DataFolder, question: Question) -> None:
        self.question, self.output = question, question.output
        self.pair = Asked().pair
        self._ask(data, Asked(_single_value(question), _base_dimensions(self.output)))
        self.labels: tuple[Labels, ...] = self._main.labels
        self.flag = self._is_flag()
        self.all_zero = self.flag and self._main.rows("positive") == 0
        if self.output.statistic == "proportion" and self.output.value and not self.flag:
            raise Blocked(declarations.VALUE.block(f"'{self.output.value}' is no 0/1 column: no proportion"))
        if not self.flag and self.output.statistic in _OF_TWO_VALUES and (pair := self._two_values()):
            self.pair = pair
            self._ask(data, Asked(_single_value(question), pair=pair))
            self.flag = self._is_flag()

    def facts(self, key: Key, unit: str | None = None) -> CellFacts:
        """Facts of a cell, for the person unless another unit is named."""
        return (self._facts[unit] if unit else self._main).cell(key)

    def least_people(self, key: Key) -> int:
        """People with a value in a cell, of the unit that has the fewest."""
        return min(facts.cell(key).people for facts in self._facts.values())

    def figure(self, key: Key) -> float:
        """The figure of a cell, NaN where it has none."""
        base = self.output.base_of(key)
        if base is None:
            return STATISTICS[self.output.statistic](self.facts(key), self.output)
        whole = self.rows(base)
        return self.rows(key) / whole if whole else float("nan")

    def rows(self, key: Key) -> float:
        """The rows of a cell, or the sum of their weights."""
        return count(self.facts(key), self.output)

    def filled(self) -> Iterator[Key]:
        """Every cell with a row in it, margins left out."""
        return self._main.filled()

    def name(self, key: Key) -> str:
        """The name of a cell in findings."""
        named = zip(self.output.dimensions, self.labels_of(key), strict=True)
        parts = [f"{dimension}={MARGIN if label is None else label}" for dimension, label in named]
        return ", ".join(parts) or self.output.statistic

    def labels_of(self, key: Key) -> tuple[str | None, ...]:
        """The labels of a cell, None for a margin."""
        return tuple(
            None if index is None else labels.names[index]
            for labels, index in zip(self.labels, key, strict=True)
        )

    def _ask(self, data: DataFolder, asked: Asked) -> None:
        query = self.question.query()
        self._facts = {unit: Facts(data, query, unit, asked) for unit in self.question.units}
        self._main = self._facts[self.question.units[0]]

    def _is_flag(self) -> bool:
        return self._main.rows("valid") == self._main.rows("flags") > 0

    def _two_values(self) -> tuple[float, float] | None:
        """The extremes of the table, where no cell has other extremes: perhaps its only two values."""
        cells = [self.facts(key) for key in self.filled()]
        ends = {end for cell in cells if cell.valid for end in (cell.low, cell.high)}
        return (min(ends), max(ends)) if len(ends) == 2 else None


def _base_dimensions(output: Output) -> tuple[bool, ...] | None:
    """Which dimensions the denominator of a normalised proportion keeps."""
    base = output.base_of((0,) * len(output.dimensions))
    return None if base is None else tuple(index is not None for index in base)


def _single_value(question: Question) -> SingleValue | None:
    output = question.output
    if output.statistic not in SINGLE_VALUES:
        return None
    percentile = 50.0 if output.percentile is None else output.percentile
    return SingleValue(output.statistic, percentile / 100, output.rounding)
