"""JSON from a stranger: no repeated key, no depth that only a machine would write, no figure without end."""

from __future__ import annotations

import json
from typing import Any

from outputs_check.parsers import limits
from outputs_check.parsers.characters import text_of
from outputs_check.parsers.parsed import Refusal

_REMEDY = "write the file anew with the program that it belongs to"


def json_value(data: bytes, kind: str) -> Any:
    """Return the value of UTF-8 JSON; NaN and infinities, which JSON does not have, are None.

    Raises:
        Refusal: not JSON, a key that stands twice, nested too deep (rulebook, "Files": json).
    """
    try:
        value = json.loads(text_of(data), object_pairs_hook=_unique, parse_constant=lambda _: None)
    except RecursionError:
        raise Refusal("file.depth", f"the {kind} is nested too deep", _REMEDY) from None
    except ValueError as error:
        raise Refusal("file.json", f"not a well-formed {kind}: {str(error)[:150]}", _REMEDY) from None
    _check_depth(value, kind)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two values of a key they take: what is checked must be what is seen."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("file.json", "a key stands twice in one object", _REMEDY)
    return found


def _check_depth(value: Any, kind: str) -> None:
    level = [value]
    for _ in range(limits.MAX_JSON_DEPTH):
        level = [item for node in level for item in _children(node)]
        if not level:
            return
    raise Refusal("file.depth", f"the {kind} is nested deeper than {limits.MAX_JSON_DEPTH} levels", _REMEDY)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
