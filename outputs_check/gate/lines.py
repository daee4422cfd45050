"""Lines of a table of counts: everyone of a group in one category, and the rest left out of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from outputs_check.gate.computed import Computed
from outputs_check.gate.layout import Key
from outputs_check.gate.structural import StructuralZeros


def whole_lines(table: Computed, zeros: StructuralZeros, placed: Collection[Key]) -> Iterator[Key]:
    """Yield placed cells that hold everyone of a line whose other categories the file does not mention.

    `groupby(...).size()` leaves out what is zero, so a reader takes what is missing for zero; a cell that
    stands there suppressed says nothing. Where every line is of this kind, one dimension contains the
    other (a district lies in one region), and nobody learns anything.
    """
    filled = set(table.filled())
    for dimension, labels in enumerate(table.labels):
        sizes = Counter(_line(key, dimension) for key in filled)
        if max(sizes.values(), default=1) == 1:
            continue
        for key in placed:
            if key not in filled or sizes[_line(key, dimension)] > 1:
                continue
            others = [
                (*key[:dimension], index, *key[dimension + 1 :])
                for index in range(len(labels.names))
                if index != key[dimension]
            ]
            if not any(other in placed for other in others) and not all(map(zeros.covers, others)):
                yield key


def _line(key: Key, dimension: int) -> Key:
    return (*key[:dimension], *key[dimension + 1 :])
