"""Plain text and the declaration."""

from __future__ import annotations

import datetime
import math
import tomllib
from typing import Any

from outputs_check.parsers import limits
from outputs_check.parsers.characters import decoded
from outputs_check.parsers.parsed import ParsedDeclaration, ParsedText, Refusal


def parse_text(data: bytes) -> ParsedText:
    """Read plain text.

    Raises:
        Refusal: bad characters, empty, very long.
    """
    text = decoded(data)
    if not text.strip():
        raise Refusal("file.empty", "the file is empty", "submit text, or leave the file out")
    if len(text) > limits.MAX_TEXT_CHARACTERS:
        raise Refusal("file.size", f"more than {limits.MAX_TEXT_CHARACTERS:,} characters", "shorten the text")
    return ParsedText(text if text.endswith("\n") else text + "\n")


def parse_declaration(data: bytes) -> ParsedDeclaration:
    """Read a TOML file into values that JSON has as well.

    Raises:
        Refusal: not TOML, nested too deep, a figure that is not finite.
    """
    try:
        values = tomllib.loads(decoded(data))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise Refusal(
            "declaration.syntax",
            f"not valid TOML: {str(error)[:200]}",
            "correct the syntax",
        ) from None
    plain = _plain(values, 0)
    return ParsedDeclaration({str(key): value for key, value in plain.items()})


def _plain(value: Any, depth: int) -> Any:
    if depth > limits.MAX_TOML_DEPTH:
        raise Refusal("declaration.syntax", "the file is nested too deep", "use the documented keys only")
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise Refusal("declaration.syntax", "a figure is not finite", "write a number")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return value
