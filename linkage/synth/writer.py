"""Delivery folders: files of one table, streamed, and the manifest that goes with them."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from lab.base.errors import BadInput
from lab.base.files import sha256_file, write_atomic
from linkage.suppliers.schema import TableSchema
from linkage.synth.period import END, START

ROWS_PER_FILE = 500_000
SENT_AT = "2025-05-01T09:00:00Z"
_ARROW = {
    "text": pa.string(), "category": pa.string(), "date": pa.date32(), "month": pa.string(),
    "integer": pa.int64(), "number": pa.float64(),
}  # fmt: skip


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """How the generator holds a table's columns."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in schema.columns])


@dataclass
class DeliveryWriter:
    """Writes one delivery: `write` tables as they come, `close` with the manifest.

    `format` is csv or parquet; `encoding` that of CSV files. Errors: BadInput where the folder is there.
    """

    folder: Path
    schema: TableSchema
    format: str = "csv"
    encoding: str = "utf-8"
    sent_at: str = SENT_AT
    rows: int = 0
    _files: list[dict[str, Any]] = field(default_factory=list)
    _open: "_CsvFile | _ParquetFile | None" = None
    _rows_in_file: int = 0

    def __post_init__(self) -> None:
        if self.folder.exists():
            raise BadInput(
                "the folder is there already", where=str(self.folder), remedy="choose another --out"
            )
        self.folder.mkdir(parents=True)

    def write(self, table: pa.Table) -> None:
        """Append rows; a new file begins where the last one is full."""
        if self._open is not None and self._rows_in_file >= ROWS_PER_FILE:
            self._finish_file()
        if self._open is None:
            name = f"{self.schema.table}-{len(self._files) + 1:04d}.{self.format}"
            path = self.folder / name
            self._open = (
                _ParquetFile(path, table.schema)
                if self.format == "parquet"
                else _CsvFile(path, self.encoding)
            )
        self._open.write(table)
        self._rows_in_file += table.num_rows
        self.rows += table.num_rows

    def close(self) -> None:
        """Finish the last file and say in the manifest what was sent."""
        if self._open is not None:
            self._finish_file()
        manifest = {
            "supplier": self.schema.supplier,
            "table": self.schema.table,
            "route": self.schema.route,
            "reference_period": {"start": str(START), "end": str(END)},
            "rows": self.rows,
            "files": self._files,
            "encoding": self.encoding,
            "sent_by": f"{self.schema.supplier} data supply (made-up data)",
            "sent_at": self.sent_at,
        }
        write_atomic(
            self.folder / "manifest.json", json.dumps(manifest, indent=1).encode() + b"\n", mode=0o644
        )

    def _finish_file(self) -> None:
        if self._open is None:
            raise RuntimeError("no file is open")
        self._open.close()
        path = self._open.path
        self._files.append({"name": path.name, "sha256": sha256_file(path), "rows": self._rows_in_file})
        self._open, self._rows_in_file = None, 0


class _ParquetFile:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._writer = pyarrow.parquet.ParquetWriter(path, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class _CsvFile:
    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self._encoding = encoding
        self._stream: BinaryIO = path.open("xb")
        self._options = pyarrow.csv.WriteOptions(include_header=True, quoting_style="needed")

    def write(self, table: pa.Table) -> None:
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(table, buffer, self._options)
        text = buffer.getvalue()
        self._stream.write(text if self._encoding == "utf-8" else text.decode().encode(self._encoding))
        self._options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")

    def close(self) -> None:
        self._stream.close()
