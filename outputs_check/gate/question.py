"""From a declared output to a question the data can be asked: names held against the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outputs_check.gate.columns import Binned
from outputs_check.gate.data import DataFolder, Dataset
from outputs_check.gate.declaration import Output
from outputs_check.gate.figures import RELATIVE, SINGLE
from outputs_check.gate.labels import kind_of
from outputs_check.gate.query import Query
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.where import safe_where


@dataclass(frozen=True)
class Question:
    """A declared output whose every name exists. units: those the rules hold for, the person first."""

    output: Output
    dataset: Dataset
    types: Mapping[str, str]
    units: tuple[str, ...]
    where: str | None
    binned: Binned | None = None

    def query(self) -> Query:
        """The query behind the declared table; a count counts rows, whatever `value` it names."""
        output = self.output
        return Query(
            dataset=self.dataset,
            types=self.types,
            dimensions=output.dimensions,
            where=self.where,
            value=None if output.statistic == "count" else output.value,
            weight=output.weight,
            denominator=output.denominator,
            binned=self.binned,
        )

    @property
    def tolerance(self) -> float:
        """Relative error of figures: pandas keeps those of a single-precision column in single precision."""
        columns = (self.output.value, self.output.weight, self.output.denominator)
        return SINGLE if any(self.types.get(name or "") == "FLOAT" for name in columns) else RELATIVE


def ask(data: DataFolder, output: Output, unit: str) -> Question:
    """Hold a declared output against the data.

    Raises:
        Blocked: no such dataset, unit or column; a pseudonym used as a variable; text where numbers belong.
    """
    if output.data is None:
        raise Blocked(rules.VALUE.block("'data' is missing"))
    dataset = data.dataset(output.data)
    types = data.columns(dataset)
    units = _units(dataset, types, unit)
    keys = {*units, *dataset.pseudonyms}
    numbers = [output.value, output.weight, output.denominator, output.event]
    for name in [*output.dimensions, *filter(None, numbers)]:
        if name not in types:
            raise Blocked(rules.COLUMN.block(f"'{dataset.name}' has no column '{name}'"))
        if name in keys:
            raise Blocked(rules.COLUMN.block(f"'{name}' identifies people and cannot be tabulated"))
    for name in filter(None, numbers):
        if kind_of(types[name]) not in {"number", "truth"}:
            raise Blocked(rules.COLUMN.block(f"'{name}' is not a number"))
    where = safe_where(output.where, types, keys) if output.where else None
    return Question(output, dataset, types, units, where)


def _units(dataset: Dataset, types: Mapping[str, str], unit: str) -> tuple[str, ...]:
    if dataset.units and unit not in dataset.units:
        raise Blocked(rules.UNIT.block(f"'{dataset.name}' does not register the unit '{unit}'"))
    units = dataset.units or (unit,)
    for name in units:
        if name not in types:
            raise Blocked(rules.UNIT.block(f"'{dataset.name}' has no column '{name}' to count"))
    return units
