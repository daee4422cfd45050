"""Correlation matrices, as `DataFrame.corr()` writes them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import present
from outputs_check.gate.correlation_rules import Pair, violations
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import Equation, Shown
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.labels import kind_of
from outputs_check.gate.layout import Rows
from outputs_check.gate.question import Question
from outputs_check.gate.records import Records, read_records
from outputs_check.gate.rules import declarations, tables
from outputs_check.gate.rules.rule import Blocked, Violation, gathered
from outputs_check.gate.verdict import Verdict

Found = tuple[str, tuple[int, int], Violation]


def examine_correlation(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    """Recompute a matrix and hold every pair against threshold and degrees of freedom.

    Raises:
        Blocked: another layout, or variables that are not numbers of the dataset.
    """
    names = rows[0][1:]
    _expect_matrix(rows, names, question)
    records = read_records(data, question, names)
    true = records.frame.astype(float).corr().to_numpy()
    rounding = question.output.rounding
    found: list[Found] = []
    grid = [list(row) for row in rows]
    places = [
        (row, column)
        for row, column in itertools.product(range(1, len(rows)), repeat=2)
        if rows[row][column] not in SUPPRESSED
    ]
    for row, column in itertools.product(range(1, len(rows)), repeat=2):
        grid[row][column] = "[c]"
    for row, column in places:
        first, second, figure = names[row - 1], names[column - 1], float(true[row - 1, column - 1])
        cell = f"{first} and {second}"
        grid[row][column] = written(figure, rounding)
        shown = read_figure(rows[row][column])
        if shown is None or not agrees(shown, figure, rounding):
            detail = f"{rows[row][column][:30]} submitted, {written(figure, rounding)} recomputed"
            sentence = "Figures differ from the data"
            found.append((cell, (row, column), Violation(tables.FORGED, Verdict.BLOCK, sentence, detail)))
        if row != column:
            pair = _pair(records, first, second, figure)
            found += [(cell, (row, column), violation) for violation in violations(pair, appetite)]
    findings = gathered(found)
    if not any(finding.rule == tables.FORGED.id for finding in findings):
        text = f"{len(places)} figures recomputed from the data"
        findings.insert(0, tables.AGREES.finding(Verdict.PASS, text))
    evidence = question.dataset.evidence
    pairs = [(names[row - 1], names[column - 1]) for row, column in places if row != column]
    equations = tuple(_equations(data, question, pairs))
    return Examined(
        evidence, tuple(findings), csv_bytes(grid), submitted=csv_bytes(rows), equations=equations
    )


def _expect_matrix(rows: Rows, names: tuple[str, ...], question: Question) -> None:
    declared = set(question.output.dimensions)
    if not names or tuple(row[0] for row in rows[1:]) != names or (declared and declared != set(names)):
        raise Blocked(tables.LAYOUT.block("not a square matrix of the declared variables"))
    for name in names:
        if name not in question.types or kind_of(question.types[name]) not in {"number", "truth"}:
            raise Blocked(
                declarations.COLUMN.block(f"'{name[:60]}' is no number of '{question.dataset.name}'")
            )
        if name in {*question.units, *question.dataset.pseudonyms}:
            raise Blocked(declarations.COLUMN.block(f"'{name}' identifies people"))


def _pair(records: Records, first: str, second: str, figure: float) -> Pair:
    both = (records.frame[first].notna() & records.frame[second].notna()).to_numpy()
    one, other = (records.frame[name].to_numpy()[both].astype(float) for name in (first, second))
    units = {unit: hashes[both] for unit, hashes in records.units.items()}
    return Pair(one, other, units, (first, second), figure)


def _equations(data: DataFolder, question: Question, pairs: Iterable[tuple[str, str]]) -> Iterator[Equation]:
    """The people of every shown pair; only correlations of the same two variables can be compared."""
    dataset = question.dataset
    for first, second in sorted({(min(pair), max(pair)) for pair in pairs}):
        known = " AND ".join(f"{present(question.types, column)} IS NOT NULL" for column in (first, second))
        yield Equation(
            origin=question.output.file,
            data=dataset.name,
            extract=data.rows_of(dataset),
            units=question.units,
            measure=f"correlation:{dataset.name}:{first}:{second}",
            shown=(Shown((), f"{first} and {second}", math.nan),),
            additive=False,
            where=f"({question.where}) AND {known}" if question.where else known,
        )
