"""The complete rows behind a model or a correlation, read once, with the hashed units beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outputs_check.gate.columns import hashed
from outputs_check.gate.contributions import NOBODY
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
        hashes = self.units[unit] if rows is None else self.units[unit][np.asarray(rows)]
        return int(np.unique(hashes[hashes != NOBODY]).size)


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
