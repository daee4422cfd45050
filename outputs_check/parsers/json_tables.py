"""json: only what DataFrame.to_json writes, as a table.

Rulebook, "Files": json against a schema only; base64 refused; specifications of charts carry their data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from outputs_check.parsers.json_values import json_value
from outputs_check.parsers.parsed import ParsedTable, Refusal
from outputs_check.parsers.tables import table_of

_REMEDY = "write the table with DataFrame.to_csv, or to_json with orient 'table', 'records' or 'split'"
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{60,}={0,2}")
_Rows = list[list[str]]


def parse_json(data: bytes) -> ParsedTable:
    """Read a table that pandas wrote with to_json; where it keeps no name for the index, that is empty.

    Raises:
        Refusal: not such a table, the specification of a chart, encoded bytes, and as `table_of`.
    """
    value = json_value(data, "json")
    _refuse_charts(value)
    for fits, rows in _ORIENTS:
        if fits(value):
            return table_of(rows(value))
    raise Refusal("file.schema", "not a table as pandas writes it to JSON", _REMEDY)


def _refuse_charts(value: Any) -> None:
    """A chart's specification is its data: every array in it would be a table that nobody declared."""
    if not isinstance(value, dict):
        return
    schema = str(value.get("$schema", ""))
    if "vega" in schema or {"mark", "encoding"} <= set(value) or {"marks", "scales"} <= set(value):
        kind = "Vega"
    elif {"data", "layout"} <= set(value) or "frames" in value:
        kind = "Plotly"
    else:
        return
    arrays = _arrays(value)
    raise Refusal(
        "file.chart",
        f"a {kind} specification with {arrays} arrays of data",
        "submit the table behind the chart as csv; the gate draws charts from their tables",
    )


def _arrays(node: Any) -> int:
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return isinstance(node, list) + sum(_arrays(child) for child in children)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _records(value: list[dict[str, Any]]) -> _Rows:
    names = list(value[0])
    if any(list(row) != names for row in value):
        raise Refusal("file.schema", "records do not have the same keys in the same order", _REMEDY)
    return [names, *([_cell(item) for item in row.values()] for row in value)]


def _is_split(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"columns", "index", "data"}


def _split(value: dict[str, Any]) -> _Rows:
    columns, index, data = (_list(value[key]) for key in ("columns", "index", "data"))
    if len(index) != len(data):
        raise Refusal("file.schema", "the index and the data are not equally long", _REMEDY)
    body = [[*_labels(label), *map(_cell, _list(row))] for label, row in zip(index, data, strict=True)]
    width = len(_labels(index[0])) if index else 1
    return [[*[""] * width, *map(_cell, columns)], *body]


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"schema", "data"}


def _table(value: dict[str, Any]) -> _Rows:
    fields = _list(_object(value["schema"]).get("fields"))
    names = [_cell(_object(field).get("name")) for field in fields]
    rows = [_object(row) for row in _list(value["data"])]
    if any(list(row) != names for row in rows):
        raise Refusal("file.schema", "the rows do not have the columns of their schema", _REMEDY)
    header = ["" if name == "index" and number == 0 else name for number, name in enumerate(names)]
    return [header, *([_cell(item) for item in row.values()] for row in rows)]


def _is_columns(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(item, dict) for item in value.values())


def _columns(value: dict[str, dict[str, Any]]) -> _Rows:
    columns = list(value.values())
    index = list(columns[0])
    if any(list(column) != index for column in columns):
        raise Refusal("file.schema", "the columns do not have the same index", _REMEDY)
    return [["", *value], *([label, *(_cell(column[label]) for column in columns)] for label in index)]


def _is_series(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and not any(map(_is_nested, value.values()))


def _series(value: dict[str, Any]) -> _Rows:
    return [["", "0"], *([label, _cell(item)] for label, item in value.items())]


_ORIENTS: Sequence[tuple[Callable[[Any], bool], Callable[[Any], _Rows]]] = (
    (_is_records, _records),
    (_is_split, _split),
    (_is_table, _table),
    (_is_columns, _columns),
    (_is_series, _series),
)


def _labels(label: Any) -> list[str]:
    """A label of an index that may have several levels."""
    return [_cell(level) for level in label] if isinstance(label, list) else [_cell(label)]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refusal("file.schema", "a list of the table is something else", _REMEDY)
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refusal("file.schema", "an object of the table is something else", _REMEDY)
    return value


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _cell(value: Any) -> str:
    if _is_nested(value):
        raise Refusal("file.schema", "a cell of the table holds a list or an object", _REMEDY)
    if isinstance(value, str) and _ENCODED.fullmatch(value):
        raise Refusal("file.encoded", "a cell holds encoded bytes", "cells hold a short label or one figure")
    return "" if value is None else str(value)
