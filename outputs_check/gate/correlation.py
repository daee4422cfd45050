"""Correlation matrices, as `DataFrame.corr()` writes them."""

from __future__ import annotations

import itertools

import numpy as np

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import DataFolder
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.labels import kind_of
from outputs_check.gate.layout import Rows
from outputs_check.gate.question import Question
from outputs_check.gate.records import Records, read_records
from outputs_check.gate.rules import declarations, models, people, tables
from outputs_check.gate.rules.rule import Blocked, Rule, Violation, gathered
from outputs_check.gate.verdict import Evidence, Verdict

_PERFECT = 1 - 1e-9
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
            found.append(
                (cell, (row, column), _against(tables.FORGED, "Figures differ from the data", detail))
            )
        if row != column:
            pair = _pair(records, first, second, figure, appetite)
            found += [(cell, (row, column), violation) for violation in pair]
    findings = gathered(found)
    if not any(finding.rule == tables.FORGED.id for finding in findings):
        text = f"{len(places)} figures recomputed from the data"
        findings.insert(0, tables.AGREES.finding(Verdict.PASS, text))
    evidence = Evidence.A if question.dataset.registered else Evidence.B
    return Examined(evidence, tuple(findings), csv_bytes(grid), submitted=csv_bytes(rows))


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


def _pair(
    records: Records, first: str, second: str, figure: float, appetite: RiskAppetite
) -> list[Violation]:
    both = (records.frame[first].notna() & records.frame[second].notna()).to_numpy()
    found = []
    for unit in records.units:
        number = records.people(unit, both)
        if number < appetite.threshold:
            sentence = f"Fewer than {appetite.threshold} distinct {unit}"
            found.append(_against(people.THRESHOLD, sentence, f"{number}"))
        elif number - 2 < appetite.residual_dof:
            sentence = f"Under {appetite.residual_dof} degrees of freedom"
            found.append(_against(models.FREEDOM, sentence, f"{number - 2}"))
    if np.isfinite(figure) and abs(figure) >= _PERFECT:
        found.append(_against(models.PERFECT, "A perfect correlation", f"{figure:g}"))
    return found


def _against(rule: Rule, sentence: str, detail: str) -> Violation:
    return Violation(rule, Verdict.BLOCK, sentence, detail)
