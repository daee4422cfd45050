"""What comes with a submission as evidence: shown to its checkers, and never released.

These results carry no canonical bytes, so that nobody can vote for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from outputs_check.gate.data import DataFolder
from outputs_check.gate.derived import DerivedEntry
from outputs_check.gate.examined import csv_bytes
from outputs_check.gate.result import Finding, OutputResult
from outputs_check.gate.rules import declared_counts, derived
from outputs_check.gate.rules.identifiers import Pseudonyms
from outputs_check.gate.rules.rowlevel import microdata
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.parsed import ParsedTable


def counts_result(
    file: str, of: Sequence[str], parsed: ParsedTable, data: DataFolder, pseudonyms: Pseudonyms
) -> OutputResult:
    """Return the answer for a file of counts that outputs name as theirs."""
    text = f"evidence for {', '.join(of)}: shown to the checkers, never released"
    findings = [
        declared_counts.EVIDENCE_ONLY.review(text),
        *pseudonyms.findings(cell for row in parsed.rows for cell in row),
        *microdata(parsed.rows, data.sizes),
    ]
    return _shown(file, findings, csv_bytes(parsed.rows))


def dataset_result(entry: DerivedEntry, lineage: Sequence[Finding], pseudonyms: Pseudonyms) -> OutputResult:
    """Return the answer for a derived dataset: what is known of it, and none of its rows."""
    text = "data for recomputing: never released"
    findings = [derived.EVIDENCE_ONLY.review(text), *pseudonyms.findings([entry.lineage]), *lineage]
    return _shown(entry.file, findings, None)


def _shown(file: str, findings: Sequence[Finding], content: bytes | None) -> OutputResult:
    verdict = Verdict.worst(finding.verdict for finding in findings)
    return OutputResult(file, verdict, Evidence.D, tuple(findings), media_type="text/csv", submitted=content)
