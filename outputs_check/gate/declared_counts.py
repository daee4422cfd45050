"""Evidence C: a table without data is judged by the counts that its researcher declares beside it.

Nothing here is recomputed: the counts are a claim, and so the best verdict is REVIEW, whatever an appetite
says. What can be held against the claim is: every shown figure has its count of people, the rules on counts
hold, and figures and counts do not contradict each other. Dominance and differencing cannot be judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.count_rules import Counted, violations
from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.labels import MARGIN, Labels, is_margin
from outputs_check.gate.layout import Key, Layout, Placed, Rows, lay_out
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declared_counts as rules
from outputs_check.gate.rules import tables
from outputs_check.gate.rules.rowlevel import microdata
from outputs_check.gate.rules.rule import Blocked, Violation, gathered
from outputs_check.gate.verdict import Evidence, Verdict


def examine_by_counts(
    data: DataFolder, output: Output, unit: str, rows: Rows, counts: Rows, appetite: RiskAppetite
) -> Examined:
    """Check a table against the counts of people declared beside it.

    rows, counts: both files, in the same layout.

    Raises:
        Blocked: the data is in the folder after all, or a file cannot be read as the declared table.
    """
    _require_no_data(data, output)
    labels = _labels(output, rows, counts)
    layout = lay_out(rows, output, labels)
    if len(layout.placed) > appetite.max_table_cells:
        raise Blocked(tables.TOO_MANY.block(f"more than {appetite.max_table_cells:,} cells"))
    table = _CountedTable(output, layout, _read_counts(counts, output, labels), appetite, unit, labels)
    return Examined(
        evidence=Evidence.C,
        findings=(
            *microdata(rows, data.sizes),
            *microdata(counts, data.sizes),
            *table.findings(),
        ),
        canonical=csv_bytes(layout.with_figures(table.written())),
        submitted=csv_bytes(rows),
    )


def _require_no_data(data: DataFolder, output: Output) -> None:
    """Who could declare data may not fall back on a claim.

    Raises:
        Blocked: one dataset has every column that the table names.
    """
    named = {*output.dimensions, *filter(None, (output.value, output.denominator))}
    for name in data.names:
        if named and named <= set(data.columns(data.dataset(name))):
            text = f"'{name}' has the columns of this table: counts are no substitute for data"
            raise Blocked(rules.DATA_EXISTS.block(text, f'declare data = "{name}"'))


def _labels(output: Output, *files: Rows) -> list[Labels]:
    """Take every text of the files for a possible label: without data there is no code list."""
    texts = {cell for rows in files for row in rows for cell in row if cell and not is_margin(cell)}
    return [Labels("text", tuple(sorted(texts)))] * len(output.dimensions)


def _read_counts(counts: Rows, output: Output, labels: list[Labels]) -> dict[Key, float]:
    """Return people by cell; a suppressed count is absent.

    Raises:
        Blocked: another layout than the table's, or a count that is no whole number.
    """
    beside = replace(output, statistic="count", normalize=None, denominator=None)
    found: dict[Key, float] = {}
    for placed in lay_out(counts, beside, labels).placed:
        if placed.text in SUPPRESSED:
            continue
        figure = read_figure(placed.text)
        if figure is None or figure < 0 or not figure.is_integer():
            raise Blocked(rules.UNUSABLE.block(f"'{placed.text[:30]}' in '{output.counts}' is no count"))
        found[placed.key] = figure
    return found


@dataclass(frozen=True)
class _CountedTable:
    """A table laid out, and the declared counts of its cells."""

    output: Output
    layout: Layout
    counts: Mapping[Key, float]
    appetite: RiskAppetite
    unit: str
    labels: list[Labels]

    def findings(self) -> list[Finding]:
        shown = self._shown()
        unreadable = [placed for placed, figure in shown.items() if figure is None]
        figures = {placed: figure for placed, figure in shown.items() if figure is not None}
        text = f"counts of {self.unit} declared in '{self.output.counts}': not recomputed, not compared with"
        found = [rules.DECLARED.review(f"{text} earlier releases, dominance unknown")]
        if unreadable:
            texts = ", ".join(f"'{placed.text[:30]}'" for placed in unreadable[:5])
            at = [placed.at for placed in unreadable]
            found.append(tables.FIGURE.finding(Verdict.BLOCK, f"not a figure: {texts}", at=at))
        flag = self._is_flag(list(figures.values()))
        judged = [
            (self._name(placed.key), placed.at, violation)
            for placed, figure in figures.items()
            for violation in self._violations(placed.key, figure, flag)
        ]
        return found + gathered(judged)

    def written(self) -> dict[tuple[int, int], str]:
        """The gate's spelling of every figure."""
        return {
            placed.at: "[c]" if figure is None else written(figure, self.output.rounding)
            for placed in self.layout.placed
            for figure in [read_figure(placed.text)]
        }

    def _shown(self) -> dict[Placed, float | None]:
        placed = self.layout.placed
        return {each: read_figure(each.text) for each in placed if each.text not in SUPPRESSED}

    def _is_flag(self, figures: list[float]) -> bool:
        """Whether the figures may be those of a 0/1 column, which are judged as proportions.

        All zero is no flag to protect: it is the same for everyone (rulebook, false alarms).
        """
        match self.output.statistic:
            case "mean":
                return all(0 <= figure <= 1 for figure in figures) and any(figures)
            case "sum":
                whole = all(figure >= 0 and figure.is_integer() for figure in figures)
                return whole and all(
                    figure <= self.counts.get(placed.key, figure)
                    for placed, figure in self._shown().items()
                    if figure is not None
                )
            case "proportion":
                return self.output.normalize is None and any(figures)
        return False

    def _violations(self, key: Key, figure: float, flag: bool) -> Iterator[Violation]:
        people = self.counts.get(key)
        if people is None:
            yield Violation(rules.ABSENT, Verdict.BLOCK, "No count is declared", "no count")
            return
        base_key = self.output.base_of(key)
        base = None if base_key is None else self._base(base_key)
        cell = Counted(figure, people, base, flag)
        yield from violations(cell, self.output, self.appetite, self.unit)
        yield from self._share(cell, base_key is not None)
        yield from self._remainder(key, people)

    def _share(self, cell: Counted, normalised: bool) -> Iterator[Violation]:
        """A share of a normalised table is its count over its denominator's."""
        if not normalised:
            return
        if not cell.base:
            yield Violation(rules.ABSENT, Verdict.BLOCK, "The denominator has no count", "no denominator")
        elif not agrees(cell.figure, cell.people / cell.base, self.output.rounding):
            share = f"{cell.people:g} of {cell.base:g}"
            yield Violation(rules.IMPLAUSIBLE, Verdict.BLOCK, "Not the share of the counts", share)

    def _base(self, base_key: Key) -> float | None:
        """The declared margin, else the sum of its line if every count of it is declared."""
        if base_key in self.counts:
            return self.counts[base_key]
        line = [placed.key for placed in self.layout.placed if _is_in(placed.key, base_key)]
        if not line or not all(key in self.counts for key in line):
            return None
        return sum(self.counts[key] for key in line)

    def _remainder(self, margin: Key, people: float) -> Iterator[Violation]:
        """What a margin leaves over the shown cells of one of its lines is as good as shown."""
        shown = {placed.key for placed, figure in self._shown().items() if figure is not None}
        for place, index in enumerate(margin):
            if index is not None:
                continue
            line = [
                key
                for key in shown & self.counts.keys()
                if key[place] is not None
                and key[:place] + key[place + 1 :] == margin[:place] + margin[place + 1 :]
            ]
            rest = people - sum(self.counts[key] for key in line)
            if line and 0 < rest < self.appetite.threshold:
                sentence = (
                    f"The margin leaves fewer than {self.appetite.threshold} {self.unit} to what is not shown"
                )
                yield Violation(rules.REMAINDER, Verdict.BLOCK, sentence, f"{rest:g}")

    def _name(self, key: Key) -> str:
        parts = [
            f"{dimension}={MARGIN if index is None else labels.names[index]}"
            for dimension, labels, index in zip(self.output.dimensions, self.labels, key, strict=True)
        ]
        return ", ".join(parts) or self.output.statistic


def _is_in(key: Key, margin: Key) -> bool:
    """Whether an inner cell lies in the lines of a margin."""
    return None not in key and all(
        wanted is None or wanted == index for wanted, index in zip(margin, key, strict=True)
    )
