"""No difference between two figures, released or to be released, isolates fewer than the threshold.

Rulebook, "linked tables". Covered here: pairs of shown figures, of sums of shown figures along the
lines of a table, and of both (a suppressed table and its margin). Chains of more than two tables and
intervals are a linear programme and not covered here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyroaring import BitMap

from outputs_check.gate.equation import COUNT
from outputs_check.gate.footprints import Footprint, Registers
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict

DIFFERENCE = Rule(
    "differencing",
    "Rulebook, 'linked tables': no difference under the threshold",
    "submit one of the two, round the counts, or suppress the cells in both",
)
_SHOWN = 5


class Earlier(Protocol):
    """Where earlier releases are looked up."""

    def near(self, footprint: Footprint, within: int) -> Iterable[Footprint]:
        """Earlier footprints of the same measure and unit whose size differs by at most `within`."""
        ...


@dataclass(frozen=True)
class Isolated:
    """Two figures and the number of people that they tell apart."""

    new: Footprint
    other: Footprint
    people: int
    sure: bool


class Released:
    """Footprints kept in memory, by measure and unit."""

    def __init__(self, footprints: Iterable[Footprint]) -> None:
        self._footprints: dict[tuple[str, str], list[Footprint]] = {}
        for footprint in footprints:
            self._footprints.setdefault((footprint.measure, footprint.unit), []).append(footprint)

    def near(self, footprint: Footprint, within: int) -> Iterator[Footprint]:
        """See `Earlier`."""
        for other in self._footprints.get((footprint.measure, footprint.unit), []):
            by_rows = abs(len(other.contributions) - len(footprint.contributions)) <= within
            if by_rows or abs(len(other.people) - len(footprint.people)) <= within:
                yield other


def isolated(
    new: Sequence[Footprint], earlier: Sequence[Earlier], registers: Registers, threshold: int
) -> Iterator[Isolated]:
    """Yield every pair of a new figure and another one that isolates too few people."""
    for footprint in new:
        for place in earlier:
            for other in place.near(footprint, threshold - 1):
                if other is not footprint and (pair := _compare(footprint, other, registers, threshold)):
                    yield pair


def _compare(new: Footprint, other: Footprint, registers: Registers, threshold: int) -> Isolated | None:
    if new.measure == COUNT and not (new.exact and other.exact):
        return None  # rounded to the appetite's base: the difference is not known
    if (new.data, new.extract) == (other.data, other.extract):
        people = _apart(new.contributions, other.contributions, registers, threshold)
        return Isolated(new, other, people, sure=True) if 0 < people < threshold else None
    if new.measure == COUNT and not (new.single and other.single):
        return None  # counts of different rows of the same people cannot be subtracted
    return _nested(new, other, threshold)


def _apart(first: BitMap, second: BitMap, registers: Registers, threshold: int) -> int:
    """Number of people whose contributions differ; `threshold` when it is surely not under it."""
    size = len(first) + len(second) - 2 * first.intersection_cardinality(second)
    if size == 0 or size > 2 * (threshold - 1):
        return 0 if size == 0 else threshold
    owners = registers.contributions.owners
    return len({int(owners[number]) for number in first ^ second})


def _nested(new: Footprint, other: Footprint, threshold: int) -> Isolated | None:
    """Across datasets and extracts rows have no common name: compare people, where one set has the other."""
    shared = new.people.intersection_cardinality(other.people)
    more, less = len(new.people) - shared, len(other.people) - shared
    if min(more, less) == 0 and 0 < max(more, less) < threshold:
        return Isolated(new, other, max(more, less), sure=False)
    return None


def findings(pairs: Iterable[Isolated], threshold: int, at: dict[str, tuple[int, int]]) -> list[Finding]:
    """One finding per verdict and other table, naming the arithmetic."""
    groups: dict[tuple[str, bool], list[Isolated]] = {}
    for pair in pairs:
        groups.setdefault((pair.other.origin, pair.sure), []).append(pair)
    result = []
    for (origin, sure), members in groups.items():
        distinct = list({(pair.new.name, pair.other.name): pair for pair in members}.values())
        lines = [
            f"[{pair.new.name}] against [{pair.other.name}] leaves {pair.people}"
            for pair in distinct[:_SHOWN]
        ]
        more = f"; and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
        cells = tuple(dict.fromkeys(pair.new.name for pair in distinct))
        result.append(
            DIFFERENCE.finding(
                Verdict.BLOCK if sure else Verdict.REVIEW,
                f"A difference with {origin} isolates fewer than {threshold} {members[0].new.unit}:"
                f" {'; '.join(lines)}{more}",
                cells=cells,
                at=[at[cell] for cell in cells if cell in at],
            )
        )
    return result
