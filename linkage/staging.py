"""Files as they came, made one table of standard types; what cannot be read is kept beside, not guessed.

CSV is read strictly and as text. Each column becomes its schema's type; where a value is not of that type
the column is missing and `<column>__unread` holds the text, so that a bad cast is a finding with a count.
"""

import codecs
import csv
import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet

from linkage.manifest import Manifest
from linkage.suppliers.schema import Column, TableSchema
from linkage.tables import confined, literal, name

UNREAD = "__unread"
_BLOCK = 1 << 20
_CSV = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
    "strict_mode = true, max_line_size = 1048576"
)
_TYPED = {
    "date": r"CASE WHEN regexp_full_match({v}, '\d{{4}}-\d{{2}}-\d{{2}}( 00:00:00)?') "
    "THEN TRY_CAST(left({v}, 10) AS DATE) END",
    "month": r"CASE WHEN regexp_full_match({v}, '\d{{4}}-\d{{2}}(-01( 00:00:00)?)?') "
    "THEN TRY_CAST(left({v}, 7) || '-01' AS DATE) END",
    "integer": r"CASE WHEN regexp_full_match({v}, '-?\d+(\.0+)?') "
    r"THEN TRY_CAST(regexp_extract({v}, '^-?\d+') AS BIGINT) END",
    "number": r"CASE WHEN regexp_full_match({v}, '[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?') "
    "THEN TRY_CAST({v} AS DOUBLE) END",
}


class Unreadable(Exception):
    """A file is not what it says it is; the message is for the custodian."""


@dataclass(frozen=True)
class Source:
    """One delivered file, ready to be read: its columns, in order, and where DuckDB finds it."""

    path: Path
    columns: tuple[str, ...]

    @property
    def relation(self) -> str:
        """The file as a table in SQL; CSV columns are text."""
        if self.path.suffix == ".parquet":
            return f"read_parquet({literal(str(self.path))})"
        names = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in self.columns)
        return f"read_csv({literal(str(self.path))}, {_CSV}, columns = {{{names}}})"


@contextmanager
def connected(work: Path, *folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that sees `work`, where it spills, and the other folders. A full disk is an OSError."""
    try:
        with confined(work, *folders) as connection:
            yield connection
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def open_source(path: Path, encoding: str, work: Path) -> Source:
    """Look at a delivered file: is it text of its encoding, or Parquet; which columns has it.

    Errors: Unreadable.
    """
    if path.suffix == ".parquet":
        return _open_parquet(path)
    readable = _as_utf8(path, encoding, work)
    with readable.open(encoding="utf-8-sig", newline="") as lines:
        try:
            header = next(csv.reader(lines, strict=True), None)
        except csv.Error as error:
            raise Unreadable(f"{path.name} has no readable header line: {error}") from error
    if not header or not all(header):
        raise Unreadable(f"{path.name} has no header line")
    _require_different(path, header)
    return Source(readable, tuple(header))


def _open_parquet(path: Path) -> Source:
    try:
        columns = pyarrow.parquet.read_schema(path).names
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"{path.name} is not a Parquet file") from error
    _require_different(path, columns)
    return Source(path, tuple(columns))


def _require_different(path: Path, columns: Sequence[str]) -> None:
    if len({column.casefold() for column in columns}) < len(columns):
        raise Unreadable(f"{path.name} has a column twice")


def _as_utf8(path: Path, encoding: str, work: Path) -> Path:
    """The same text in UTF-8: the file itself where it is that, else a copy in `work`."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    copy = work / path.name
    copies = encoding != "utf-8"
    seen = 0
    with path.open("rb") as source, copy.open("wb") if copies else open(os.devnull, "wb") as target:  # noqa: PTH123
        while block := source.read(_BLOCK):
            try:
                decoded = decoder.decode(block)
            except UnicodeDecodeError as error:
                raise Unreadable(f"{path.name} is not {encoding} (near byte {seen:,})") from error
            if "\0" in decoded:
                raise Unreadable(f"{path.name} is not text (it holds NUL characters)")
            seen += len(block)
            if copies:
                target.write(decoded.encode())
        if decoder.getstate()[0]:
            raise Unreadable(f"{path.name} is not {encoding} (it ends in half a character)")
    return copy if copies else path


def structure_faults(schema: TableSchema, sources: Sequence[Source]) -> list[str]:
    """Columns that are missing or that nobody asked for, by file."""
    faults = []
    for source in sources:
        missing = [column for column in schema.column_names if column not in source.columns]
        extra = [column for column in source.columns if column not in schema.column_names]
        if missing:
            faults.append(f"{source.path.name} lacks {_listed(missing)}")
        if extra:
            faults.append(f"{source.path.name} has {_listed(extra)}, which the schema does not know")
    return faults


def _listed(columns: Sequence[str]) -> str:
    return f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"


def stage(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    sources: Sequence[Source],
    manifest: Manifest,
    work: Path,
) -> list[str]:
    """Make the view `staged` of all files; return what differs from the manifest's row counts.

    Errors: Unreadable.
    """
    faults = []
    for number, (source, file) in enumerate(zip(sources, manifest.files, strict=True)):
        part = work / f"part-{number:04d}.parquet"
        query = f"COPY ({_standardised(schema, source)}) TO {literal(str(part))} (FORMAT parquet)"
        try:
            rows = connection.execute(query).fetchall()[0][0]
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise
            raise Unreadable(f"{source.path.name} cannot be read: {_first_line(error)}") from error
        if rows != file.rows:
            faults.append(f"{file.name} has {rows:,} rows, its manifest says {file.rows:,}")
    parts = literal(str(work / "part-*.parquet"))
    connection.execute(f"CREATE VIEW staged AS SELECT * FROM read_parquet({parts})")  # noqa: S608
    return faults


def _standardised(schema: TableSchema, source: Source) -> str:
    quoted = map(name, schema.column_names)
    trimmed = ", ".join(f"nullif(trim(CAST({each} AS VARCHAR)), '') AS {each}" for each in quoted)
    typed = ", ".join(part for column in schema.columns for part in _typed(column))
    return f"SELECT {typed} FROM (SELECT {trimmed} FROM {source.relation})"  # noqa: S608


def _typed(column: Column) -> Iterator[str]:
    value = name(column.name)
    if column.type not in _TYPED:
        yield value
        return
    typed = _TYPED[column.type].format(v=value)
    yield f"{typed} AS {value}"
    unread = name(column.name + UNREAD)
    yield f"CASE WHEN {value} IS NOT NULL AND ({typed}) IS NULL THEN {value} END AS {unread}"


def unread_columns(schema: TableSchema) -> list[tuple[Column, str]]:
    """Columns that have a type to be read as, each with the name of what could not be read."""
    return [(column, column.name + UNREAD) for column in schema.columns if column.type in _TYPED]


def _first_line(error: Exception) -> str:
    """What went wrong and in which line, without the line itself: it may hold a person's data."""
    said = str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    place = next((line for line in lines if line.startswith(("CSV Error on Line", "LINE"))), "")
    first = lines[0].removeprefix("Invalid Input Error: ") if lines else "unknown error"
    return f"{first[:160]}{' ' + place[:80] if place and place not in first else ''}"
