"""The cells that tables about the same rows are sums of, and how closely the tables bound each of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import number
from outputs_check.gate.data import DataFolder, quoted
from outputs_check.gate.equation import COUNT, Equation, Key
from outputs_check.gate.relation import Relation
from outputs_check.sdc.intervals import intervals

_MOST_CELLS, _MOST_CELLS_ALONE, _MOST_WANTED = 5_000, 50_000, 300
_CLOSE = 1e-5
Cell = tuple[str, Key]


@dataclass(frozen=True)
class Narrow:
    """A small suppressed cell that is bounded too closely. range: what a reader knows of it."""

    origin: str
    name: str
    range: str
    remedy: str


@dataclass(frozen=True)
class _Sum:
    """A figure as bounds of a sum of cells of the grid."""

    cells: tuple[int, ...]
    low: float
    high: float


class Grid:
    """The product of the labels of all dimensions of some equations that have `where` and measure in common.

    A row may lack a label: a table without that dimension counts it, a table with it does not.
    equations: those that fit into a grid of 5,000 cells together, or the first in one of 50,000.
    """

    def __init__(self, data: DataFolder, equations: Sequence[Equation], appetite: RiskAppetite) -> None:
        self._data, self._appetite = data, appetite
        self._widths = _widths(data, equations)
        self._dimensions = _dimensions(equations, self._widths)
        self.equations = [
            equation for equation in equations if set(equation.dimensions) <= set(self._dimensions)
        ]
        whole = replace(equations[0], dimensions=self._dimensions, shown=(), withheld=())
        value = f"sum({_value(data, whole)})" if whole.value else "count(*)"
        lowest = f"min({_value(data, whole)})" if whole.value else "0"
        keys, fetched = Relation(data, whole, partly=True).grouped(f"{value} AS n, {lowest} AS low")
        self._negative = bool((fetched["low"].astype(float) < 0).any())
        labels = [sorted({key[place] for key in keys}, key=str) for place in range(len(self._dimensions))]
        self._cells = {key: place for place, key in enumerate(itertools.product(*labels))}
        self._true = np.zeros(len(self._cells))
        for key, true in zip(keys, fetched["n"].astype(float), strict=True):
            self._true[self._cells[key]] += true
        self._lines: dict[tuple[str, ...], dict[Key, list[int]]] = {}

    def is_too_large(self, equation: Equation) -> bool:
        """Whether an equation does not even fit alone."""
        return math.prod(self._widths[name] for name in equation.dimensions) > _MOST_CELLS_ALONE

    def overlooked(self, equation: Equation) -> int:
        """Small suppressed cells beyond the number that is examined."""
        self._small(equation)
        return self._overlooked[equation]

    def narrow(self, equations: Sequence[Equation]) -> dict[Cell, Narrow]:
        """The small cells that these equations withhold and bound too closely.

        Where a value is negative, sums bound nothing, and what they give away exactly is found by `chains`.

        Raises:
            Unsolved: a bound could not be worked out.
        """
        withheld = {
            (equation.origin, key): (equation, people)
            for equation in equations
            for key, people in self._small(equation).items()
        }
        if not withheld or self._negative:
            return {}
        sums = [known for equation in equations for known in self._sums(equation)]
        targets = [self._members(equation, key) for (_, key), (equation, _) in withheld.items()]
        low, high = np.array([s.low for s in sums]), np.array([s.high for s in sums])
        size = len(self._cells)
        bounds = intervals(_matrix([s.cells for s in sums], size), low, high, _matrix(targets, size))
        found = {}
        for (cell, (equation, people)), members, ends in zip(withheld.items(), targets, bounds, strict=True):
            true = float(self._true[list(members)].sum())
            if text := self._too_close(equation, people, true, *ends):
                remedy = _remedy(equation, cell[1])
                found[cell] = Narrow(equation.origin, _name(equation, cell[1]), text, remedy)
        return found

    def _too_close(self, equation: Equation, people: int, true: float, low: float, high: float) -> str:
        """What a reader knows, where that is too much; else an empty text."""
        if equation.measure != COUNT:
            margin = self._appetite.p_percent / 100 * true + _CLOSE
            close = true - margin <= low and high <= true + margin
            return (
                f"is {low:,.6g} to {high:,.6g}, within {self._appetite.p_percent:g} % of its value"
                if close
                else ""
            )
        least, most = math.ceil(low - _CLOSE), math.floor(high + _CLOSE) if high < math.inf else math.inf
        if least == most:
            return f"is exactly {least}, of {people} people"
        return f"is between {least} and {most}" if most < self._appetite.threshold else ""

    def _small(self, equation: Equation) -> dict[Key, int]:
        """Cells of fewer people than the threshold that the table hides or leaves out, smallest first."""
        if equation not in self._hidden:
            listed = {shown.key for shown in equation.shown if None not in shown.key}
            people = self._people(equation) if listed else {}
            hidden = {key: number for key, number in people.items() if key not in listed}
            small = {key: number for key, number in hidden.items() if 0 < number < self._appetite.threshold}
            first = sorted(small.items(), key=lambda item: item[1])[:_MOST_WANTED]
            self._hidden[equation], self._overlooked[equation] = dict(first), len(small) - len(first)
        return self._hidden[equation]

    @cached_property
    def _hidden(self) -> dict[Equation, dict[Key, int]]:
        return {}

    @cached_property
    def _overlooked(self) -> dict[Equation, int]:
        return {}

    def _people(self, equation: Equation) -> dict[Key, int]:
        """People of the unit that is fewest, by cell."""
        counted = ", ".join(f"count(DISTINCT {quoted(unit)})" for unit in equation.units)
        fewest = f"least({counted})" if len(equation.units) > 1 else counted
        keys, fetched = Relation(self._data, equation).grouped(f"{fewest} AS people")
        return dict(zip(keys, fetched["people"].tolist(), strict=True))

    def _sums(self, equation: Equation) -> Iterator[_Sum]:
        """The shown figures, and the empty cells that a complete table leaves out."""
        for shown in equation.shown:
            members = self._members(equation, shown.key)
            if equation.measure == COUNT:
                yield _Sum(members, shown.figure - shown.slack, shown.figure + shown.slack)
            else:
                true = float(self._true[list(members)].sum())
                yield _Sum(members, true, true)
        named = {shown.key for shown in equation.shown} | set(equation.withheld)
        unnamed = {key: cells for key, cells in self._by_key(equation.dimensions).items() if key not in named}
        has_inner = any(None not in shown.key for shown in equation.shown)
        if has_inner and not any(self._true[cells].any() for cells in unnamed.values()):
            for cells in unnamed.values():
                yield _Sum(tuple(cells), 0.0, 0.0)

    def _members(self, equation: Equation, key: Key) -> tuple[int, ...]:
        """The cells of the grid in a cell of a table; a margin is over all that have a label."""
        kept = tuple(name for name, part in zip(equation.dimensions, key, strict=True) if part is not None)
        if None not in key:
            return tuple(self._by_key(kept).get(key, ()))
        cells = self._by_key(equation.dimensions)
        return tuple(
            cell
            for full, members in cells.items()
            if all(part in (None, label) for part, label in zip(key, full, strict=True))
            for cell in members
        )

    def _by_key(self, dimensions: tuple[str, ...]) -> Mapping[Key, list[int]]:
        """Cells of the grid by their labels in some dimensions, those without a label left out."""
        if dimensions not in self._lines:
            places = [self._dimensions.index(name) for name in dimensions]
            lines: dict[Key, list[int]] = {}
            for key, cell in self._cells.items():
                part = tuple(key[place] for place in places)
                if None not in part:
                    lines.setdefault(part, []).append(cell)
            self._lines[dimensions] = lines
        return self._lines[dimensions]


def _widths(data: DataFolder, equations: Sequence[Equation]) -> dict[str, int]:
    """How many labels every dimension has, with the missing one."""
    widths: dict[str, int] = {}
    for equation in equations:
        for name in set(equation.dimensions) - set(widths):
            alone = replace(equation, dimensions=(name,), shown=(), withheld=())
            widths[name] = len(Relation(data, alone).grouped("count(*) AS n")[0]) + 1
    return widths


def _dimensions(equations: Sequence[Equation], widths: Mapping[str, int]) -> tuple[str, ...]:
    """The dimensions of as many equations as fit, beginning with one that withholds something."""
    chosen: tuple[str, ...] = ()
    for equation in sorted(equations, key=lambda equation: not equation.withheld):
        union = tuple(dict.fromkeys([*chosen, *equation.dimensions]))
        if math.prod(widths[name] for name in union) <= (_MOST_CELLS if chosen else _MOST_CELLS_ALONE):
            chosen = union
    return chosen


def _matrix(rows: Sequence[Sequence[int]], width: int) -> sparse.csr_array:
    lengths = [len(row) for row in rows]
    places = np.fromiter(itertools.chain.from_iterable(rows), np.int64, sum(lengths))
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return sparse.csr_array((np.ones(places.size), places, ends), shape=(len(rows), width))


def _value(data: DataFolder, equation: Equation) -> str:
    return number(data.columns(data.dataset(equation.data)), equation.value)


def _name(equation: Equation, key: Key) -> str:
    return ", ".join(f"{name}={part}" for name, part in zip(equation.dimensions, key, strict=True))


def _remedy(equation: Equation, key: Key) -> str:
    """The smallest shown cell of each line through a cell: what to suppress next."""
    found = []
    for place in range(len(key)):
        line = [
            shown
            for shown in equation.shown
            if None not in shown.key
            and all(a == b for n, (a, b) in enumerate(zip(shown.key, key, strict=True)) if n != place)
        ]
        if line:
            found.append(min(line, key=lambda shown: shown.figure).name)
    return f"suppress [{'] and ['.join(dict.fromkeys(found))}] as well" if found else ""
