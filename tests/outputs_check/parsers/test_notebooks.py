"""ipynb: what the gate reads of a notebook, and what it leaves behind."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from outputs_check.parsers.parsed import Literal, ParsedNotebook, Refused
from outputs_check.parsers.sandboxed import parse_files

SECRET = "9f2c1b0a77"
PYTHON = {"language": "python", "name": "python3", "display_name": "Python 3"}


def saved(*cells: nbformat.NotebookNode, **metadata: object) -> bytes:
    return nbformat.writes(new_notebook(cells=list(cells), metadata=metadata)).encode()


def parsed(data: bytes) -> ParsedNotebook | Refused:
    answer = parse_files({"n.ipynb": data})["n.ipynb"]
    assert isinstance(answer, ParsedNotebook | Refused)
    return answer


def test_only_the_source_is_read() -> None:
    code = new_code_cell(
        "table = 1 + 1", execution_count=3, metadata={"note": SECRET},
        outputs=[new_output("stream", text=SECRET)],
    )  # fmt: skip
    text = new_markdown_cell("# Title", attachments={"a.png": {"image/png": SECRET}})
    data = saved(code, text, widgets={"state": SECRET}, kernelspec=PYTHON, authors=[SECRET])
    assert data.count(SECRET.encode()) == 5, "all five are in the file"
    notebook = parsed(data)
    assert isinstance(notebook, ParsedNotebook)
    assert notebook.cells == (("code", "table = 1 + 1"), ("markdown", "# Title"))
    assert notebook.language == "python"
    assert SECRET not in repr(notebook)
    assert {note.message for note in notebook.notes} == {
        "dropped 1 × output",
        "dropped 1 × attachment",
        "dropped 1 × execution count",
        "dropped 1 × metadata of a cell",
        "dropped 1 × metadata of the notebook",
        "dropped 1 × widget state",
    }


def test_literals_are_listed_with_their_place() -> None:
    notebook = parsed(
        saved(new_markdown_cell("x"), new_code_cell('%time\n# one\n# two\nx = ["a", 3.5, b"c"]  # 12 people'))
    )
    assert isinstance(notebook, ParsedNotebook)
    assert set(notebook.literals) == {
        Literal(1, 1, "%time\none\ntwo"),
        Literal(1, 4, "a"),
        Literal(1, 4, "3.5"),
        Literal(1, 4, "c"),
        Literal(1, 4, "12 people"),
    }
    assert [note.rule for note in notebook.notes] == ["notebook.magic"]


@pytest.mark.parametrize(
    "source", ["%%bash\ncat data", "this is no python", "(" * 100_000, "-" * 100_000 + "1"]
)
def test_a_cell_that_is_no_python_is_one_literal(source: str) -> None:
    notebook = parsed(saved(new_code_cell(source)))
    if isinstance(notebook, Refused):  # the compiler's own stack gave out
        assert notebook.rule == "file.crash"
        return
    assert {note.rule for note in notebook.notes} <= {"notebook.syntax", "notebook.magic"}
    assert notebook.notes
    assert source.split("\n")[-1] in "\n".join(literal.text for literal in notebook.literals)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.json"),
        (b"[]", "file.notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "file.notebook"),
        (b'{"nbformat": 4, "cells": [1]}', "file.notebook"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "file.notebook"),
        (b'{"nbformat": 4, "cells": []}', "file.empty"),
        (b'{"nbformat": 4, "cells": [], "cells": []}', "file.json"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "file.depth"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 40 + b"]" * 40 + b"}", "file.depth"),
        (saved(new_code_cell("1"), kernelspec=PYTHON | {"language": "R"}), "file.notebook"),
        (saved(new_code_cell("1\u202e")), "file.characters"),
        (saved(new_code_cell("#" * 1_000_001)), "file.size"),
    ],
)  # fmt: skip
def test_what_is_no_plain_notebook_is_refused(data: bytes, rule: str) -> None:
    answer = parsed(data)
    assert isinstance(answer, Refused)
    assert answer.rule == rule
