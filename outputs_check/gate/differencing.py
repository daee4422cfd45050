"""No difference between two figures, released or to be released, isolates fewer than the threshold.

Rulebook, "linked tables". Here: pairs of shown figures, of sums of shown figures along the lines of a
table, and of both (a suppressed table and its margin), however many figures have been released.
Combinations of more than two are the business of `chains`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap64

from outputs_check.gate.crowds import Crowds
from outputs_check.gate.data import Array
from outputs_check.gate.equation import COUNT, Equation
from outputs_check.gate.footprints import Footprints
from outputs_check.gate.ledger import Ledger
from outputs_check.gate.released import Figures, ranges
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict

DIFFERENCE = Rule(
    "differencing",
    "Rulebook, 'linked tables': no difference under the threshold",
    "submit one of the two, round the counts, or suppress the cells in both",
)
_SHOWN = 5


@dataclass(frozen=True)
class Isolated:
    """Two figures and the number of people that they tell apart. sure: it follows from the figures alone."""

    name: str
    origin: str
    other: str
    unit: str
    people: int
    sure: bool


@dataclass(frozen=True)
class _Apart:
    """Two figures of one extract, and the rows in one of them only."""

    name: str
    origin: str
    other: str
    rows: BitMap64


def isolated(
    crowds: Crowds, new: Footprints, others: Sequence[Footprints], book: Ledger | None, threshold: int
) -> Iterator[Isolated]:
    """Yield every pair of a new figure and another one, released or new, that isolates too few people."""
    yield from _same_extract(crowds, new, others, book, threshold)
    for unit in new.equation.units:
        yield from _other_extracts(new, others, book, unit, threshold)


def _same_extract(
    crowds: Crowds, new: Footprints, others: Sequence[Footprints], book: Ledger | None, threshold: int
) -> Iterator[Isolated]:
    equation = new.equation
    places = [other.by_rows() for other in others if other.equation.family == equation.family]
    reach = max(crowds.most_rows(equation.data, unit, threshold - 1) for unit in equation.units)
    if book is not None:
        places.append(book.figures(*equation.family, ranges(new.sizes[new.exact], reach)))
    pairs = [pair for place in places for pair in _pairs(new, place, reach)]
    rows = [pair.rows for pair in pairs]
    for unit in equation.units:
        counts = crowds.people_among(equation.data, unit, rows, threshold)
        for pair, people in zip(pairs, counts, strict=True):
            if 0 < people < threshold:
                yield Isolated(pair.name, pair.origin, pair.other, unit, people, sure=True)


def _pairs(new: Footprints, place: Figures[BitMap64], reach: int) -> Iterator[_Apart]:
    for number in np.flatnonzero(new.exact).tolist():
        for other in place.near(int(new.sizes[number]), new.sketches[number], reach):
            rows = new.rows(number) ^ place.members(other)
            if 0 < len(rows) <= reach:
                yield _Apart(new.figures[number].name, *place.label(other), rows)


def _other_extracts(
    new: Footprints, others: Sequence[Footprints], book: Ledger | None, unit: str, threshold: int
) -> Iterator[Isolated]:
    """Across datasets and extracts rows have no common name: compare people, where one set has the other."""
    data, extract, measure = new.equation.family
    strangers = [other for other in others if _is_strange(other.equation, new.equation, unit)]
    released = book is not None and book.has_people_beyond(unit, measure, (data, extract))
    if not strangers and not released:
        return
    people = new.people(unit)
    places = [other.by_people(unit) for other in strangers]
    if book is not None and released:
        sizes = ranges(people.sizes[new.exact], threshold - 1)
        places.append(book.people(unit, measure, (data, extract), sizes))
    for number in np.flatnonzero(new.exact).tolist():
        for place in places:
            for other in place.near(int(people.sizes[number]), people.sketches[number], threshold - 1):
                if measure == COUNT and not (people.single[number] and place.single[other]):
                    continue  # counts of different rows of the same people cannot be subtracted
                apart = _nested(new.hashes(unit, number), place.members(other))
                if 0 < apart < threshold:
                    name, (origin, label) = new.figures[number].name, place.label(other)
                    yield Isolated(name, origin, label, unit, apart, sure=False)


def _is_strange(other: Equation, new: Equation, unit: str) -> bool:
    """Of the same measure and unit, and of other rows."""
    same = (other.data, other.extract) == (new.data, new.extract)
    return other.measure == new.measure and unit in other.units and not same


def _nested(first: Array, second: Array) -> int:
    """By how many members one set is larger than the other, 0 where neither has the other."""
    shared = np.intersect1d(first, second, assume_unique=True).size
    more, less = first.size - shared, second.size - shared
    return max(more, less) if min(more, less) == 0 else 0


def findings(pairs: Iterable[Isolated], threshold: int, at: Mapping[str, tuple[int, int]]) -> list[Finding]:
    """One finding per verdict and other table, naming the arithmetic."""
    groups: dict[tuple[str, bool], list[Isolated]] = {}
    for pair in pairs:
        groups.setdefault((pair.origin, pair.sure), []).append(pair)
    result = []
    for (origin, sure), members in groups.items():
        distinct = list({(pair.name, pair.other): pair for pair in members}.values())
        lines = [f"[{pair.name}] against [{pair.other}] leaves {pair.people}" for pair in distinct[:_SHOWN]]
        more = f"; and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
        cells = tuple(dict.fromkeys(pair.name for pair in distinct))
        result.append(
            DIFFERENCE.finding(
                Verdict.BLOCK if sure else Verdict.REVIEW,
                f"A difference with {origin} isolates fewer than {threshold} {members[0].unit}:"
                f" {'; '.join(lines)}{more}",
                cells=cells,
                at=[at[cell] for cell in cells if cell in at],
            )
        )
    return result
