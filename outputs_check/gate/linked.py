"""Outputs held against one another and against all earlier releases (rulebook, "linked tables")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from outputs_check.gate import differencing
from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.crowds import Crowds
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import Equation
from outputs_check.gate.examined import Examined
from outputs_check.gate.footprints import Footprints
from outputs_check.gate.ledger import Ledger
from outputs_check.gate.rebased import is_rounded, rebased_findings
from outputs_check.gate.result import Finding
from outputs_check.gate.verdict import Verdict

Findings = dict[str, list[Finding]]  # by file


class Linked:
    """The outputs of one submission, as far as they are comparable, and the ledger.

    Nothing is asked of the data for a table that there is nothing to compare with.
    """

    def __init__(self, data: DataFolder, book: Ledger) -> None:
        self._data, self._book, self._crowds = data, book, Crowds(data)
        self._footprints: dict[Equation, Footprints] = {}
        self._released: dict[tuple[str, str, str], list[Equation]] = {}

    def footprints(self, equation: Equation) -> Footprints:
        """The sets behind an equation, worked out once."""
        if equation not in self._footprints:
            self._footprints[equation] = Footprints(self._data, equation)
        return self._footprints[equation]

    def alone(self, file: str, examined: Examined, appetite: RiskAppetite) -> list[Finding]:
        """What an output gives away by itself (suppressed cells, margins) and with earlier releases."""
        found: list[Finding] = []
        own = examined.equations
        for equation in own:
            others = [other for other in own if other.measure == equation.measure]
            if not equation.has_parts:
                others.remove(equation)  # its cells have nobody in common
            if others or self._book.knows(equation.measure):
                found += self._pairs(equation, others, self._book, appetite, examined.positions)
            if is_rounded(equation) and self._book.knows(equation.measure):
                found += rebased_findings(equation, self._of_family(equation), examined.positions)
        if not _blocked(found):
            found += self._chains({file: examined}, appetite)[file]
        if not _blocked(found):
            found += self._intervals({file: examined}, appetite)[file]
        return found

    def together(self, outputs: Mapping[str, Examined], appetite: RiskAppetite) -> Findings:
        """What outputs give away that could be released together. appetite: the strictest of them."""
        found: Findings = {file: [] for file in outputs}
        for file, examined in outputs.items():
            foreign = [
                equation for other in outputs if other != file for equation in outputs[other].equations
            ]
            for equation in examined.equations:
                others = [other for other in foreign if other.measure == equation.measure]
                if others:
                    found[file] += self._pairs(equation, others, None, appetite, examined.positions)
                if is_rounded(equation):
                    found[file] += rebased_findings(equation, others, examined.positions)
        for examine in (self._chains, self._intervals):
            open_ones = {file: examined for file, examined in outputs.items() if not _blocked(found[file])}
            if len(open_ones) > 1:
                for file, more in examine(open_ones, appetite).items():
                    found[file] += more
        return found

    def _pairs(
        self,
        equation: Equation,
        others: Sequence[Equation],
        book: Ledger | None,
        appetite: RiskAppetite,
        at: Mapping[str, tuple[int, int]],
    ) -> list[Finding]:
        compared = [self.footprints(other) for other in others]
        pairs = differencing.isolated(
            self._crowds, self.footprints(equation), compared, book, appetite.threshold
        )
        return differencing.findings(pairs, appetite.threshold, at)

    def _chains(self, outputs: Mapping[str, Examined], appetite: RiskAppetite) -> Findings:
        found: Findings = {file: [] for file in outputs}
        for family in _families(outputs):
            earlier = self._earlier(family[0])
            for file in dict.fromkeys(equation.origin for equation in family):
                new = [equation for equation in family if equation.origin == file]
                beside = [equation for equation in family if equation.origin != file]
                if beside or (len(outputs) == 1 and (earlier or len(new) > 1 or self._has_gaps(new))):
                    found[file] += self._chain(new, beside, earlier, appetite.threshold, outputs[file])
        return found

    def _chain(
        self,
        new: Sequence[Equation],
        beside: Sequence[Equation],
        earlier: Sequence[Equation],
        threshold: int,
        examined: Examined,
    ) -> list[Finding]:
        # Imported here: a table that there is nothing to compare with does without the solvers.
        from outputs_check.gate.chains import chain_finding, examined_chains

        chains, notes = examined_chains(self._data, self._crowds, new, beside, earlier, threshold)
        mine = [chain for chain in chains if new[0].origin in chain.files]
        return notes + ([chain_finding(mine, threshold, examined.positions)] if mine else [])

    def _intervals(self, outputs: Mapping[str, Examined], appetite: RiskAppetite) -> Findings:
        found: Findings = {file: [] for file in outputs}
        for new in _families(outputs):
            files, earlier = {equation.origin for equation in new}, self._earlier(new[0])
            alone = len(new) == 1 and not earlier and not new[0].has_parts
            if alone or (len(outputs) > 1 and len(files) == 1):
                continue
            if self._has_gaps(new) or any(equation.withheld for equation in earlier):
                from outputs_check.gate.intervals import interval_findings

                for file, findings in interval_findings(self._data, new, earlier, appetite).items():
                    found[file] += findings
        return found

    def _of_family(self, new: Equation) -> list[Equation]:
        """Released equations of the same family, read once."""
        if new.family not in self._released:
            self._released[new.family] = self._book.equations(*new.family)
        return self._released[new.family]

    def _earlier(self, new: Equation) -> list[Equation]:
        """Those whose figures can be added to the figures of a new one."""
        return [other for other in self._of_family(new) if other.additive and other.weight == new.weight]

    def _has_gaps(self, equations: Sequence[Equation]) -> bool:
        """Whether cells with somebody in them are not shown. Disjoint cells, all shown, give nothing away."""
        return any(equation.has_parts and not self.footprints(equation).complete for equation in equations)


def _families(outputs: Mapping[str, Examined]) -> Iterable[list[Equation]]:
    """Equations whose figures can be added to each other."""
    families: dict[tuple[object, ...], list[Equation]] = {}
    for examined in outputs.values():
        for equation in examined.equations:
            if equation.additive:
                families.setdefault((*equation.family, equation.weight), []).append(equation)
    return families.values()


def _blocked(findings: Iterable[Finding]) -> bool:
    return any(finding.verdict is Verdict.BLOCK for finding in findings)
