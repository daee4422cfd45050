"""No suppressed cell can be bounded closely from what is shown (rulebook, "linked tables").

Tables of one extract with the same `where` are sums of the same cells; those of all their dimensions
together are the unknowns. What a small suppressed cell can be at least and at most is a linear programme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import Equation
from outputs_check.gate.grid import Grid, Narrow
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.intervals import Unsolved

INTERVAL = Rule(
    "suppression.interval",
    "Rulebook, 'linked tables'; Hundepool et al. (2012), ch. 4.4: suppressed cells must stay uncertain",
    "suppress a second cell in the row and in the column of each cell named, or leave out the margins",
)
_SHOWN = 5


def interval_findings(
    data: DataFolder,
    new: Sequence[Equation],
    earlier: Sequence[Equation],
    appetite: RiskAppetite,
) -> dict[str, list[Finding]]:
    """Findings by file of the new equations, which are of one family as the earlier ones are."""
    found: dict[str, list[Finding]] = {}
    for group in _about_the_same_rows(new, earlier):
        grid = Grid(data, group, appetite)
        mine = [equation for equation in group if equation in new]
        for file in dict.fromkeys(equation.origin for equation in mine):
            notes = _not_examined(grid, [equation for equation in mine if equation.origin == file], group)
            found.setdefault(file, []).extend(notes)
        try:
            for file, cells in _bounded(grid, [equation for equation in grid.equations if equation in new]):
                found[file].append(_finding(cells, appetite.threshold))
        except Unsolved as error:
            for equation in mine:
                found[equation.origin] = [INTERVAL.review(f"suppressed cells could not be examined: {error}")]
    return found


def _bounded(grid: Grid, mine: Sequence[Equation]) -> Iterator[tuple[str, list[Narrow]]]:
    """Cells that are bounded too closely with the new equations of a file, and are not without them."""
    narrow = grid.narrow(grid.equations)
    if narrow and len(mine) < len(grid.equations):
        before = grid.narrow([equation for equation in grid.equations if equation not in mine])
        narrow = {cell: about for cell, about in narrow.items() if cell not in before}
    for file in dict.fromkeys(equation.origin for equation in mine):
        without = grid.narrow([e for e in grid.equations if e.origin != file]) if narrow else {}
        cells = [about for cell, about in narrow.items() if cell not in without]
        if cells:
            yield file, cells


def _not_examined(grid: Grid, mine: Sequence[Equation], group: Sequence[Equation]) -> Iterator[Finding]:
    """What was beyond the limits: where a table's own margins bound its cells, a person has to judge."""
    for equation in mine:
        if grid.is_too_large(equation):
            verdict = Verdict.REVIEW if equation.has_margins else Verdict.PASS
            yield INTERVAL.finding(verdict, "the table is too large for its suppressed cells to be bounded")
        elif equation in grid.equations and (more := grid.overlooked(equation)):
            yield INTERVAL.finding(Verdict.PASS, f"{more:,} of the suppressed cells were not bounded")
    if left_out := len(group) - len(grid.equations):
        text = f"suppressed cells were bounded without {left_out} of {len(group)} tables"
        yield INTERVAL.finding(Verdict.PASS, text)


def _finding(cells: Sequence[Narrow], threshold: int) -> Finding:
    lines = [f"[{cell.name}] of {cell.origin} {cell.range}" for cell in cells[:_SHOWN]]
    more = f"; and {len(cells) - _SHOWN} more" if len(cells) > _SHOWN else ""
    return INTERVAL.finding(
        Verdict.BLOCK,
        f"What is shown bounds suppressed cells of fewer than {threshold} people: {'; '.join(lines)}{more}",
        cells=[cell.name for cell in cells],
        remedy=cells[0].remedy,
    )


def _about_the_same_rows(new: Sequence[Equation], earlier: Sequence[Equation]) -> Iterator[list[Equation]]:
    """The equations about the same rows, where there is a new one among them."""
    by_rows: dict[object, list[Equation]] = {}
    for equation in [*new, *earlier]:
        by_rows.setdefault((equation.where, equation.binned), []).append(equation)
    for group in by_rows.values():
        if any(equation in new for equation in group):
            yield group
