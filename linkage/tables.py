"""A DuckDB connection that sees only the folders it is given, and small helpers around it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb


def scalar(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Return the one value of a query.

    Everything is fetched, because a result left half read blocks its connection.
    """
    return con.execute(sql, list(parameters)).fetchall()[0][0]


def literal(text: str) -> str:
    """Quote text for a statement that takes no parameters (COPY, SET)."""
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """Quote an identifier."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def confined(*folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database that can read and write below `folders` and nowhere else.

    The first folder takes what does not fit into memory. The confinement cannot be lifted again on this
    connection: no statement that a supplier's or a project's file could smuggle in reaches the other route.
    """
    with duckdb.connect(":memory:") as con:
        con.execute(f"SET temp_directory = {literal(str(folders[0] / '.spill'))}")
        con.execute(f"SET allowed_directories = [{', '.join(literal(f'{folder}/') for folder in folders)}]")
        con.execute("SET preserve_insertion_order = false")
        con.execute("SET autoinstall_known_extensions = false")
        con.execute("SET autoload_known_extensions = false")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield con
