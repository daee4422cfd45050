"""parquet and feather: their columns as csv would have them; statistics and metadata stay behind.

Rulebook, "Files": parquet, feather. Cells are written as DataFrame.to_csv writes them.
"""

from __future__ import annotations

import ast
import datetime
import json
import os
from collections.abc import Callable, Iterator, Sequence

# mimalloc reserves more address space than the reader's process is given.
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"

import pyarrow as pa
import pyarrow.parquet as pq

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import ParsedTable, Refusal
from outputs_check.parsers.tables import table_of

_REMEDY = "write the table with DataFrame.to_csv"
_UNNAMED = "__index_level_"


def parse_parquet(data: bytes) -> ParsedTable:
    """Read a Parquet file.

    Raises:
        Refusal: broken, nested or binary columns, and as `table_of`.
    """

    def batches() -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        file = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)
        return file.schema_arrow, file.iter_batches(batch_size=_BATCH, use_threads=False)

    return _read(batches)


def parse_feather(data: bytes) -> ParsedTable:
    """Read an Arrow file, which Feather is since its second version.

    Raises:
        Refusal: broken, nested or binary columns, and as `table_of`.
    """

    def batches() -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        options = pa.ipc.IpcReadOptions(use_threads=False)
        file = pa.ipc.open_file(pa.BufferReader(data), options=options)
        return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))

    return _read(batches)


_BATCH = 1_000
_Batches = Callable[[], tuple[pa.Schema, Iterator[pa.RecordBatch]]]


def _read(opened: _Batches) -> ParsedTable:
    pa.set_cpu_count(1)
    try:
        schema, batches = opened()
        _check_types(schema)
        columns: list[list[str]] = [[] for _ in schema]
        for batch in batches:
            for cells, column in zip(columns, batch.columns, strict=True):
                cells += _written(column)
            if schema and len(columns[0]) > limits.MAX_ROWS:
                break  # `table_of` says so
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["?"])[0][:150]
        raise Refusal("file.arrow", f"the file cannot be read: {reason}", _REMEDY) from None
    return table_of(_as_rows(schema, columns))


def _check_types(schema: pa.Schema) -> None:
    if len(schema) > limits.MAX_COLUMNS:
        raise Refusal("file.columns", f"more than {limits.MAX_COLUMNS} columns", "submit a smaller table")
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(fits(kind) for fits in _PLAIN):
            text = f"column '{field.name[:60]}' is of the type {str(kind)[:60]}"
            raise Refusal("file.nested", text, "columns hold text, figures, dates or truth values")


_PLAIN: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_boolean,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)


def _written(column: pa.Array) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_float16(column.type) or pa.types.is_float32(column.type):
        column = column.cast(pa.string())  # the shortest spelling, not that of the double it widens to
    values = column.to_pylist()
    moments = [value for value in values if isinstance(value, datetime.datetime)]
    if moments and all(moment.time() == datetime.time() for moment in moments):
        values = [value.date() if isinstance(value, datetime.datetime) else value for value in values]
    return ["" if value is None or value != value else str(value) for value in values]


def _as_rows(schema: pa.Schema, columns: list[list[str]]) -> Iterator[Sequence[str]]:
    """Header rows, then the body; what was the index of a DataFrame comes first, as in csv."""
    index, levels = _pandas(schema)
    order = [schema.names.index(name) for name in index]
    order += [number for number in range(len(schema)) if number not in order]
    names = ["" if schema.names[number].startswith(_UNNAMED) else schema.names[number] for number in order]
    yield from _header(names, len(index), levels)
    yield from zip(*(columns[number] for number in order), strict=True)


def _header(names: list[str], index: int, levels: list[str]) -> Iterator[list[str]]:
    """A column index of several levels has a header row for each, and one that names the index."""
    if len(levels) < 2:
        yield names
        return
    try:
        labels = [ast.literal_eval(name) for name in names[index:]]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        labels = []
    if not all(isinstance(label, tuple) and len(label) == len(levels) for label in labels):
        raise Refusal("file.arrow", "the levels of the columns cannot be read", _REMEDY)
    for number, level in enumerate(levels):
        yield [level, *[""] * (index - 1), *(str(label[number]) for label in labels)]
    yield [*names[:index], *[""] * len(labels)]


def _pandas(schema: pa.Schema) -> tuple[list[str], list[str]]:
    """Names of the columns that were the index, and of the levels of the columns, where pandas wrote it."""
    try:
        said = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
        index = [name for name in said.get("index_columns", []) if isinstance(name, str)]
        levels = [str(level["name"] or "") for level in said.get("column_indexes", [])]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return [], []
    known = len(set(index)) == len(index) and set(index) <= set(schema.names)
    return (index if known else []), levels
