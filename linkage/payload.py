"""Payload tables, joined to the spine: what preparation opens. Identifiers are never opened here."""
# ruff: noqa: S608 - names come from the schemas and are quoted; paths are quoted literals

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from lab.base.errors import BadInput, NotFound
from lab.base.settings import Settings
from linkage.accepted import Accepted
from linkage.spine_store import Spine
from linkage.suppliers import schema
from linkage.suppliers.schema import TableSchema
from linkage.tables import literal, name, scalar


@dataclass(frozen=True)
class Staged:
    """A payload table that was loaded: current rows, and how many of them belong to nobody on the spine."""

    rows: int
    unlinked: int


def stage_spine(con: duckdb.DuckDBPyConnection, spine: Spine) -> None:
    """Load `spine_links` and `spine_people`, and the code lists `local_authorities` and `regions`."""
    con.execute(
        f"CREATE TEMP TABLE spine_links AS SELECT supplier, record_id, spine_id "
        f"FROM read_parquet({literal(str(spine.links))})"
    )
    con.execute(f"CREATE TEMP TABLE spine_people AS FROM read_parquet({literal(str(spine.persons))})")
    with schema.local_authorities().open(encoding="utf-8", newline="") as lines:
        places = {row["code"]: row["region"] for row in csv.DictReader(lines)}
    _load_list(con, "local_authorities", "region", places)
    _load_list(con, "regions", "label", schema.code_list("regions"))


def _load_list(con: duckdb.DuckDBPyConnection, table: str, meaning: str, codes: Mapping[str, str]) -> None:
    con.register("code_list", pa.table({"code": list(codes), meaning: list(codes.values())}))
    con.execute(f"CREATE TEMP TABLE {table} AS FROM code_list")
    con.unregister("code_list")


def stage(
    con: duckdb.DuckDBPyConnection, settings: Settings, deliveries: Iterable[Accepted], dataset: str
) -> Staged:
    """Load the current rows of a payload table, with `spine_id` in place of the record id.

    Later deliveries supersede earlier ones by the table's key. Rows of nobody on the spine are left out.

    Raises:
        NotFound: nothing of the table was accepted.
    """
    table = _schema(dataset)
    _load_current(con, settings, deliveries, table, f"{dataset}_current")
    through = _way_to_person(table)
    if through is not None:
        _load_current(con, settings, deliveries, through, f"{through.name}_current")
        key = through.key[0]
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {dataset}_current AS SELECT c.*, w.record_id "
            f"FROM {dataset}_current c LEFT JOIN {through.name}_current w USING ({name(key)})"
        )
    con.execute(
        f"CREATE TEMP TABLE {dataset} AS SELECT l.spine_id, c.* EXCLUDE (record_id) FROM {dataset}_current c "
        f"JOIN spine_links l ON l.supplier = {literal(table.supplier)} AND l.record_id = c.record_id"
    )
    rows = int(scalar(con, f"SELECT count(*) FROM {dataset}_current"))
    linked = int(scalar(con, f"SELECT count(*) FROM {dataset}"))
    con.execute(f"DROP TABLE {dataset}_current")
    return Staged(rows, rows - linked)


def opened(datasets: Iterable[str]) -> set[str]:
    """Name the tables that staging these tables opens: themselves, and those that lead to the person."""
    tables = [_schema(each) for each in datasets]
    ways = [_way_to_person(table) for table in tables]
    return {table.name for table in (*tables, *ways) if table is not None}


def _schema(dataset: str) -> TableSchema:
    supplier, _, table = dataset.partition("_")
    return schema.load(supplier, table)


def _load_current(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    deliveries: Iterable[Accepted],
    table: TableSchema,
    target: str,
) -> None:
    columns = ", ".join(
        f"{name(column.name)}::{column.sql_type} AS {name(column.name)}" for column in table.columns
    )
    parts = []
    for load, delivery in enumerate(deliveries):
        files = ", ".join(literal(str(path)) for path in delivery.files(settings))
        if (delivery.supplier, delivery.table) == (table.supplier, table.table) and files:
            parts.append(f"SELECT {columns}, {load} AS load FROM read_parquet([{files}])")
    if not parts:
        raise NotFound(
            "no accepted delivery of the table", where=table.name, remedy="receive one with 'linkage receive'"
        )
    key = ", ".join(name(column) for column in table.key)
    newest = f"QUALIFY load = max(load) OVER (PARTITION BY {key})" if len(parts) > 1 else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {target} AS "
        f"SELECT * EXCLUDE (load) FROM ({' UNION ALL '.join(parts)}) {newest}"
    )


def _way_to_person(table: TableSchema) -> TableSchema | None:
    """Return the table through which rows without a record id belong to a person: employments, for pay."""
    if any(column.role == "person" for column in table.columns):
        return None
    for other in (schema.load(table.supplier, after) for after in table.after):
        named = any(column.role == "person" for column in other.columns)
        if named and len(other.key) == 1 and other.key[0] in table.column_names:
            return other
    raise BadInput("the rows of the table belong to no person", where=table.name)
