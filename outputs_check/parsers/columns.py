"""The wire for a derived dataset: one line of JSON, then the columns as plain arrays.

A dataset is larger than a table, and goes on to a database. So the sandboxed worker sends numbers, and
texts by their place in a list, and the gate builds a file of its own from them: no byte of the upload, nor
of a worker that was taken over, is read by anything but NumPy and JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# How a column travels, by kind. Times are microseconds since 1970, texts places in a list.
WIRE = {"whole": "<i8", "number": "<f8", "truth": "<i1", "time": "<i8", "day": "<i4", "text": "<i4"}
MAX_DATASET_ROWS, MAX_DATASET_COLUMNS = 2_000_000, 200


def write_columns(rows: int, columns: Mapping[str, tuple[str, Array, Array, list[str]]]) -> bytes:
    """Return the bytes of a dataset: name -> (kind, values, which are missing, texts)."""
    entries = [{"name": name, "kind": kind, "texts": texts} for name, (kind, _, _, texts) in columns.items()]
    header = json.dumps({"rows": rows, "columns": entries}).encode() + b"\n"
    arrays = [
        values.astype(WIRE[kind]).tobytes() + missing.astype("<i1").tobytes()
        for kind, values, missing, _ in columns.values()
    ]
    return header + b"".join(arrays)


def read_columns(data: bytes) -> dict[str, tuple[str, Array, Array, list[str]]]:
    """Return the columns of `write_columns`.

    Raises:
        ValueError: anything else than exactly that.
    """
    line, _, body = data.partition(b"\n")
    try:
        header = json.loads(line)
        rows, entries = int(header["rows"]), list(header["columns"])
        if not 0 < rows <= MAX_DATASET_ROWS or not 0 < len(entries) <= MAX_DATASET_COLUMNS:
            raise ValueError("a size that was not agreed")
        found: dict[str, tuple[str, Array, Array, list[str]]] = {}
        position = 0
        for entry in entries:
            name, kind, texts = entry["name"], entry["kind"], entry["texts"]
            if not isinstance(name, str) or not all(isinstance(text, str) for text in texts):
                raise ValueError("not text")
            values = np.frombuffer(body, WIRE[kind], rows, position)
            position += values.nbytes
            missing = np.frombuffer(body, "<i1", rows, position).astype(bool)
            position += rows
            if kind == "text" and not ((values[~missing] >= 0) & (values[~missing] < len(texts))).all():
                raise ValueError("a text that is not in the list")
            found[name] = (kind, values, missing, texts)
    except (KeyError, TypeError, AttributeError, RecursionError, ValueError) as error:
        raise ValueError(f"not a dataset: {error}") from error
    if position != len(body) or len(found) != len(entries):
        raise ValueError("not the length that was announced")
    return found
