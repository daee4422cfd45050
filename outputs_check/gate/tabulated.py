"""The equations of a declared table: what its figures tell a reader, as sums over rows of the extract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from outputs_check.gate.columns import number
from outputs_check.gate.equation import COUNT, Equation, Key, Shown
from outputs_check.gate.question import Question

# With the number of people known, these are sums over people; quantiles, extremes and spreads are not.
_ADDITIVE = frozenset({"count", "sum", "mean", "proportion"})
_OF_FLAG = frozenset({"sum", "mean", "proportion"})  # figures that a number of people with a flag makes


@dataclass(frozen=True)
class Tabulated:
    """A cell of the table. rows, ones: rows behind it, and those that have the flag.

    figure: as shown. base: (key, rows) of the denominator, where it is a share of rows.
    """

    key: Key
    name: str
    figure: float
    rows: float
    ones: float = 0.0
    base: tuple[Key, float] | None = None


def table_equations(
    question: Question,
    extract: str,
    cells: Sequence[Tabulated],
    withheld: Collection[Key],
    base: int,
    pair: tuple[float, float] | None = None,
) -> Iterator[Equation]:
    """Yield what shown cells and withheld keys mean. base: of the appetite's protecting rounding.

    pair: the two values of a flag, None where the table has no flag. Shares count as the counts that they
    are of their base, which is taken as known; a proportion, mean or sum of a flag gives its numerators
    away as well.
    """
    output, slack = question.output, (question.output.rounding or 0.0) / 2
    query = question.query()
    equation = Equation(
        origin=output.file,
        data=question.dataset.name,
        extract=extract,
        units=question.units,
        measure=COUNT,
        shown=(),
        withheld=tuple(withheld),
        additive=output.statistic in _ADDITIVE,
        dimensions=query.dimensions,
        where=query.where,
        value=query.value,
        weight=query.weight,
        denominator=query.denominator,
        binned=query.binned,
        protecting=base / 2,
    )
    if query.value is None:
        yield replace(equation, shown=(*_counts(cells, slack), *_bases(cells)))
        return
    shown = tuple(Shown(cell.key, cell.name, cell.figure) for cell in cells)
    yield replace(equation, measure=f"value:{question.dataset.name}:{query.value}", shown=shown)
    if pair is not None and output.statistic in _OF_FLAG:
        low, high = pair
        slack /= high - low
        ones = tuple(
            Shown(cell.key, cell.name, cell.ones, slack * (1 if output.statistic == "sum" else cell.rows))
            for cell in cells
        )
        condition = f"{number(question.types, query.value)} = {high!r}"
        where = f"({query.where}) AND {condition}" if query.where else condition
        yield replace(equation, shown=ones, where=where, value=None)


def _counts(cells: Sequence[Tabulated], slack: float) -> Iterator[Shown]:
    for cell in cells:
        if cell.base is None:
            yield Shown(cell.key, cell.name, cell.figure, slack)
        else:
            yield Shown(cell.key, cell.name, cell.rows, slack * cell.base[1])


def _bases(cells: Sequence[Tabulated]) -> Iterator[Shown]:
    """The denominators of shares, where the table does not show them itself."""
    shown = {cell.key for cell in cells}
    for key, rows in dict(cell.base for cell in cells if cell.base is not None).items():
        if key not in shown:
            yield Shown(key, "the base of the shares", rows)
