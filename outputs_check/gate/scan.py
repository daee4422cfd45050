"""Files alone, without their data: what can be seen is told, and nothing is PASS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from outputs_check.gate.appetite import RiskAppetite, known_owners, strictest
from outputs_check.gate.examined import csv_bytes
from outputs_check.gate.figures import read_figure
from outputs_check.gate.folder import Folder, read_file, read_folder
from outputs_check.gate.layout import Rows
from outputs_check.gate.result import Finding, OutputResult, Result
from outputs_check.gate.rules import declarations, people, pictures
from outputs_check.gate.rules.identifiers import in_table, in_texts
from outputs_check.gate.rules.rowlevel import microdata
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.texts import NOTEBOOK_TYPE, notebook_bytes, notebook_findings, text_findings
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.parsed import (
    Parsed,
    ParsedDeclaration,
    ParsedImage,
    ParsedNotebook,
    ParsedTable,
    ParsedText,
    Refused,
)
from outputs_check.parsers.sandboxed import parse_files

WITHOUT_DATA = Rule("evidence.none", "Rulebook, 'Evidence': D", "check it against its data")
SMALL = Rule("scan.small", people.THRESHOLD.source, people.THRESHOLD.remedy)
_COUNTS = re.compile(
    r"(^|\b|_)(n|count|counts|frequency|freq|persons|people|total|size|obs|number)(\b|_|$)", re.I
)


def scan_files(paths: Sequence[Path], owners: Sequence[str]) -> Result:
    """Scan files, or the files of folders.

    Raises:
        IsolationRefused: no sandbox can be had here.
    """
    appetite = strictest(owners)
    results: list[OutputResult] = []
    unknown = sorted(set(owners) - known_owners())
    for path in paths:
        folder = read_folder(path) if path.is_dir() else _single(path)
        parsed: dict[str, Parsed] = {**parse_files(folder.files), **folder.refused}
        results += [_scanned(name, value, appetite, unknown) for name, value in parsed.items()]
    return Result(tuple(results), appetite_digest=appetite.digest, checkers=appetite.checkers)


def _single(path: Path) -> Folder:
    folder = Folder()
    read = read_file(path)
    if isinstance(read, Refused):
        folder.refused[path.name] = read
    else:
        folder.files[path.name] = read
    return folder


def _scanned(name: str, parsed: Parsed, appetite: RiskAppetite, unknown: Iterable[str]) -> OutputResult:
    findings = [declarations.OWNERS.block(f"unknown owner: {owner[:60]}") for owner in unknown]
    findings += in_texts([name.rpartition(".")[0]])
    submitted: bytes | None = None
    media_type = "text/plain"
    match parsed:
        case Refused():
            source = "Rulebook, 'Files'"
            findings.append(Finding(parsed.rule, Verdict.BLOCK, parsed.message, (), source, parsed.remedy))
        case ParsedTable():
            findings += [*microdata(parsed.rows), *_small(parsed.rows, appetite), *in_table(parsed.rows)]
            submitted, media_type = csv_bytes(parsed.rows), "text/csv"
        case ParsedText():
            findings += text_findings(parsed)
            submitted = parsed.text.encode()
        case ParsedNotebook():
            findings += notebook_findings(parsed)
            submitted, media_type = notebook_bytes(parsed), NOTEBOOK_TYPE
        case ParsedImage():
            findings += [pictures.HIDDEN.review(note.message) for note in parsed.notes]
            submitted, media_type = parsed.encoded, parsed.media_type
        case ParsedDeclaration():
            pass
    findings.append(WITHOUT_DATA.review("nothing was recomputed: the best verdict without data is REVIEW"))
    verdict = Verdict.worst(finding.verdict for finding in findings)
    return OutputResult(
        name, verdict, Evidence.D, tuple(findings), media_type=media_type, submitted=submitted
    )


def _small(rows: Rows, appetite: RiskAppetite) -> list[Finding]:
    """Whole figures under the threshold, in columns that say they count, or in a file of whole figures."""
    columns = range(1, len(rows[0])) if len(rows[0]) > 1 else range(1)
    figures = {
        (number, column): figure
        for number, row in enumerate(rows[1:], start=1)
        for column in columns
        if (figure := read_figure(row[column])) is not None
    }
    whole = all(figure.is_integer() for figure in figures.values())
    small = [
        (place, figure)
        for place, figure in figures.items()
        if 0 <= figure < appetite.threshold
        and figure.is_integer()
        and (whole or _COUNTS.search(rows[0][place[1]]))
    ]
    if not small:
        return []
    names = [
        f"row {number}, {rows[0][column][:40] or 'column ' + str(column)}" for (number, column), _ in small
    ]
    text = f"{len(small)} figures look like counts under {appetite.threshold}: {'; '.join(names[:5])}"
    return [SMALL.finding(Verdict.BLOCK, text, cells=names, at=[place for place, _ in small])]
