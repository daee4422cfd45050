"""A submission as it was read: its files parsed, its datasets rebuilt, its notebooks run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from outputs_check.gate.declaration import Declaration, read_declaration
from outputs_check.gate.derived import SUFFIX, Derived, rebuild
from outputs_check.gate.folder import read_folder
from outputs_check.gate.reproduced import reproductions
from outputs_check.gate.rerun import configured_limits
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.kinds import DECLARATION
from outputs_check.parsers.parsed import Parsed, ParsedDeclaration, Refused
from outputs_check.parsers.sandboxed import parse_files


@dataclass(frozen=True)
class Submission:
    """What was submitted, as it was read.

    derived: its derived datasets, rebuilt. reproduced: what came of running its notebooks again, by file.
    """

    parsed: Mapping[str, Parsed]
    declared: Declaration
    derived: tuple[Derived, ...] = ()
    reproduced: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


_STRAY = Refused("file.derived", "a derived dataset that is not declared", "declare it or leave it out")


@contextmanager
def submitted(folder: Path, data: Path, *, run_notebooks: bool = True) -> Iterator[Submission]:
    """Read a submission's folder: all that needs no ledger, and may take long.

    What was rebuilt of its derived datasets is there until the block ends.

    Raises:
        IsolationRefused: no sandbox can be had here.
    """
    content = read_folder(folder)
    datasets = {name for name in (*content.files, *content.refused) if name.endswith(SUFFIX)}
    files = {name: content.files[name] for name in content.files.keys() - datasets}
    parsed: dict[str, Parsed] = {**parse_files(dict(sorted(files.items()))), **content.refused}
    declared = _declaration(parsed)
    for name in datasets:
        parsed.pop(name, None)
    for name in datasets - {entry.file for entry in declared.derived}:
        parsed[name] = _STRAY
    if any(finding.verdict is Verdict.BLOCK for finding in declared.findings):
        yield Submission(parsed, declared)
        return
    with TemporaryDirectory(prefix="derived-") as place:
        derived = rebuild(folder, declared.derived, Path(place).resolve())
        limits = configured_limits()
        reproduced = reproductions(declared, parsed, data, limits) if run_notebooks else {}
        yield Submission(parsed, declared, derived, reproduced)


def _declaration(parsed: Mapping[str, Parsed]) -> Declaration:
    values = parsed.get(DECLARATION)
    if isinstance(values, ParsedDeclaration):
        return read_declaration(values.values)
    if isinstance(values, Refused):
        finding = rules.SYNTAX.block(values.message, values.remedy)
    else:
        finding = rules.MISSING.block("there is no submission.toml")
    return Declaration("", "", (), findings=(finding,))
