"""No chain of tables isolates fewer than the threshold, however many figures it adds and subtracts.

Rulebook, "linked tables". All tables of one dataset, extract and measure are laid over each other in one
scan; what sums and differences of their figures leave is decided by `sdc.isolation`. Of many earlier
releases the nearest are taken, and it is said how many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from outputs_check.gate.atoms import Atoms, Scan
from outputs_check.gate.crowds import Crowds
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import COUNT, Equation
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.isolation import Isolation, TooLarge, isolations

CHAIN = Rule(
    "differencing.chain",
    "Rulebook, 'linked tables': no difference, union, margin or chain of them under the threshold",
    "leave out one of the named figures, or suppress further cells so that the group stays with others",
)
_MOST_TABLES, _MOST_ATOMS, _MOST_ATOMS_OF_NEW = 12, 20_000, 50_000
_SHOWN_TERMS, _SHOWN_CHAINS = 8, 3
_COLUMN = re.compile(r'"((?:[^"]|"")+)"')


@dataclass(frozen=True)
class Chain:
    """A chain that isolates people. arithmetic: the figures with their signs, as a reader would write it."""

    arithmetic: str
    unit: str
    people: int
    files: frozenset[str]
    cells: tuple[str, ...]


def examined_chains(
    data: DataFolder,
    crowds: Crowds,
    new: Sequence[Equation],
    beside: Sequence[Equation],
    earlier: Sequence[Equation],
    threshold: int,
) -> tuple[list[Chain], list[Finding]]:
    """Examine new equations with the nearest of other new ones and of earlier ones of the same family.

    Returns:
        The chains that isolate people through figures that were not released before, and findings on what
        was not examined.
    """
    near = _nearest(new, [*beside, *earlier])[:_MOST_TABLES]
    sizes = Scan(data, [*new, *near]).sizes()
    if sizes[len(new) - 1] > _MOST_ATOMS_OF_NEW:
        return [], [CHAIN.review(f"chains could not be examined: about {sizes[len(new) - 1]:,} cells")]
    near = near[: sum(size <= _MOST_ATOMS for size in sizes[len(new) :])]
    notes = []
    if len(near) < len(beside) + len(earlier):
        text = f"chains were examined for the {len(near)} nearest of {len(beside) + len(earlier)} tables"
        notes.append(CHAIN.finding(Verdict.PASS, text))
    known = [equation for equation in near if equation not in beside]
    equations = [*known, *new, *(equation for equation in near if equation in beside)]
    units = {unit: crowds.single(new[0].data, unit) for unit in new[0].units}
    atoms = Scan(data, equations).atoms(units, threshold)
    try:
        return list(_chains(equations, len(known), atoms, threshold)), notes
    except TooLarge as error:
        return [], [CHAIN.review(f"chains could not be examined: {error}")]


def _chains(equations: Sequence[Equation], known: int, atoms: Atoms, threshold: int) -> Iterator[Chain]:
    rows = _distinct(atoms.members)
    members = atoms.members[rows]
    figures = [atoms.figures[row] for row in rows]
    is_known = np.array([place < known for place, _ in figures], dtype=bool)
    if is_known.all():
        return
    is_count = equations[0].measure == COUNT
    for unit, people in atoms.people.items():
        found = isolations(
            members, people.sizes, threshold, who=people.who, known=is_known, definite=is_count
        )
        for isolation in found:
            yield _chain(equations, known, figures, isolation, unit)


def _distinct(members: sparse.csr_array) -> list[int]:
    """The first of equal rows: a figure that is shown again tells nothing."""
    seen: dict[bytes, int] = {}
    for row in range(members.shape[0]):
        atoms = members.indices[members.indptr[row] : members.indptr[row + 1]]
        if atoms.size:
            seen.setdefault(np.sort(atoms).tobytes(), row)
    return list(seen.values())


def _chain(
    equations: Sequence[Equation],
    known: int,
    figures: Sequence[tuple[int, int]],
    isolation: Isolation,
    unit: str,
) -> Chain:
    # The first term is added: a reader thinks of the larger figure first.
    terms = sorted(isolation.terms, key=lambda term: -term[1])
    if terms[0][1] < 0:
        terms = [(figure, -coefficient) for figure, coefficient in terms]
    written, files, cells = [], set(), []
    for number, coefficient in terms:
        place, figure = figures[number]
        equation = equations[place]
        name = equation.exact[figure].name
        times = "" if abs(coefficient) == 1 else f"{abs(coefficient)} × "
        sign = "−" if coefficient < 0 else "+"
        written.append(f"{sign} {times}[{name}] of {equation.origin}")
        if place >= known:
            files.add(equation.origin)
            cells.append(name)
    more = f" … and {len(written) - _SHOWN_TERMS} more figures" if len(written) > _SHOWN_TERMS else ""
    arithmetic = " ".join(written[:_SHOWN_TERMS]).removeprefix("+ ") + more
    return Chain(arithmetic, unit, isolation.people, frozenset(files), tuple(dict.fromkeys(cells)))


def chain_finding(chains: Sequence[Chain], threshold: int, at: Mapping[str, tuple[int, int]]) -> Finding:
    """One finding about all chains of an output."""
    lines = [f"{chain.arithmetic} leaves {chain.people} {chain.unit}" for chain in chains[:_SHOWN_CHAINS]]
    more = f"; and {len(chains) - _SHOWN_CHAINS} more" if len(chains) > _SHOWN_CHAINS else ""
    cells = tuple(dict.fromkeys(cell for chain in chains for cell in chain.cells))
    return CHAIN.finding(
        Verdict.BLOCK,
        f"Adding and subtracting figures isolates fewer than {threshold} people: {'; '.join(lines)}{more}",
        cells=cells,
        at=[at[cell] for cell in cells if cell in at],
    )


def _nearest(new: Sequence[Equation], earlier: Sequence[Equation]) -> list[Equation]:
    """Equations that share columns with a new one first, the most alike before; then small ones."""
    columns = set().union(*(_columns(equation) for equation in new))
    return sorted(
        earlier, key=lambda equation: (-_likeness(columns, _columns(equation)), len(equation.shown))
    )


def _likeness(first: set[str], second: set[str]) -> float:
    return len(first & second) - len(second - first) / 100


def _columns(equation: Equation) -> set[str]:
    named = {equation.binned[0]} if equation.binned else set()
    where = {name.replace('""', '"') for name in _COLUMN.findall(equation.where or "")}
    return {*equation.dimensions, *named, *where}
