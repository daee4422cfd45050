"""ipynb: the source of its cells and nothing else.

Rulebook, "Files": ipynb. Outputs, attachments, widget state, metadata and counts are left behind and
named; what the Python source holds in comments and literals is listed, because a program that prints a
table may as well have the table written into it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from types import EllipsisType
from typing import Any

from outputs_check.parsers import limits
from outputs_check.parsers.characters import canonical
from outputs_check.parsers.json_values import json_value
from outputs_check.parsers.parsed import Literal, Note, ParsedNotebook, Refusal

_KINDS = ("code", "markdown", "raw")
_REMEDY = "save the notebook with a current Jupyter, outputs cleared"
# What Jupyter writes for every notebook, which says nothing: the language and its kernel.
_SILENT = {"kernelspec", "language_info"}
# The compiler says so in several ways: bad syntax, a null byte, nested too deep for its stack.
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError)
_MAGIC = re.compile(r"^\s*[%!?]|\?\s*$")


def parse_notebook(data: bytes) -> ParsedNotebook:
    """Read the source of a notebook in Jupyter's format 4.

    Raises:
        Refusal: not JSON, not a notebook, another language than Python, nothing in it, very long.
    """
    value = json_value(data, "notebook")
    if not isinstance(value, dict) or value.get("nbformat") != 4 or not isinstance(value.get("cells"), list):
        raise Refusal("file.notebook", "not a notebook of Jupyter's format 4", _REMEDY)
    metadata = _object(value.get("metadata", {}))
    _check_language(metadata)
    dropped: Counter[str] = Counter()
    cells = tuple(_cell(_object(entry), dropped) for entry in value["cells"])
    if not any(source.strip() for _, source in cells):
        raise Refusal("file.empty", "the notebook has no source", "leave the file out")
    if sum(len(source) for _, source in cells) > limits.MAX_TEXT_CHARACTERS:
        text = f"more than {limits.MAX_TEXT_CHARACTERS:,} characters of source"
        raise Refusal("file.size", text, "shorten the notebook")
    dropped["widget state"] = len(_object(metadata.get("widgets", {})))
    dropped["metadata of the notebook"] = len(set(metadata) - _SILENT - {"widgets"})
    dropped["keys of the notebook"] = len(set(value) - {"cells", "metadata", "nbformat", "nbformat_minor"})
    notes = [Note("file.hidden", f"dropped {number} × {what}") for what, number in dropped.items() if number]
    literals, unread = _literals(cells)
    return ParsedNotebook("python", cells, (*notes, *unread), literals)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refusal("file.notebook", "a part of the notebook is not an object", _REMEDY)
    return value


def _check_language(metadata: dict[str, Any]) -> None:
    names = [_object(metadata.get(key, {})).get(name) for key, name in _LANGUAGES]
    if wrong := [name for name in names if name is not None and str(name).lower() != "python"]:
        text = f"a notebook of the language {str(wrong[0])[:40]!r} is not read"
        raise Refusal("file.notebook", text, "submit a Python notebook")


_LANGUAGES = (("kernelspec", "language"), ("language_info", "name"))


def _cell(entry: dict[str, Any], dropped: Counter[str]) -> tuple[str, str]:
    kind, source = entry.get("cell_type"), entry.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in _KINDS or not isinstance(source, str):
        raise Refusal("file.notebook", "a cell has no source or is of an unknown type", _REMEDY)
    dropped["output"] += _size(entry.get("outputs"))
    dropped["attachment"] += _size(entry.get("attachments"))
    dropped["execution count"] += entry.get("execution_count") is not None
    dropped["metadata of a cell"] += bool(entry.get("metadata"))
    dropped["keys of a cell"] += len(set(entry) - _CELL_KEYS)
    return str(kind), canonical(source)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else value is not None


_CELL_KEYS = {"cell_type", "id", "source", "outputs", "attachments", "execution_count", "metadata"}


def _literals(cells: tuple[tuple[str, str], ...]) -> tuple[tuple[Literal, ...], list[Note]]:
    """Literals and comments of the code; a cell that is not Python is one literal as a whole."""
    found: list[Literal] = []
    notes: list[Note] = []
    for number, (kind, written) in enumerate(cells):
        if kind != "code":
            continue
        if written.lstrip().startswith("%%"):
            notes.append(Note("notebook.magic", f"cell {number + 1} is run by another program than Python"))
            found.append(Literal(number, 1, written))
            continue
        source, magics = _without_magics(written)
        if magics:
            notes.append(Note("notebook.magic", f"cell {number + 1} has {magics} lines that are no Python"))
        try:
            found += [Literal(number, line, text) for line, text in _in_python(source)]
        except _NO_PYTHON as error:
            reason = f"cell {number + 1} is not Python: {str(error)[:80]}"
            notes.append(Note("notebook.syntax", reason))
            found.append(Literal(number, 1, written))
    return tuple(found), notes


def _without_magics(source: str) -> tuple[str, int]:
    """Turn the lines that IPython reads by itself (%magic, !shell, help?) into comments."""
    lines = source.split("\n")
    magic = [bool(_MAGIC.search(line)) and not line.lstrip().startswith("#") for line in lines]
    if not any(magic) or _is_python(source):
        return source, 0
    kept = [f"# {line}" if is_magic else line for line, is_magic in zip(lines, magic, strict=True)]
    return "\n".join(kept), sum(magic)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except _NO_PYTHON:
        return False
    return True


def _in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every string, bytes, number and comment of Python source."""
    for node in ast.walk(ast.parse(source)):
        # True, None and ... are words of the language, not content.
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool | EllipsisType | None):
            yield node.lineno, _written(node.value)
    yield from _comments(source)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield (first line, text) of every comment; lines of comments in a row are one."""
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, text = token.start[0], token.string.lstrip("#").strip()
        if block and (line != last + 1 or not token.line.lstrip().startswith("#")):
            yield last - len(block) + 1, "\n".join(block)
            block = []
        block.append(text)
        last = line
    if block:
        yield last - len(block) + 1, "\n".join(block)


def _written(value: str | bytes | complex) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    # Hexadecimal: a whole number of thousands of digits has no decimal spelling in Python.
    return hex(value) if isinstance(value, int) and value.bit_length() > _LONG_BITS else str(value)


_LONG_BITS = 4_000
