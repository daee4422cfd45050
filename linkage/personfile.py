"""Read a file of people, CSV or Parquet, with any of the identifying columns."""
# ruff: noqa: S608 - identifiers are quoted; paths are quoted literals

from dataclasses import dataclass
from pathlib import Path

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
    return _plain_columns(con, table, [row[0] for row in described])


def _read_csv(con: duckdb.DuckDBPyConnection, path: Path, table: str) -> None:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        frame = pd.read_csv(path, dtype="string", encoding="cp1252", keep_default_na=False, na_values=[""])
        con.register(f"{table}_frame", frame)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {table}_frame")
        con.unregister(f"{table}_frame")
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"FROM read_csv({literal(str(path))}, header = true, all_varchar = true)"
    )


def _plain_columns(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> tuple[str, ...]:
    """Name columns in lower case and without stray blanks, as people write headings."""
    plain = [column.strip().lower() for column in columns]
    if len(set(plain)) != len(plain):
        raise BadInput("two columns have one name", where=", ".join(columns))
    for old, new in zip(columns, plain, strict=True):
        if old != new:
            con.execute(f"ALTER TABLE {table} RENAME COLUMN {name(old)} TO {name(new)}")
    return tuple(plain)


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
