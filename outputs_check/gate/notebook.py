"""A notebook as an output: its rebuilt source, what stands in it, and whether a run of it reproduces."""

from __future__ import annotations

import json
from dataclasses import replace

from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import read_figure
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import notebooks, pictures
from outputs_check.gate.rules.identifiers import Pseudonyms, patterns
from outputs_check.gate.rules.rowlevel import microdata_in_text
from outputs_check.gate.verdict import Evidence
from outputs_check.parsers.parsed import ParsedNotebook

MEDIA_TYPE = "application/x-ipynb+json"


def examine_notebook(
    parsed: ParsedNotebook, pseudonyms: Pseudonyms, reproduced: tuple[Finding, ...]
) -> Examined:
    """Judge the source as a text that a person has to read; reproduction makes it no better than that."""
    sources = [source for _, source in parsed.cells]
    numbers = sum(read_figure(literal.text) is not None for literal in parsed.literals)
    text = f"source of {len(sources)} cells with {len(parsed.literals)} literals, {numbers} of them numbers"
    findings = [
        notebooks.SOURCE.review(text),
        *(replace(pictures.HIDDEN, id=note.rule).review(note.message) for note in parsed.notes),
        *pseudonyms.findings(line for source in sources for line in source.splitlines()),
        *patterns([[source] for source in sources]),
        *(found for literal in parsed.literals for found in microdata_in_text(literal.text)),
        *reproduced,
    ]
    content = notebook_bytes(parsed)
    return Examined(Evidence.D, tuple(dict.fromkeys(findings)), content, MEDIA_TYPE, content)


def notebook_bytes(parsed: ParsedNotebook) -> bytes:
    """Write the source as a notebook of Jupyter's format 4.5, with nothing else in it."""
    cells = [_cell(number, kind, source) for number, (kind, source) in enumerate(parsed.cells, start=1)]
    kernel = {"display_name": "Python 3", "language": parsed.language, "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _cell(number: int, kind: str, source: str) -> dict[str, object]:
    own: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, **own, "source": lines}
