"""A declared table: laid out, recomputed, compared cell by cell, held against the rules, rebuilt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.cells import Cell, TableContext
from outputs_check.gate.contributions import BIN, Contributions, Group, contributions
from outputs_check.gate.data import DataFolder
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.footprints import COUNT, Footprint, Registers, Source, joined
from outputs_check.gate.labels import MARGIN, Labels
from outputs_check.gate.layout import Key, Layout, Placed, Rows, lay_out
from outputs_check.gate.question import Question
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations, tables
from outputs_check.gate.rules.rule import Blocked, Rule, Violation, gathered
from outputs_check.gate.statistics import STATISTICS, count
from outputs_check.gate.table_rules import violations
from outputs_check.gate.verdict import Evidence, Verdict

_CODED_CATEGORIES = 50  # a variable with more distinct values has to prove that it has a code list
_MAX_DERIVED_DIMENSIONS = 4


class Table:
    """One declared table over the data, for every unit that its dataset registers."""

    def __init__(self, data: DataFolder, question: Question, appetite: RiskAppetite) -> None:
        self.data, self.question, self.appetite = data, question, appetite
        self.output = question.output
        self.statistic = STATISTICS[self.output.statistic]
        query = question.query(by_row=self.statistic.by_row)
        self.by_unit = {unit: contributions(data, query, unit) for unit in question.units}
        self.main = self.by_unit[question.units[0]]
        self._groups: dict[tuple[str, Key], Group] = {}
        entries = self.main.entries
        self.flag = entries.valid.sum() == entries.ones.sum() + entries.zeros.sum() > 0
        self.all_zero = self.flag and entries.ones.sum() == 0
        if self.output.statistic == "proportion" and self.output.value and not self.flag:
            raise Blocked(declarations.VALUE.block(f"'{self.output.value}' is no 0/1 column: no proportion"))

        self.zeros = tuple(self._structural_zeros())

    def examine(self, rows: Rows, registers: Registers) -> Examined:
        """Check a submitted file.

        Raises:
            Blocked: it cannot be read as the declared table.
        """
        layout = lay_out(rows, self.output, self.main.labels)
        if len(layout.placed) > self.appetite.max_table_cells:
            raise Blocked(tables.TOO_MANY.block(f"more than {self.appetite.max_table_cells:,} cells"))
        shown = {
            placed: read_figure(placed.text) for placed in layout.placed if placed.text not in SUPPRESSED
        }
        findings = self._compared(shown)
        published = [placed for placed, figure in shown.items() if figure is not None]
        findings += self.judged([(placed, shown[placed] or 0.0) for placed in published])
        findings += self._rare_labels(layout, published)
        figures = {placed.at: self._written(placed) for placed in layout.placed}
        return Examined(
            evidence=Evidence.A if self.question.dataset.registered else Evidence.B,
            findings=tuple(findings),
            canonical=csv_bytes(layout.with_figures(figures)),
            submitted=csv_bytes(rows),
            footprints=tuple(self._footprints(published, registers)),
            positions={self.name(placed.key): placed.at for placed in published},
        )

    def every_cell(self) -> list[tuple[Placed, float]]:
        """Every cell with somebody in it, as if it had been shown: what an image of the table shows."""
        size = [range(len(labels.names)) for labels in self.main.labels]
        if math.prod(len(indexes) for indexes in size) > self.appetite.max_table_cells:
            raise Blocked(tables.TOO_MANY.block(f"more than {self.appetite.max_table_cells:,} cells"))
        cells = [Placed(key, (0, 0), "") for key in itertools.product(*size)]
        return [(cell, self._figure(cell.key)) for cell in cells if self._group(cell.key).rows.sum()]

    def judged(self, shown: Sequence[tuple[Placed, float]]) -> list[Finding]:
        """Hold shown cells against the rules, for every unit."""
        found: list[tuple[str, tuple[int, int], Violation]] = []
        for unit in self.question.units:
            context = TableContext(self.output, self.appetite, unit, self.flag, bool(self.all_zero))
            for placed, figure in shown:
                cell = self._cell(placed.key, figure, unit)
                found += [(cell.name, placed.at, violation) for violation in violations(cell, context)]
        return gathered(found)

    def name(self, key: Key) -> str:
        """The name of a cell in findings."""
        if not key:
            return self.output.statistic
        parts = []
        for dimension, labels, index in zip(self.output.dimensions, self.main.labels, key, strict=True):
            parts.append(f"{dimension}={MARGIN if index is None else labels.names[index]}")
        return ", ".join(parts)

    def _cell(self, key: Key, shown: float, unit: str) -> Cell:
        base_key = self.output.base_of(key)
        base = None if base_key is None or base_key == key else self._group(base_key, unit)
        group = self._group(key, unit)
        structural = not group.rows.sum() and self._is_structural(key)
        return Cell(self.name(key), self._figure(key), shown, group, base, structural)

    def _group(self, key: Key, unit: str | None = None) -> Group:
        place = (unit or self.question.units[0], key)
        if place not in self._groups:
            self._groups[place] = self.by_unit[place[0]].group(key)
        return self._groups[place]

    def _figure(self, key: Key) -> float:
        base_key = self.output.base_of(key)
        if base_key is None:
            return self.statistic.figure(self._group(key), self.output)
        base = count(self._group(base_key), self.output)
        return count(self._group(key), self.output) / base if base else float("nan")

    def _compared(self, shown: dict[Placed, float | None]) -> list[Finding]:
        unreadable = [placed for placed, figure in shown.items() if figure is None]
        wrong = [
            (placed, self._figure(placed.key))
            for placed, figure in shown.items()
            if figure is not None and not agrees(figure, self._figure(placed.key), self.output.rounding)
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
            lines = "; ".join(
                f"{self.name(placed.key)}: {placed.text} submitted, {self._written_as(true)} recomputed"
                for placed, true in wrong[:5]
            )
            more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            text = f"{len(wrong)} figures differ from the data: {lines}{more}"
            findings.append(self._about(tables.FORGED, text, [placed for placed, _ in wrong]))
        return findings

    def _about(self, rule: Rule, message: str, placed: Sequence[Placed]) -> Finding:
        cells = dict.fromkeys(self.name(cell.key) for cell in placed)
        return rule.finding(Verdict.BLOCK, message, cells=cells, at=[cell.at for cell in placed])

    def _rare_labels(self, layout: Layout, published: Sequence[Placed]) -> list[Finding]:
        """A label of a variable without a code list tells that somebody has this value."""
        rare: dict[str, None] = {}
        for dimension, labels in enumerate(self.main.labels):
            if self.output.dimensions[dimension] == BIN or self._is_coded(labels):
                continue
            for index in {placed.key[dimension] for placed in layout.placed} - {None}:
                alone = tuple(index if place == dimension else None for place in range(len(self.main.labels)))
                if self._group(alone).people() < self.appetite.threshold:
                    rare[f"{self.output.dimensions[dimension]}={labels.names[index or 0]}"] = None
        if not rare:
            return []
        text = f"labels that fewer than {self.appetite.threshold} people have: {', '.join(list(rare)[:5])}"
        return [tables.RARE_LABEL.finding(Verdict.BLOCK, text, cells=rare)]

    def _is_coded(self, labels: Labels) -> bool:
        """Few categories, or categories of text that many people share, are taken for a code list."""
        usual = self.main.entries.people() / max(1, len(labels.names))
        return len(labels.names) <= _CODED_CATEGORIES or (
            labels.kind == "text" and usual >= self.appetite.threshold
        )

    def _written(self, placed: Placed) -> str:
        if placed.text in SUPPRESSED:
            return "[c]"
        return self._written_as(self._figure(placed.key))

    def _written_as(self, figure: float) -> str:
        return written(figure, self.output.rounding)

    def _structural_zeros(self) -> Iterator[dict[str, int | None]]:
        """Declared zeros as label indexes; None is a category that the filtered table does not have.

        Raises:
            Blocked: a dimension or category that the variable does not have.
        """
        for declared in self.output.structural_zeros:
            zero: dict[str, int | None] = {}
            for dimension, category in declared:
                place = self.output.dimensions.index(dimension) if dimension in self.output.dimensions else -1
                if place < 0 or self._unfiltered.labels[place].find(category) is None:
                    text = f"structural zero {dimension}={category}: no such category in the table"
                    raise Blocked(declarations.VALUE.block(text))
                zero[dimension] = self.main.labels[place].find(category)
            yield zero

    @cached_property
    def _unfiltered(self) -> Contributions:
        query = replace(self.question.query(by_row=False), where=None)
        return contributions(self.data, query, self.question.units[0])

    def _is_structural(self, key: Key) -> bool:
        """Declared, and empty in the whole dataset as well: a declaration cannot hide a real zero."""
        place = dict(zip(self.output.dimensions, key, strict=True))
        if not any(
            all(place[name] == index is not None for name, index in zero.items()) for zero in self.zeros
        ):
            return False
        everywhere: list[int | None] = []
        for labels, whole, index in zip(self.main.labels, self._unfiltered.labels, key, strict=True):
            everywhere.append(None if index is None else whole.find(labels.names[index]))
        return self._unfiltered.group(everywhere).unit.size == 0

    def _footprints(self, published: Sequence[Placed], registers: Registers) -> Iterator[Footprint]:
        counts = self.output.statistic in {"count", "proportion"} and not self._is_of_value
        base = self.appetite.rounding_base
        exact = not counts or self.output.rounding is None or self.output.rounding % base != 0
        name = self.question.dataset.name
        extract = self.data.rows_of(self.question.dataset)
        measure = COUNT if counts else f"value:{name}:{self.output.value}"
        inner = [placed.key for placed in published if None not in placed.key]
        bases = {self.output.base_of(placed.key) for placed in published} - {None}
        for unit in self.question.units:
            of = Source(self.output.file, measure, name, extract, unit, exact)
            named: list[tuple[str, Group]] = []
            for key in {placed.key for placed in published} | {key for key in bases if key is not None}:
                named.append((self.name(key), self._group(key, unit).per_person()))
            for label, keys in _lines(inner, len(self.output.dimensions)):
                together = joined([self._group(key, unit) for key in keys])
                named.append((f"sum of the shown cells, {self.name(label)}", together))
            yield from of.footprints(named, registers)

    @property
    def _is_of_value(self) -> bool:
        return self.output.value is not None and self.output.statistic != "count"


def _lines(inner: Sequence[Key], dimensions: int) -> Iterator[tuple[Key, list[Key]]]:
    """Yield every line of shown cells along one or more dimensions: what a reader can add up."""
    if dimensions > _MAX_DERIVED_DIMENSIONS:
        return
    for size in range(1, dimensions + 1):
        for along in itertools.combinations(range(dimensions), size):
            lines: dict[Key, list[Key]] = {}
            for key in inner:
                label = tuple(None if place in along else index for place, index in enumerate(key))
                lines.setdefault(label, []).append(key)
            yield from lines.items()
