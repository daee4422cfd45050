"""The complete rows behind a model or a correlation, read once, with the hashed units beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from outputs_check.gate.columns import NOBODY, hashed
from outputs_check.gate.data import Array, DataFolder, quoted
from outputs_check.gate.labels import kind_of
from outputs_check.gate.question import Question


@dataclass(frozen=True)
class Records:
    """frame: the columns, NaN or None where missing. units: per unit, a hash for every row."""

    frame: pd.DataFrame
    units: dict[str, Array]

    def people(self, unit: str, rows: Array | None = None) -> int:
        """Number of distinct units of some rows (a mask), or of all."""
        codes, size = self._numbered[unit]
        seen = np.zeros(size + 1, dtype=bool)
        seen[codes if rows is None else codes[np.asarray(rows)]] = True
        return int(np.count_nonzero(seen[:size]))

    @cached_property
    def _numbered(self) -> dict[str, tuple[Array, int]]:
        """Units as numbers from 0, rows of nobody as the number behind the last: asked about once a rule."""
        numbered = {}
        for unit, hashes in self.units.items():
            codes, distinct = pd.factorize(hashes[hashes != NOBODY])
            everyone = np.full(hashes.size, distinct.size)
            everyone[hashes != NOBODY] = codes
            numbered[unit] = (everyone, int(distinct.size))
        return numbered


def read_records(data: DataFolder, question: Question, columns: Sequence[str]) -> Records:
    """Read some columns of the declared rows.

    Raises:
        Blocked: the declared expression fails on this data.
    """
    names = list(dict.fromkeys(columns))
    parts = [
        f"CAST({quoted(name)} AS DOUBLE) AS c{index}"
        if kind_of(question.types[name]) == "number"
        else f"{quoted(name)} AS c{index}"
        for index, name in enumerate(names)
    ]
    parts += [f"{hashed(quoted(unit))} AS u{index}" for index, unit in enumerate(question.units)]
    where = f" WHERE {question.where}" if question.where else ""
    fetched = data.fetch(f"SELECT {', '.join(parts)} FROM {quoted(question.dataset.name)}{where}")  # noqa: S608
    frame = pd.DataFrame({name: fetched[f"c{index}"] for index, name in enumerate(names)})
    units = {unit: fetched[f"u{index}"].astype(np.uint64) for index, unit in enumerate(question.units)}
    return Records(frame, units)
