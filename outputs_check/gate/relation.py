"""The rows that an equation is about, as SQL over the extract, and their groups by its dimensions."""

from __future__ import annotations

import numpy as np

from outputs_check.gate.columns import dimension, hashed, number
from outputs_check.gate.data import ROW, Array, DataFolder, quoted
from outputs_check.gate.equation import Equation, Key
from outputs_check.gate.labels import Labels


class Relation:
    """The rows with a label in every dimension, a value where there is one, and what `where` asks.

    partly: rows without a label in a dimension are there as well, and have None in their key.
    """

    def __init__(self, data: DataFolder, equation: Equation, *, partly: bool = False) -> None:
        self._data, self._equation, self._partly = data, equation, partly
        dataset = data.dataset(equation.data)
        self._types = data.columns(dataset)
        self._table = quoted(dataset.name)
        self.dimensions = tuple(dimension(self._types, name, equation.binned) for name in equation.dimensions)

    @property
    def condition(self) -> str:
        """SQL that is true for the rows of the equation and false or unknown for all others."""
        parts = [] if self._partly else [f"{expression} IS NOT NULL" for expression in self.dimensions]
        if self._equation.value is not None:
            parts.append(f"{number(self._types, self._equation.value)} IS NOT NULL")
        if self._equation.where is not None:
            parts.append(f"({self._equation.where})")
        return " AND ".join(parts) or "TRUE"

    def grouped(self, select: str, *, also: str = "") -> tuple[list[Key], dict[str, Array]]:
        """Aggregate by cell, and by one more expression: the key of every group, and the aggregates.

        select: SQL that may use every column of the extract, and ROW, the number of the row.
        """
        names = [f"__gate_d{index}" for index in range(len(self.dimensions))]
        keys = "".join(f", {sql} AS {name}" for sql, name in zip(self.dimensions, names, strict=True))
        groups = ", ".join([*names, *([also] if also else [])])
        fetched = self._data.fetch(
            f"SELECT {''.join(f'{name}, ' for name in names)}{select}"  # noqa: S608 - quoted names, safe_where
            f" FROM (SELECT *{keys} FROM {self._table} WHERE {self.condition})"
            f"{f' GROUP BY {groups}' if groups else ''}"
        )
        columns = [self._labelled(place, fetched.pop(name)) for place, name in enumerate(names)]
        size = next(iter(fetched.values())).size
        return list(zip(*columns, strict=True)) if columns else [()] * size, fetched

    def total(self, select: str) -> dict[str, Array]:
        """Aggregate over all rows of the equation."""
        return self._data.fetch(f"SELECT {select} FROM {self._table} WHERE {self.condition}")  # noqa: S608

    def everyone(self, unit: str) -> Array:
        """Hashes of all people of the extract, distinct, in the order of their first rows."""
        column = quoted(unit)
        return self._data.fetch(
            f"SELECT {hashed(column)} AS people FROM {self._table} WHERE {column} IS NOT NULL"  # noqa: S608
            f" GROUP BY {column} ORDER BY min({ROW})"
        )["people"].astype(np.uint64)

    def _labelled(self, place: int, values: Array) -> list[str | None]:
        return labelled(self._types.get(self._equation.dimensions[place], "VARCHAR"), values)


def labelled(type_name: str, values: Array) -> list[str | None]:
    """Labels of the values of a column; None where the value is missing."""
    plain = list(values) if values.dtype.kind == "M" else values.tolist()
    distinct = [value for value in dict.fromkeys(plain) if value is not None and value == value]
    names = dict(zip(distinct, Labels.of(type_name, distinct).names, strict=True))
    return [names.get(value) for value in plain]
