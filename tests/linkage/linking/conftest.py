"""Tables of people for the linking tests."""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from custodian import Custodian

from lab.base.settings import Settings
from linkage import standardise

People = Callable[[str, list[dict[str, Any]]], None]


@pytest.fixture
def custodian(settings: Settings) -> Custodian:
    return Custodian(settings)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        standardise.prepare(connection)
        yield connection


@pytest.fixture
def people(con: duckdb.DuckDBPyConnection) -> People:
    """Standardise rows of identifiers into a table; entities are numbered from 1 in the order given."""

    def make(table: str, rows: list[dict[str, Any]]) -> None:
        columns = {
            field: pa.array([row.get(field) for row in rows], pa.string()) for field in standardise.FIELDS
        }
        numbers = list(range(1, len(rows) + 1))
        con.register("given_rows", pa.table({"entity": numbers, "rid": numbers, **columns}))
        con.execute(f"CREATE OR REPLACE TEMP TABLE raw_{table} AS FROM given_rows")
        con.unregister("given_rows")
        standardise.standardise(con, f"raw_{table}", table, standardise.Forms())

    return make
