"""A declared table: laid out, recomputed, compared cell by cell, held against the rules, rebuilt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.columns import BIN
from outputs_check.gate.computed import Computed
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import Equation
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.labels import Labels
from outputs_check.gate.layout import Key, Layout, Placed, Rows, lay_out
from outputs_check.gate.lines import whole_lines
from outputs_check.gate.question import Question
from outputs_check.gate.remedies import merges
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import people, tables
from outputs_check.gate.rules.rule import Blocked, Rule, Violation, gathered
from outputs_check.gate.structural import StructuralZeros
from outputs_check.gate.table_rules import violations
from outputs_check.gate.tabulated import Tabulated, table_equations
from outputs_check.gate.verdict import Verdict

_CODED_CATEGORIES = 50  # a variable with more distinct values has to prove that it has a code list


class Table:
    """One declared table: the file that a researcher wrote against the one that the data give."""

    def __init__(self, data: DataFolder, question: Question, appetite: RiskAppetite) -> None:
        self.data, self.question, self.appetite = data, question, appetite
        self.output = question.output
        self.computed = Computed(data, question)
        self.zeros = StructuralZeros(data, question, self.computed.labels)

    def examine(self, rows: Rows) -> Examined:
        """Check a submitted file.

        Raises:
            Blocked: it cannot be read as the declared table.
        """
        layout = lay_out(rows, self.output, self.computed.labels, self.question.types)
        self._expect_size(len(layout.placed))
        shown = {
            placed: read_figure(placed.text) for placed in layout.placed if placed.text not in SUPPRESSED
        }
        published = [(placed, figure) for placed, figure in shown.items() if figure is not None]
        findings = [
            *self._compared(shown),
            *self.judged(published),
            *self._whole_lines(layout),
            *self._rare_labels(layout),
        ]
        figures = {placed.at: self._written(placed) for placed in layout.placed}
        return Examined(
            evidence=self.question.dataset.evidence,
            findings=tuple(findings),
            canonical=csv_bytes(layout.with_figures(figures)),
            submitted=csv_bytes(rows),
            equations=tuple(self._equations(published, layout)),
            positions={self.computed.name(placed.key): placed.at for placed, _ in published},
        )

    def every_cell(self) -> list[tuple[Placed, float]]:
        """Every cell with somebody in it, as if it had been shown: what an image of the table shows."""
        keys = list(self.computed.filled())
        self._expect_size(len(keys))
        return [(Placed(key, (0, 0), ""), self.computed.figure(key)) for key in keys]

    def judged(self, shown: Sequence[tuple[Placed, float]]) -> list[Finding]:
        """Hold shown cells against the rules, for every unit."""
        found: list[tuple[str, tuple[int, int], Violation]] = []
        keys = {self.computed.name(placed.key): placed.key for placed, _ in shown}
        for unit in self.question.units:
            flag, all_zero = self.computed.flag, self.computed.all_zero
            context = TableContext(self.output, self.appetite, unit, flag, all_zero)
            for placed, _ in shown:
                cell = self._cell(placed.key, unit)
                found += [(cell.name, placed.at, violation) for violation in violations(cell, context)]
        return [self._with_merges(finding, keys) for finding in gathered(found)]

    def _with_merges(self, finding: Finding, keys: Mapping[str, Key]) -> Finding:
        """Name the categories to merge, where a few merges give the cells enough people."""
        if finding.rule not in {people.THRESHOLD.id, people.ZERO.id}:
            return finding
        named = merges(self.computed, [keys[cell] for cell in finding.cells], self.appetite.threshold)
        return replace(finding, remedy=f"{named}, or {finding.remedy}") if named else finding

    def _expect_size(self, cells: int) -> None:
        if cells > self.appetite.max_table_cells:
            raise Blocked(tables.TOO_MANY.block(f"more than {self.appetite.max_table_cells:,} cells"))

    def _cell(self, key: Key, unit: str) -> Cell:
        base_key, facts = self.output.base_of(key), self.computed.facts(key, unit)
        structural = not facts.rows and self.zeros.covers(key)
        if base_key is None or base_key == key:
            return Cell(self.computed.name(key), facts, structural=structural)
        base = self.computed.facts(base_key, unit)
        closed = base.rows == facts.rows and self.zeros.close(key, base_key)
        return Cell(self.computed.name(key), facts, base, structural, closed)

    def _compared(self, shown: dict[Placed, float | None]) -> list[Finding]:
        unreadable = [placed for placed, figure in shown.items() if figure is None]
        wrong = [
            (placed, self.computed.figure(placed.key))
            for placed, figure in shown.items()
            if figure is not None
            and not agrees(
                figure, self.computed.figure(placed.key), self.output.rounding, self.question.tolerance
            )
        ]
        findings = []
        if not unreadable and not wrong:
            findings.append(
                tables.AGREES.finding(Verdict.PASS, f"{len(shown)} figures recomputed from the data")
            )
        if unreadable:
            texts = ", ".join(f"'{placed.text[:30]}'" for placed in unreadable[:5])
            findings.append(self._about(tables.FIGURE, f"not a figure: {texts}", unreadable))
        if wrong:
            name = self.computed.name
            lines = "; ".join(
                f"{name(placed.key)}: {placed.text} submitted, {self._written_as(true)} recomputed"
                for placed, true in wrong[:5]
            )
            more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            text = f"{len(wrong)} figures differ from the data: {lines}{more}"
            findings.append(self._about(tables.FORGED, text, [placed for placed, _ in wrong]))
        return findings

    def _about(self, rule: Rule, message: str, placed: Sequence[Placed]) -> Finding:
        cells = dict.fromkeys(self.computed.name(cell.key) for cell in placed)
        return rule.finding(Verdict.BLOCK, message, cells=cells, at=[cell.at for cell in placed])

    def _whole_lines(self, layout: Layout) -> list[Finding]:
        """Counts that hold everyone of their line; the verdict is that of the zeros a reader infers."""
        if self.output.statistic != "count":
            return []
        shown = {placed.key: placed for placed in layout.placed}
        sentence = "Everyone of a line is in one category, and the others are not in the file"
        violation = Violation(people.EVERYONE, self.appetite.zero_counts, sentence, "100%")
        found = dict.fromkeys(whole_lines(self.computed, self.zeros, shown))
        visible = [shown[key] for key in found if shown[key].text not in SUPPRESSED]
        return gathered((self.computed.name(cell.key), cell.at, violation) for cell in visible)

    def _rare_labels(self, layout: Layout) -> list[Finding]:
        """A label of a variable without a code list tells that somebody has this value."""
        rare: dict[str, None] = {}
        for dimension, labels in enumerate(self.computed.labels):
            if self.output.dimensions[dimension] == BIN or self._is_coded(labels):
                continue
            for index in {placed.key[dimension] for placed in layout.placed} - {None}:
                alone = tuple(
                    index if place == dimension else None for place in range(len(self.computed.labels))
                )
                if self.computed.facts(alone).everyone < self.appetite.threshold:
                    rare[f"{self.output.dimensions[dimension]}={labels.names[index or 0]}"] = None
        if not rare:
            return []
        text = f"labels that fewer than {self.appetite.threshold} people have: {', '.join(list(rare)[:5])}"
        return [tables.RARE_LABEL.finding(Verdict.BLOCK, text, cells=rare)]

    def _is_coded(self, labels: Labels) -> bool:
        """Few categories, or categories of text that many people share, are taken for a code list."""
        if len(labels.names) <= _CODED_CATEGORIES:
            return True
        everyone = self.computed.facts((None,) * len(self.computed.labels)).everyone
        return labels.kind == "text" and everyone / len(labels.names) >= self.appetite.threshold

    def _written(self, placed: Placed) -> str:
        if placed.text in SUPPRESSED:
            return "[c]"
        return self._written_as(self.computed.figure(placed.key))

    def _written_as(self, figure: float) -> str:
        return written(figure, self.output.rounding)

    def _equations(self, shown: Sequence[tuple[Placed, float]], layout: Layout) -> Iterator[Equation]:
        cells = [self._tabulated(placed.key, figure) for placed, figure in shown]
        withheld = [
            self.computed.labels_of(placed.key) for placed in layout.placed if placed.text in SUPPRESSED
        ]
        extract = self.data.rows_of(self.question.dataset)
        counted = self.computed.flag and not self.computed.all_zero
        pair = self.computed.pair if counted else None
        return table_equations(self.question, extract, cells, withheld, self.appetite.rounding_base, pair)

    def _tabulated(self, key: Key, figure: float) -> Tabulated:
        table, base_key = self.computed, self.output.base_of(key)
        base = None if base_key is None else (table.labels_of(base_key), table.rows(base_key))
        ones = float(table.facts(key).positive)
        return Tabulated(table.labels_of(key), table.name(key), figure, table.rows(key), ones, base)
