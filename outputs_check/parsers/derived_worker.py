"""The sandboxed side of a derived dataset: Parquet on standard input, plain columns on standard output."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from outputs_check.parsers.columns import MAX_DATASET_COLUMNS, MAX_DATASET_ROWS, Array, write_columns
from outputs_check.parsers.parsed import Refusal
from outputs_check.parsers.protocol import write_answer

_REMEDY = "write the dataset with lab.session.derive"
_MOST_UNPACKED = 2**30


def main() -> None:
    """Answer with the columns, or with a refusal."""
    pa.set_cpu_count(1)
    try:
        answer = _rewritten(sys.stdin.buffer.read())
    except Refusal as refusal:
        answer = write_answer(refusal.refused)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        text = f"the dataset cannot be read as Parquet: {type(error).__name__}"
        answer = write_answer(Refusal("file.derived", text, _REMEDY).refused)
    sys.stdout.buffer.write(answer)


def _rewritten(data: bytes) -> bytes:
    if not data.startswith(b"PAR1"):
        raise Refusal("file.lying", "a derived dataset is a Parquet file, and this is none", _REMEDY)
    file = pq.ParquetFile(io.BytesIO(data))
    unpacked = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
    if not 0 < file.metadata.num_rows <= MAX_DATASET_ROWS or unpacked > _MOST_UNPACKED:
        text = f"a derived dataset has 1 to {MAX_DATASET_ROWS:,} rows and at most 1 GiB unpacked"
        raise Refusal("file.size", text, "derive a smaller dataset")
    if not 0 < len(file.schema_arrow) <= MAX_DATASET_COLUMNS:
        text = f"a derived dataset has 1 to {MAX_DATASET_COLUMNS} columns"
        raise Refusal("file.columns", text, "derive a smaller dataset")
    table = file.read(use_threads=False)
    if len(set(table.column_names)) != table.num_columns:
        raise Refusal("file.columns", "two columns have one name", _REMEDY)
    columns = {name: _column(name, table.column(name)) for name in table.column_names}
    return write_columns(table.num_rows, columns)


def _column(name: str, column: Any) -> tuple[str, Array, Array, list[str]]:
    if not 0 < len(name) <= 200 or not name.isprintable() or name.startswith("__gate"):
        raise Refusal("file.columns", "a column has no printable name", _REMEDY)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    missing = np.asarray(column.is_null().to_numpy())
    kind = _kind(name, column.type)
    if kind == "text":
        return kind, *_texts(column, missing)
    target = {"whole": pa.int64(), "number": pa.float64(), "truth": pa.int8()}
    moments = {"time": pa.timestamp("us"), "day": pa.date32()}
    plain = column.cast(target.get(kind) or moments[kind], safe=kind in {"whole", "number"})
    if kind in moments:
        plain = plain.cast(pa.int64() if kind == "time" else pa.int32())
    filled = pc.fill_null(plain, 0)
    return kind, np.asarray(filled.to_numpy()), missing, []


def _kind(name: str, kind: pa.DataType) -> str:
    for which, known in _KINDS:
        if known(kind):
            return which
    text = f"column '{name[:60]}' has a type that is not read here: {str(kind)[:60]}"
    raise Refusal("file.columns", text, "keep to numbers, texts, truth values and dates")


_KINDS = (
    ("whole", pa.types.is_integer),
    ("number", pa.types.is_floating),
    ("number", pa.types.is_decimal),
    ("truth", pa.types.is_boolean),
    ("day", pa.types.is_date32),
    ("time", pa.types.is_timestamp),
    ("time", pa.types.is_date64),
    ("text", pa.types.is_string),
    ("text", pa.types.is_large_string),
    ("text", pa.types.is_null),
)


def _texts(column: Any, missing: Array) -> tuple[Array, Array, list[str]]:
    encoded = column.cast(pa.large_string()).combine_chunks()
    encoded = encoded.dictionary_encode() if isinstance(encoded, pa.Array) else encoded
    places = np.asarray(pc.fill_null(encoded.indices, 0).to_numpy())
    return places, missing, encoded.dictionary.to_pylist()


if __name__ == "__main__":
    main()
