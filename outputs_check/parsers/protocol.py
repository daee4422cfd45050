"""The wire between the gate and its sandboxed worker: one JSON line ahead, raw bytes behind.

What comes back is as untrusted as the files: a worker that was taken over may say anything, so
`read_answer` accepts nothing but the documented shapes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from outputs_check.parsers.parsed import (
    Literal,
    Note,
    Parsed,
    ParsedDeclaration,
    ParsedImage,
    ParsedNotebook,
    ParsedTable,
    ParsedText,
    Refused,
)

_IMAGE_TYPES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def write_request(files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a request: a line that names every file and its length, then their bytes."""
    header = [{"name": name, "bytes": len(data)} for name, data in files.items()]
    return json.dumps(header).encode() + b"\n" + b"".join(files.values())


def read_request(data: bytes) -> dict[str, bytes]:
    """Return the files of a request."""
    line, _, rest = data.partition(b"\n")
    files, position = {}, 0
    for entry in json.loads(line):
        files[entry["name"]] = rest[position : position + entry["bytes"]]
        position += entry["bytes"]
    return files


def write_answer(parsed: Parsed) -> bytes:
    """Return one line of JSON for one file."""
    fields: dict[str, Any] = {"kind": type(parsed).__name__}
    match parsed:
        case ParsedTable():
            fields |= {"rows": parsed.rows}
        case ParsedText():
            fields |= {"text": parsed.text}
        case ParsedNotebook():
            fields |= {"language": parsed.language, "cells": parsed.cells}
            fields |= {"literals": [[each.cell, each.line, each.text] for each in parsed.literals]}
        case ParsedImage():
            encoded = base64.b64encode(parsed.encoded).decode()
            fields |= {"encoded": encoded, "media_type": parsed.media_type}
            fields |= {"width": parsed.width, "height": parsed.height}
        case ParsedDeclaration():
            fields |= {"values": parsed.values}
        case Refused():
            fields |= {"rule": parsed.rule, "message": parsed.message, "remedy": parsed.remedy}
    notes = getattr(parsed, "notes", ())
    fields["notes"] = [[note.rule, note.message] for note in notes]
    return json.dumps(fields).encode() + b"\n"


def read_answer(line: bytes) -> Parsed:
    """Return what a worker said about one file.

    Raises:
        ValueError: not an answer of the documented shape.
    """
    try:
        fields = json.loads(line)
        notes = tuple(Note(_text(rule), _text(message)) for rule, message in fields["notes"])
        match fields["kind"]:
            case "ParsedTable":
                rows = tuple(tuple(_text(cell) for cell in row) for row in fields["rows"])
                if not rows or len({len(row) for row in rows}) != 1:
                    raise ValueError("rows of unequal length")
                return ParsedTable(rows, notes)
            case "ParsedText":
                return ParsedText(_text(fields["text"]), notes)
            case "ParsedNotebook":
                return _notebook(fields, notes)
            case "ParsedImage":
                return _image(fields, notes)
            case "ParsedDeclaration":
                return ParsedDeclaration({_text(key): value for key, value in fields["values"].items()})
            case "Refused":
                return Refused(_text(fields["rule"]), _text(fields["message"]), _text(fields["remedy"]))
        raise ValueError("unknown kind")
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"not an answer: {type(error).__name__}") from error


def _image(fields: dict[str, Any], notes: tuple[Note, ...]) -> ParsedImage:
    encoded = base64.b64decode(_text(fields["encoded"]), validate=True)
    media_type = _text(fields["media_type"])
    if not encoded.startswith(_IMAGE_TYPES[media_type]):
        raise ValueError("not the image it says")
    return ParsedImage(encoded, media_type, int(fields["width"]), int(fields["height"]), notes)


def _notebook(fields: dict[str, Any], notes: tuple[Note, ...]) -> ParsedNotebook:
    cells = tuple((_text(kind), _text(source)) for kind, source in fields["cells"])
    literals = tuple(Literal(int(cell), int(line), _text(text)) for cell, line, text in fields["literals"])
    if not {kind for kind, _ in cells} <= {"code", "markdown", "raw"}:
        raise ValueError("a cell of an unknown kind")
    if not all(0 <= each.cell < len(cells) for each in literals):
        raise ValueError("a literal of no cell")
    return ParsedNotebook(_text(fields["language"]), cells, notes, literals)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
