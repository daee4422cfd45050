"""Text and notebooks: what a person has to read, and what she need not look for herself."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from outputs_check.gate.examined import Examined
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.identifiers import Pseudonyms, in_texts
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.rules.texts import in_text, smuggled
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.parsed import ParsedNotebook, ParsedText

NOTEBOOK_TYPE = "application/x-ipynb+json"
SOURCE = Rule("notebook.source", "Rulebook, 'ipynb': source only", "read every cell")
LITERALS = Rule(
    "notebook.literals",
    "Rulebook, 'ipynb': literals in the source scanned",
    "compute the figures in the notebook instead of writing them into it",
)
_MANY, _VERY_MANY = 30, 200


def examine_text(pseudonyms: Pseudonyms, parsed: ParsedText) -> Examined:
    """List the numbers of a text and look for identifiers, records and encoded bytes in it."""
    findings = [*text_findings(parsed), *pseudonyms.findings(parsed.text.splitlines())]
    content = parsed.text.encode()
    return Examined(Evidence.D, tuple(findings), content, "text/plain", content)


def examine_notebook(pseudonyms: Pseudonyms, parsed: ParsedNotebook) -> Examined:
    """Look through the source of a notebook; without being run again it is REVIEW at best."""
    lines = [line for _, source in parsed.cells for line in source.splitlines()]
    findings = [*notebook_findings(parsed), *pseudonyms.findings(lines)]
    content = notebook_bytes(parsed)
    return Examined(Evidence.D, tuple(findings), content, NOTEBOOK_TYPE, content)


def text_findings(parsed: ParsedText) -> list[Finding]:
    """What can be said of a text without any data."""
    return [*in_text(parsed.text), *in_texts(parsed.text.splitlines())]


def notebook_findings(parsed: ParsedNotebook) -> list[Finding]:
    """What can be said of a notebook's source without any data."""
    code = sum(kind == "code" for kind, _ in parsed.cells)
    prose = "\n\n".join(source for kind, source in parsed.cells if kind != "code")
    findings = [SOURCE.review(f"source of {code} cells of code: a person has to read it")]
    findings += in_text(prose) if prose.strip() else []
    written = [literal.text for literal in parsed.literals]
    findings += in_texts([prose, *written])
    # Each by itself: the figures of a program, one after the other, are no list.
    in_literals = [finding for text in written for finding in smuggled(text)]
    findings += [*dict.fromkeys(in_literals), *_figures(parsed)]
    return [*findings, *(Finding(note.rule, Verdict.REVIEW, note.message, (), SOURCE.source, SOURCE.remedy)
                         for note in parsed.notes)]  # fmt: skip


def _figures(parsed: ParsedNotebook) -> list[Finding]:
    """A cell with very many literals is a table written into the program."""
    per_cell = Counter(literal.cell for literal in parsed.literals)
    findings = []
    for cell, number in sorted(per_cell.items()):
        if number >= _MANY:
            verdict = Verdict.BLOCK if number >= _VERY_MANY else Verdict.REVIEW
            findings.append(LITERALS.finding(verdict, f"cell {cell + 1} has {number} literals"))
    return findings


def notebook_bytes(parsed: ParsedNotebook) -> bytes:
    """Write a notebook of Jupyter's format 4.4, which has no random identifiers, from its source alone."""
    cells = [_cell(kind, source) for kind, source in parsed.cells]
    kernel = {"display_name": "Python 3", "language": parsed.language, "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _cell(kind: str, source: str) -> dict[str, Any]:
    ran: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **ran}
