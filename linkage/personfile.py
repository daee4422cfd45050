"""Read a file of people, CSV or Parquet, with any of the identifying columns."""
# ruff: noqa: S608 - identifiers are quoted; paths are quoted literals

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from lab.base.errors import BadInput, NotFound
from linkage.standardise import FIELDS
from linkage.tables import literal, name

_IDENTIFYING = ("forename", "surname", "date_of_birth", "nino", "nhs_number")


@dataclass(frozen=True)
class PersonFile:
    """A file of people that was loaded: table `table` has entity, rid and the FIELDS as text.

    `<table>_ids` gives each entity's record_id in the file's own type; row numbers from 1 where it has none.
    """

    path: Path
    table: str
    rows: int
    columns: tuple[str, ...]
    numbered: bool


def load(con: duckdb.DuckDBPyConnection, path: Path, table: str) -> PersonFile:
    """Load a person file into `table`.

    Raises:
        NotFound: no such file. BadInput: no table, no rows, nothing to match on, or ids that are not unique.
    """
    columns = read_table(con, path, f"{table}_raw")
    known = tuple(field for field in FIELDS if field in columns)
    if not set(_IDENTIFYING) & set(known):
        raise BadInput(
            "no column to match people on",
            where=str(path),
            remedy=f"name columns among {', '.join(_IDENTIFYING)}",
        )
    numbered = "record_id" not in columns
    identity = "row_number() OVER ()" if numbered else "record_id"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_all AS "
        f"SELECT row_number() OVER () AS entity, {identity} AS own_id, * FROM {table}_raw"
    )
    rows = _check_ids(con, f"{table}_all", path)
    fields = ", ".join(
        f"CAST({field if field in known else 'NULL'} AS VARCHAR) AS {field}" for field in FIELDS
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT entity, entity AS rid, {fields} FROM {table}_all"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_ids AS SELECT entity, own_id AS record_id FROM {table}_all"
    )
    con.execute(f"DROP TABLE {table}_raw")
    con.execute(f"DROP TABLE {table}_all")
    return PersonFile(path, table, rows, known, numbered)


def read_table(con: duckdb.DuckDBPyConnection, path: Path, table: str) -> tuple[str, ...]:
    """Load a CSV (UTF-8, or Windows-1252 as really happens) or Parquet file; return its columns."""
    if not path.is_file():
        raise NotFound("no such file", where=str(path))
    with path.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    try:
        if parquet:
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_parquet({literal(str(path))})")
        else:
            _read_csv(con, path, table)
    except (duckdb.Error, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"not a readable CSV or Parquet file: {reason}", where=str(path)) from error
    described = con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()
    return _plain_columns(con, path, table, [row[0] for row in described])


def _read_csv(con: duckdb.DuckDBPyConnection, path: Path, table: str) -> None:
    """Every line is a row of as many fields as the header: DuckDB's own guess passes over what is not."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as lines:
        first = lines.readline()
    delimiter = max(",;\t|", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if not names:
        raise BadInput("the file has no header line", where=str(path))
    header = [each or f"column{number}" for number, each in enumerate(names)]
    _require_different(path, header)
    if encoding == "cp1252":
        options: dict[str, Any] = {"sep": delimiter, "encoding": encoding}
        frame = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""], **options)
        if not isinstance(frame.index, pd.RangeIndex):  # pandas takes a field too many for an index
            raise ValueError("its rows have more fields than its header")
        con.register(f"{table}_frame", frame)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {table}_frame")
        con.unregister(f"{table}_frame")
        return
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in header)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_csv({literal(str(path))}, auto_detect = false, "
        f"header = true, delim = {literal(delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"columns = {{{columns}}})"
    )


def _encoding(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _plain_columns(
    con: duckdb.DuckDBPyConnection, path: Path, table: str, columns: list[str]
) -> tuple[str, ...]:
    """Name columns in lower case and without stray blanks, as people write headings."""
    plain = _require_different(path, columns)
    for old, new in zip(columns, plain, strict=True):
        if old != new:
            con.execute(f"ALTER TABLE {table} RENAME COLUMN {name(old)} TO {name(new)}")
    return tuple(plain)


def _require_different(path: Path, columns: list[str]) -> list[str]:
    plain = [column.strip().lower() for column in columns]
    if len(set(plain)) != len(plain):
        raise BadInput("two columns have one name", where=f"{path}: {', '.join(columns)}")
    return plain


def _check_ids(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> int:
    rows, distinct, missing = con.execute(
        f"SELECT count(*), count(DISTINCT own_id), count_if(own_id IS NULL) FROM {table}"
    ).fetchall()[0]
    if not rows:
        raise BadInput("the file has no rows", where=str(path))
    if missing:
        raise BadInput(f"{missing:,} rows have no record_id", where=str(path), remedy="give every row an id")
    if distinct < rows:
        raise BadInput(
            f"{rows - distinct:,} rows repeat a record_id", where=str(path), remedy="make the ids unique"
        )
    return int(rows)
