"""The gate: a submission folder in, a verdict with findings and releasable bytes out."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.base.errors import LabError
from outputs_check.gate.appetite import DEFAULT, RiskAppetite, known_owners, strictest
from outputs_check.gate.beside import counts_result, dataset_result
from outputs_check.gate.data import DataFolder, Dataset
from outputs_check.gate.declaration import Declaration, Output
from outputs_check.gate.derived import DerivedEntry
from outputs_check.gate.drafts import drafted, with_findings
from outputs_check.gate.equation import Equation
from outputs_check.gate.examine import examine
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.ledger import Ledger, opened
from outputs_check.gate.lineage import lineage_findings
from outputs_check.gate.linked import Linked
from outputs_check.gate.result import Finding, OutputResult, Result
from outputs_check.gate.room import Judged, Room
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.identifiers import Pseudonyms
from outputs_check.gate.rules.rowlevel import microdata
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.submitted import Submission, submitted
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.kinds import DECLARATION
from outputs_check.parsers.parsed import Parsed, ParsedTable, Refused

# No fault of a submission: the data folder, the ledger or this machine.
_NOT_OURS = (LabError, sqlite3.Error)


def check_submission(folder: Path, data: Path, *, ledger: Path | None = None, commit: bool = False) -> Result:
    """Check a submission against the data it was made from and against earlier releases.

    folder: holds submission.toml and the outputs. data: the data folder of the project's extract.
    ledger: read where given; with `commit` what is PASS is written to it as released. Whatever is wrong
    with the submission is a finding, never an exception.

    Raises:
        IsolationRefused: no sandbox can be had here. BadInput: the data folder's registry or the ledger
        is broken.
    """
    with (
        submitted(folder, data) as submission,
        opened(ledger, write=commit) as book,
        DataFolder(data, submission.derived) as source,
    ):
        checked = _check(submission, source, book)
        if commit:
            passed = {output.file for output in checked.result.outputs if output.verdict is Verdict.PASS}
            checked.record(book, checked.release_name, passed)
        return checked.result


def release_submission(
    folder: Path, data: Path, *, ledger: Path, release: str, approved: Mapping[str, str]
) -> Result:
    """Check again, and record as released what people approved; all of it or nothing.

    approved: file -> SHA-256 of the canonical bytes that were approved. Between the first check and the
    decision other outputs may have been released: where an approved output is BLOCK by now, or would be
    rebuilt to other bytes, nothing is recorded and the result says so. Recording the same release again
    changes nothing.

    Raises:
        As `check_submission`.
    """
    # An approved notebook was run when it was checked, and the approval is bound to its source.
    with (
        submitted(folder, data, run_notebooks=False) as submission,
        opened(ledger, write=True) as book,
        DataFolder(data, submission.derived) as source,
    ):
        checked = _check(submission, source, book)
        now = {output.file: output.sha256 for output in checked.result.outputs}
        if all(now.get(file) == digest for file, digest in approved.items()):
            checked.record(book, release, set(approved))
        return checked.result


@dataclass(frozen=True)
class _Checked:
    """A result, and what has to be remembered of it once it is released."""

    result: Result
    release_name: str = ""
    linked: Linked | None = None
    equations: Mapping[str, tuple[Equation, ...]] = field(default_factory=dict)

    def record(self, book: Ledger, release: str, files: set[str]) -> None:
        for output in self.result.outputs:
            if output.file in files and output.sha256 is not None and self.linked is not None:
                found = [self.linked.footprints(equation) for equation in self.equations.get(output.file, ())]
                book.record(release, output.file, output.sha256, found)


def _check(submission: Submission, source: DataFolder, book: Ledger) -> _Checked:
    parsed, declared = submission.parsed, submission.declared
    findings = (*declared.findings, *_unit_findings(declared, source))
    if any(finding.verdict is Verdict.BLOCK for finding in findings):
        outputs = _all_refused(declared, parsed, findings)
        return _Checked(Result(outputs, declared.project))
    room = Room(source, declared.unit, Pseudonyms(source), parsed, submission.reproduced, {})
    return _Check(declared, parsed, room, book).run()


def _unit_findings(declared: Declaration, source: DataFolder) -> list[Finding]:
    units = {unit for name in source.names for unit in source.dataset(name).units}
    if units and declared.unit and declared.unit not in units:
        return [rules.UNIT.block(f"no dataset registers the unit '{declared.unit}'")]
    return []


def _all_refused(
    declared: Declaration, parsed: Mapping[str, Parsed], findings: tuple[Finding, ...]
) -> tuple[OutputResult, ...]:
    """Nothing of a submission is honoured whose head is refused."""
    results = [OutputResult(DECLARATION, Verdict.BLOCK, Evidence.D, findings)]
    refused = dict(declared.refused)
    reason = rules.SYNTAX.block("its submission.toml is refused")
    for file in sorted({*parsed, *refused, *(output.file for output in declared.outputs)} - {DECLARATION}):
        results.append(OutputResult(file, Verdict.BLOCK, Evidence.D, (*refused.get(file, ()), reason)))
    return tuple(results)


class _Check:
    """One submission whose head is in order."""

    def __init__(self, declared: Declaration, parsed: Mapping[str, Parsed], room: Room, book: Ledger) -> None:
        self.declared, self.parsed, self.room = declared, parsed, room
        self.linked = Linked(room.data, book)
        self.drafts: dict[str, OutputResult] = {}
        self.examined: dict[str, Examined] = {}
        self.appetites: dict[str, RiskAppetite] = {}
        self.lineages: dict[str, list[Finding]] = {}

    def run(self) -> _Checked:
        # Images last: they are drawn from their source table.
        for output in sorted(self.declared.outputs, key=lambda output: output.statistic == "image"):
            self._examine(output)
            self._against_earlier(output.file)
            verdict = self.drafts[output.file].verdict
            self.room.judged[output] = Judged(verdict, self.examined[output.file])
        self._against_each_other()
        outputs = [self.drafts[output.file] for output in self.declared.outputs]
        outputs += [
            OutputResult(file, Verdict.BLOCK, Evidence.D, findings)
            for file, findings in self.declared.refused
        ]
        outputs += [self._derived(entry) for entry in self.declared.derived]
        outputs += [self._other(file) for file in self._others()]
        appetite = strictest(owner for one in self.appetites.values() for owner in one.owners)
        result = Result(tuple(outputs), self.declared.project, appetite.digest, appetite.checkers)
        name = "-".join([self.declared.project, *(str(draft.sha256)[:8] for draft in self.drafts.values())])
        equations = {file: examined.equations for file, examined in self.examined.items()}
        return _Checked(result, name, self.linked, equations)

    def _examine(self, output: Output) -> None:
        parsed = self.parsed.get(output.file)
        findings: list[Finding] = []
        examined = Examined(Evidence.D)
        appetite = self._appetite(output, findings)
        self.appetites[output.file] = appetite
        try:
            if parsed is None:
                raise Blocked(rules.MISSING.block(f"'{output.file}' is declared and not in the folder"))
            if isinstance(parsed, Refused):
                raise Blocked(_refused(parsed))
            if output.data is not None:
                findings += self._lineage(self.room.data.dataset(output.data))
            examined = examine(self.room, output, parsed, appetite)
            findings += examined.findings
            if output.statistic not in {"text", "notebook"}:
                findings += _evidence(examined.evidence, appetite)
        except Blocked as blocked:
            findings += [blocked.finding, *self._looks_like_records(parsed)]
        except _NOT_OURS:
            raise
        except Exception as error:
            findings.append(_broken_off(error))
        self.examined[output.file] = examined
        submitted = examined.submitted
        if submitted is None and isinstance(parsed, ParsedTable):
            submitted = csv_bytes(parsed.rows)
        self.drafts[output.file] = drafted(output, examined, findings, submitted)

    def _appetite(self, output: Output, findings: list[Finding]) -> RiskAppetite:
        """The strictest of the owners that the data registers and those that the submission adds."""
        names = self.room.data.names if output.data is None else (output.data,)
        try:
            datasets = [self.room.data.dataset(name) for name in names]
        except Blocked:
            datasets = []  # the examination says that there is no such dataset
        owners = {owner for dataset in datasets for owner in dataset.owners}
        if any(not dataset.registered and dataset.derivation is None for dataset in datasets):
            findings.append(rules.UNREGISTERED.review(f"'{output.data}' is not registered"))
        if unknown := sorted(owners - known_owners()):
            text = f"no risk appetite is installed for {', '.join(unknown)}: the default was applied"
            findings.append(rules.OWNER_WITHOUT_APPETITE.review(text))
        if not datasets or not all(dataset.owners for dataset in datasets):
            owners.add(DEFAULT)  # or an owner that the submission names could loosen it
        return strictest(owners | set(self.declared.owners))

    def _lineage(self, dataset: Dataset) -> list[Finding]:
        if dataset.name not in self.lineages:
            found = lineage_findings(self.room.data, dataset, self.declared.unit)
            self.lineages[dataset.name] = found
        return self.lineages[dataset.name]

    def _against_earlier(self, file: str) -> None:
        if self.drafts[file].verdict is Verdict.BLOCK:
            return
        try:
            found = self.linked.alone(file, self.examined[file], self.appetites[file])
        except _NOT_OURS:
            raise
        except Exception as error:
            found = [_broken_off(error)]
        self.drafts[file] = with_findings(self.drafts[file], found)

    def _against_each_other(self) -> None:
        """Outputs that could be released together; what is blocked already gives nothing away."""
        alive = [file for file, draft in self.drafts.items() if draft.verdict is not Verdict.BLOCK]
        appetite = strictest(owner for file in alive for owner in self.appetites[file].owners)
        try:
            found = self.linked.together({file: self.examined[file] for file in alive}, appetite)
        except _NOT_OURS:
            raise
        except Exception as error:
            found = {file: [_broken_off(error)] for file in alive}
        for file, findings in found.items():
            self.drafts[file] = with_findings(self.drafts[file], findings)

    def _others(self) -> list[str]:
        known = {DECLARATION, *self.drafts, *(file for file, _ in self.declared.refused)}
        return [file for file in self.parsed if file not in known]

    def _derived(self, entry: DerivedEntry) -> OutputResult:
        try:
            lineage = self._lineage(self.room.data.derived(entry.name))
        except Blocked as blocked:
            lineage = [blocked.finding]
        return dataset_result(entry, lineage, self.room.pseudonyms)

    def _other(self, file: str) -> OutputResult:
        parsed = self.parsed[file]
        of = [output.file for output in self.declared.outputs if output.counts == file]
        if of and isinstance(parsed, ParsedTable):
            return counts_result(file, of, parsed, self.room.data, self.room.pseudonyms)
        return self._undeclared(file, parsed)

    def _undeclared(self, file: str, parsed: Parsed) -> OutputResult:
        findings = [rules.UNDECLARED.block(f"'{file}' is not declared")]
        if isinstance(parsed, Refused):
            findings.append(_refused(parsed))
        findings += self._looks_like_records(parsed)
        return OutputResult(file, Verdict.BLOCK, Evidence.D, tuple(findings))

    def _looks_like_records(self, parsed: Parsed | None) -> list[Finding]:
        return microdata(parsed.rows, self.room.data.sizes) if isinstance(parsed, ParsedTable) else []


def _broken_off(error: Exception) -> Finding:
    """Closed, not open: what the gate cannot finish examining does not leave."""
    if isinstance(error, Blocked):
        return error.finding
    text = f"the examination broke off: {type(error).__name__}: {str(error)[:150]}"
    return rules.FAULT.block(text)


def _evidence(evidence: Evidence, appetite: RiskAppetite) -> list[Finding]:
    """What the appetite says of this level of evidence, where it says anything but PASS."""
    best = appetite.best(evidence)
    text = f"evidence {evidence.name} is {best.name} under this appetite"
    return [] if best is Verdict.PASS else [rules.EVIDENCE.finding(best, text)]


def _refused(parsed: Refused) -> Finding:
    return Finding(parsed.rule, Verdict.BLOCK, parsed.message, (), "Rulebook, 'Files'", parsed.remedy)
