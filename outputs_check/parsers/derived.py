"""The gate's side of a derived dataset: hostile Parquet in, a table of our own making out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from outputs_check.parsers.columns import Array, read_columns
from outputs_check.parsers.parsed import Refused
from outputs_check.parsers.protocol import read_answer
from outputs_check.parsers.sandboxed import run_worker

_WORKER = "outputs_check.parsers.derived_worker"
_BROKEN = Refused("file.crash", "reading the dataset broke the reader", "write it with lab.session.derive")
_TYPES = {
    "whole": pa.int64(),
    "number": pa.float64(),
    "truth": pa.bool_(),
    "time": pa.timestamp("us"),
    "day": pa.date32(),
}


def read_derived(data: bytes) -> pa.Table | Refused:
    """Read the Parquet file of a derived dataset in a sandbox, and build a table from its plain columns.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
    """
    answer = run_worker(data, _WORKER)
    try:
        if answer.startswith(b'{"kind"'):
            refused = read_answer(answer)
            return refused if isinstance(refused, Refused) else _BROKEN
        columns = read_columns(answer)
        return pa.table({name: _array(*column) for name, column in columns.items()})
    except (ValueError, pa.ArrowException):
        return _BROKEN


def _array(kind: str, values: Array, missing: Array, texts: list[str]) -> pa.Array:
    if kind == "text":
        places = pa.array(np.where(missing, 0, values).astype(np.int32), mask=missing)
        return pa.array(texts or [""], pa.large_string()).take(places)
    if kind == "truth":
        return pa.array(values != 0, _TYPES[kind], mask=missing)
    return pa.array(values, mask=missing).cast(_TYPES[kind])
