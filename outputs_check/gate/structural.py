"""Structural zeros: cells that cannot occur, declared by a researcher and believed only if the data agree."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from outputs_check.gate.data import DataFolder
from outputs_check.gate.facts import Facts
from outputs_check.gate.labels import Labels
from outputs_check.gate.layout import Key
from outputs_check.gate.question import Question
from outputs_check.gate.rules import declarations
from outputs_check.gate.rules.rule import Blocked


class StructuralZeros:
    """The declared zeros of a table whose dimensions have these labels.

    Raises:
        Blocked: a dimension or category that the variable does not have.
    """

    def __init__(self, data: DataFolder, question: Question, labels: Sequence[Labels]) -> None:
        self._data, self._question, self._labels = data, question, labels
        self._zeros = [self._indexes(declared) for declared in question.output.structural_zeros]

    def covers(self, key: Key) -> bool:
        """Declared, and empty in the whole dataset as well: a declaration cannot hide a real zero."""
        place = dict(zip(self._question.output.dimensions, key, strict=True))
        declared = any(
            all(index is not None and place[name] == index for name, index in zero.items())
            for zero in self._zeros
        )
        if not declared:
            return False
        everywhere = [
            None if index is None else whole.find(labels.names[index])
            for labels, whole, index in zip(self._labels, self._unfiltered.labels, key, strict=True)
        ]
        return self._unfiltered.cell(everywhere).rows == 0

    def close(self, key: Key, base: Key) -> bool:
        """Whether all cells of the line `base`, save this one, are covered."""
        if not self._zeros:
            return False
        choices = [
            [index] if index is None or base[place] is not None else range(len(self._labels[place].names))
            for place, index in enumerate(key)
        ]
        return all(other == key or self.covers(other) for other in itertools.product(*choices))

    @cached_property
    def _unfiltered(self) -> Facts:
        query = replace(self._question.query(), where=None, value=None, weight=None, denominator=None)
        return Facts(self._data, query, self._question.units[0])

    def _indexes(self, declared: tuple[tuple[str, str], ...]) -> dict[str, int | None]:
        """Label indexes; None is a category that the filtered table does not have."""
        dimensions = self._question.output.dimensions
        zero: dict[str, int | None] = {}
        for dimension, category in declared:
            place = dimensions.index(dimension) if dimension in dimensions else -1
            if place < 0 or self._unfiltered.labels[place].find(category) is None:
                text = f"structural zero {dimension}={category}: no such category in the table"
                raise Blocked(declarations.VALUE.block(text))
            zero[dimension] = self._labels[place].find(category)
        return zero
