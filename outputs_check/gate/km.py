"""Survival tables, `[facet,]time,at_risk,events,censored,survival`, recomputed over their own times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import BIN, bin_label
from outputs_check.gate.data import Array, DataFolder, quoted
from outputs_check.gate.equation import COUNT, Equation
from outputs_check.gate.equation import Shown as EquationFigure
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import read_figure
from outputs_check.gate.km_figures import FIGURES, Shown, best_reading
from outputs_check.gate.labels import Labels
from outputs_check.gate.layout import Rows, has_default_index, neutral
from outputs_check.gate.question import Question
from outputs_check.gate.records import read_records
from outputs_check.gate.rules import declarations, people, survival, tables
from outputs_check.gate.rules.rule import Blocked, Violation, gathered
from outputs_check.gate.survival import Lives
from outputs_check.gate.verdict import Verdict

Found = tuple[str, tuple[int, int], Violation]
_NEVER = 1e300  # beyond every time: edges of the first and the last step


@dataclass(frozen=True)
class _Group:
    """Rows of the file of one facet. lines: their numbers. grid: their times. name: for findings."""

    name: str
    key: tuple[int, ...]
    facets: tuple[str, ...]
    lines: tuple[int, ...]
    grid: Array


def examine_km(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    """Check a survival table; steps may be merged, the last one may be open to all who are left.

    Raises:
        Blocked: another layout, a facet the data does not have, an event that is not 0 or 1.
    """
    left = int(has_default_index(rows))
    header = rows[0][left:]
    facets = len(question.output.rows)
    _expect_header(header, question)
    labels, lives = _lives(data, question)
    groups = list(_groups(rows, left, question, labels))
    found: list[Found] = []
    curves: list[tuple[_Group, Lives, Shown]] = []
    grid = [list(header), *([] for _ in rows[1:])]
    for group in groups:
        if group.key not in lives:
            raise Blocked(tables.LABEL.block(f"the declared data have nobody with {group.name}"))
        own = lives[group.key]
        shown = _shown(rows, left + facets, header[facets:], group)
        reading = best_reading(own, group.grid, shown, question.output.rounding)
        found += [
            (f"{group.name}, {column}", (group.lines[row], left + header.index(column)), violation)
            for row, column, violation in reading.wrong
        ]
        visible = [row for row in range(group.grid.size) if shown.any_at(row)]
        steps = survival.Steps(own, group.grid, visible, reading.inclusive)
        found += [
            (_named(group, row), (group.lines[row], left + facets), violation)
            for row, violation in survival.violations(steps, appetite)
        ]
        curves.append((group, own, shown))
        found += _obligatory(question, group, appetite, left + facets)
        for row, line in enumerate(group.lines):
            figures = [reading.texts[column][row] for column in header[facets + 1 :]]
            grid[line] = [*map(neutral, group.facets), f"{group.grid[row]:.10g}", *figures]
    findings = gathered(found)
    if not any(finding.rule == tables.FORGED.id for finding in findings):
        text = f"{len(rows) - 1} rows recomputed from the data"
        findings.insert(0, tables.AGREES.finding(Verdict.PASS, text))
    return Examined(
        evidence=question.dataset.evidence,
        findings=tuple(findings),
        canonical=csv_bytes(grid),
        submitted=csv_bytes(rows),
        equations=tuple(_equations(data, question, curves)),
    )


def _expect_header(header: Sequence[str], question: Question) -> None:
    facets = question.output.rows
    figures = header[len(facets) + 1 :]
    good = tuple(header[: len(facets)]) == facets and header[len(facets) : len(facets) + 1] == ("time",)
    if not good or not figures or len(set(figures)) != len(figures) or set(figures) - set(FIGURES):
        wanted = ",".join([*facets, "time", *FIGURES])
        raise Blocked(tables.LAYOUT.block(f"the header is not {wanted}"))


def _lives(data: DataFolder, question: Question) -> tuple[list[Labels], dict[tuple[int, ...], Lives]]:
    """The observations of every facet: those that have a time, an event and every facet's label."""
    output = question.output
    time_column, event_column = str(output.value), str(output.event)
    records = read_records(data, question, [*output.rows, time_column, event_column])
    complete = records.frame.notna().all(axis=1).to_numpy()
    frame = records.frame[complete]
    time, event = frame[time_column].to_numpy(dtype=float), frame[event_column].to_numpy(dtype=float)
    if not np.isin(event, (0, 1)).all():
        raise Blocked(declarations.VALUE.block(f"'{event_column}' is not 0 or 1 in every row"))
    units = {unit: hashes[complete] for unit, hashes in records.units.items()}
    labels, codes = [], []
    for name in output.rows:
        numbers, values = pd.factorize(frame[name], sort=True)
        labels.append(Labels.of(question.types[name], list(values)))
        codes.append(numbers)
    lives = {}
    for key, rows in _positions(codes, time.size):
        mine = {unit: hashes[rows] for unit, hashes in units.items()}
        lives[key] = Lives.of(time[rows], event[rows], mine)
    return labels, lives


