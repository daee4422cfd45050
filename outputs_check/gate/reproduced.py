"""Does a declared notebook, run again, write the files that were submitted with it?

A reproduction says where figures come from. It replaces no rule and makes no other output's verdict better.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lab.base.watched import Ending
from outputs_check.gate.declaration import Declaration, Output
from outputs_check.gate.figures import agrees, read_figure
from outputs_check.gate.layout import Rows
from outputs_check.gate.rerun import Rerun, RerunLimits, rerun
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations
from outputs_check.gate.rules import notebooks as rules
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.parsed import Parsed, ParsedNotebook, ParsedTable, Refused
from outputs_check.parsers.sandboxed import parse_files

_SHOWN = 5
_TOO_MUCH = {
    Ending.TIME: "did not end within {0.seconds:,.0f} seconds",
    Ending.PROCESSES: "started more than {0.processes} processes",
    Ending.MEMORY: "took more than {0.memory_bytes:,} bytes of memory",
    Ending.ANSWER: "wrote more than can be compared",
}


def reproductions(
    declared: Declaration, parsed: Mapping[str, Parsed], data: Path, limits: RerunLimits
) -> dict[str, tuple[Finding, ...]]:
    """Run every declared notebook again, one after the other; return what came of it, by file.

    Together they may take as long as the limits allow: call it while no ledger is locked.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
    """
    found = {}
    end = time.monotonic() + limits.seconds
    for output in declared.outputs:
        notebook = parsed.get(output.file)
        if output.statistic == "notebook" and isinstance(notebook, ParsedNotebook):
            left = replace(limits, seconds=max(1.0, end - time.monotonic()))
            found[output.file] = _reproduction(output, notebook, declared, parsed, data, left)
    return found


def _reproduction(
    output: Output,
    notebook: ParsedNotebook,
    declared: Declaration,
    parsed: Mapping[str, Parsed],
    data: Path,
    limits: RerunLimits,
) -> tuple[Finding, ...]:
    wanted = output.reproduces or _everything_else(declared)
    if unknown := [name for name in wanted if name not in parsed or name == output.file]:
        text = f"'reproduces' names {', '.join(unknown[:_SHOWN])}: no other file of this submission"
        return (declarations.VALUE.block(text),)
    if not wanted:
        return (rules.NOTHING.review("no other file is submitted: there is nothing to reproduce"),)
    run = rerun(notebook.cells, data, declared.project, wanted, limits)
    if trouble := _trouble(run, limits):
        return (rules.BROKEN.block(f"not reproduced: {trouble}"),)
    differing = [
        text for name in wanted if (text := _difference(name, parsed[name], run.files.get(name, ())))
    ]
    if differing:
        more = f"; and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        return (rules.DIFFERS.block(f"not reproduced: {'; '.join(differing[:_SHOWN])}{more}"),)
    text = f"reproduced: {len(wanted)} of {len(wanted)} files ({', '.join(wanted)})"
    return (rules.REPRODUCED.finding(Verdict.PASS, text),)


def _everything_else(declared: Declaration) -> tuple[str, ...]:
    others = [output for output in declared.outputs if output.statistic != "notebook"]
    return tuple(
        dict.fromkeys([*(each.file for each in others), *(each.counts for each in others if each.counts)])
    )


def _trouble(run: Rerun, limits: RerunLimits) -> str:
    """What kept a run from its end, in words of the gate alone: it has seen the data."""
    if run.ending in _TOO_MUCH:
        return f"the notebook {_TOO_MUCH[run.ending].format(limits)} and was stopped in cell {run.cell}"
    if not run.answered:
        return f"the run broke off in cell {run.cell}"
    return f"cell {run.cell} ended with {run.error}" if run.error else ""


def _difference(name: str, submitted: Parsed, written: tuple[bytes, ...]) -> str:
    """What is different about a file, "" where one of the written versions is the submitted one."""
    if isinstance(submitted, Refused):
        return f"{name} cannot be read"
    if not written:
        return f"{name} was not written"
    # A file may be written to several folders; the submitted one came from one of them.
    versions = parse_files({f"{number}-{name}": content for number, content in enumerate(written)})
    texts = [_between(name, submitted, version) for version in versions.values()]
    return "" if "" in texts else texts[0]


def _between(name: str, submitted: Parsed, version: Parsed) -> str:
    if isinstance(submitted, ParsedTable) and isinstance(version, ParsedTable):
        return _between_tables(name, submitted.rows, version.rows)
    return "" if _plain(submitted) == _plain(version) else f"{name} differs"


def _plain(parsed: Parsed) -> object:
    """What was read, without the notes of what was dropped."""
    return type(parsed), {**vars(parsed), "notes": ()}


def _between_tables(name: str, submitted: Rows, version: Rows) -> str:
    if [len(row) for row in submitted] != [len(row) for row in version]:
        return f"{name} has another shape"
    differing = [
        f"row {number} column {place}"
        for number, (mine, its) in enumerate(zip(submitted, version, strict=True), start=1)
        for place, (one, other) in enumerate(zip(mine, its, strict=True), start=1)
        if not _same(one, other)
    ]
    if not differing:
        return ""
    cells = sum(len(row) for row in submitted)
    return f"{name} differs in {len(differing)} of {cells} cells ({', '.join(differing[:_SHOWN])})"


def _same(one: str, other: str) -> bool:
    figures = read_figure(one), read_figure(other)
    return one == other or (None not in figures and agrees(figures[0] or 0, figures[1] or 0, None))