def _positions(codes: Sequence[Array], size: int) -> Iterator[tuple[tuple[int, ...], Array]]:
    """The rows of every combination of codes; without any code all rows are one group."""
    if not codes:
        yield (), np.arange(size)
        return
    distinct, which = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(distinct)))
    for key, rows in zip(distinct, np.split(order, ends[:-1]), strict=True):
        yield tuple(int(code) for code in key), rows


def _groups(rows: Rows, left: int, question: Question, labels: Sequence[Labels]) -> Iterator[_Group]:
    facets = question.output.rows
    lines: dict[tuple[int, ...], list[int]] = {}
    for number, row in enumerate(rows[1:], start=1):
        key = []
        for name, known, text in zip(facets, labels, row[left:], strict=False):
            index = known.find(text)
            if index is None:
                raise Blocked(tables.LABEL.block(f"'{text[:60]}' is no category of {name}"))
            key.append(index)
        lines.setdefault(tuple(key), []).append(number)
    if not lines:
        raise Blocked(tables.LAYOUT.block("the table has no figures"))
    for place, numbers in lines.items():
        times = [read_figure(rows[number][left + len(facets)]) for number in numbers]
        grid = np.array([np.nan if time is None else time for time in times])
        if np.isnan(grid).any() or (np.diff(grid) <= 0).any():
            raise Blocked(tables.LAYOUT.block("the times of a group do not rise from row to row"))
        names = [known.names[index] for known, index in zip(labels, place, strict=True)]
        label = ", ".join(f"{name}={value}" for name, value in zip(facets, names, strict=True))
        yield _Group(label or "everyone", place, tuple(names), tuple(numbers), grid)


def _shown(rows: Rows, first: int, header: Sequence[str], group: _Group) -> Shown:
    """The figures of one group by column; NaN where suppressed, and where no figure stands."""
    texts = {
        name: [rows[line][first + place] for line in group.lines]
        for place, name in enumerate(header)
        if name in FIGURES
    }
    return Shown(texts)


def _named(group: _Group, row: int) -> str:
    return f"{group.name}, time={group.grid[row]:.10g}"


def _obligatory(question: Question, group: _Group, appetite: RiskAppetite, column: int) -> list[Found]:
    """Where the owner asks for rounding, counts are rounded at least as coarsely.

    The coarser midpoint-6 is the practice for survival tables (rulebook, "OpenSAFELY-like").
    """
    base = question.output.rounding
    if not appetite.rounding_obligatory or (base is not None and base >= appetite.rounding_base):
        return []
    sentence = f"Counts have to be rounded to {appetite.rounding_base} or to midpoint 6"
    violation = Violation(people.OBLIGATORY, Verdict.BLOCK, sentence, "not rounded")
    return [(group.name, (group.lines[0], column), violation)]


def _equations(
    data: DataFolder, question: Question, curves: Sequence[tuple[_Group, Lives, Shown]]
) -> Iterator[Equation]:
    """Curves over the same times are one table of counts by step; at risk is the sum of later steps."""
    output, dataset = question.output, question.dataset
    known = f"{quoted(str(output.event))} IS NOT NULL"
    slack = output.rounding / 2 if output.rounding and output.rounding >= 1 else 0.0
    alike: dict[tuple[float, ...], list[tuple[_Group, Lives, Shown]]] = {}
    for curve in curves:
        alike.setdefault(tuple(curve[0].grid.tolist()), []).append(curve)
    for times, members in alike.items():
        # Steps are (left, right] where bins are [left, right): the next number makes one of the other.
        edges = (-_NEVER, *(float(np.nextafter(time, np.inf)) for time in times), _NEVER)
        bins = [bin_label(left, right) for left, right in pairwise(edges)]
        counts: list[EquationFigure] = []
        withheld: list[tuple[str, ...]] = []
        for group, lives, shown in members:
            steps = lives.events(group.grid) + lives.censored(group.grid)
            for row, size in enumerate(steps):
                key = (*group.facets, bins[row])
                if shown.any_at(row):
                    counts.append(EquationFigure(key, _named(group, row), float(size), slack))
                else:
                    withheld.append(key)
        yield Equation(
            origin=output.file,
            data=dataset.name,
            extract=data.rows_of(dataset),
            units=question.units,
            measure=COUNT,
            shown=tuple(counts),
            withheld=tuple(withheld),
            dimensions=(*output.rows, BIN),
            where=f"({question.where}) AND {known}" if question.where else known,
            binned=(str(output.value), edges),
        )
