"""Examining one delivery in quarantine: its files, its columns, what it must not hold, what it must be.

Each stage ends the examination when it finds something that makes the next one pointless.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from linkage import staging
from linkage.deliveries import History
from linkage.manifest import Manifest
from linkage.suppliers.schema import TableSchema
from linkage.tables import literal, name
from linkage.validation import identifiers, macros
from linkage.validation.run import Check, Validation, validate
from linkage.validation.suite import Period


@dataclass(frozen=True)
class Neighbours:
    """Accepted files an examination needs: tables referred to, and lists of opted-out records."""

    tables: dict[str, list[Path]] = field(default_factory=dict)
    schemas: dict[str, TableSchema] = field(default_factory=dict)
    optouts: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Examination:
    """What was found: `faults` in plain words (none: the delivery is good), rows, and the checks that ran."""

    faults: tuple[str, ...]
    rows: int = 0
    dropped: int = 0
    null_rates: dict[str, float] = field(default_factory=dict)
    validation: Validation | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the suite; none where the examination ended before it."""
        return self.validation.checks if self.validation else ()


def examine(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    manifest: Manifest,
    folder: Path,
    work: Path,
    past: History,
    neighbours: Neighbours,
) -> Examination:
    """Examine the files in `folder`; leaves the view `batch` of standard types, opted-out rows dropped."""
    macros.define(connection)
    try:
        sources = [
            staging.open_source(folder / file.name, manifest.encoding, work) for file in manifest.files
        ]
        faults = staging.structure_faults(schema, sources)
        if faults:
            return Examination((*_leaks_of_sources(connection, schema, sources), *faults))
        miscounted = staging.stage(connection, schema, sources, manifest, work)
    except staging.Unreadable as error:
        return Examination((str(error),))
    if miscounted:
        return Examination(tuple(miscounted))
    return _examine_staged(connection, schema, manifest, past, neighbours)


def _leaks_of_sources(
    connection: duckdb.DuckDBPyConnection, schema: TableSchema, sources: Sequence[staging.Source]
) -> list[str]:
    if schema.route != "payload":
        return []
    try:
        found = [
            str(leak) for source in sources for leak in identifiers.scan(connection, source.relation, schema)
        ]
    except duckdb.Error:  # a file that cannot be read either: its columns are fault enough
        return []
    return list(dict.fromkeys(found))


def _examine_staged(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    manifest: Manifest,
    past: History,
    neighbours: Neighbours,
) -> Examination:
    dropped = _batch_without_optouts(connection, neighbours.optouts)
    if schema.route == "payload":
        leaks = identifiers.scan(connection, "batch", schema)
        if leaks:
            return Examination(tuple(str(leak) for leak in leaks), manifest.rows - dropped, dropped)
    for table, files in neighbours.tables.items():
        _refer_to(connection, neighbours.schemas[table], files)
    period = Period(manifest.period_start, manifest.period_end)
    samples = schema.route == "payload"
    validation = validate(connection, schema, period, past, samples=samples)
    faults = tuple(str(check) for check in validation.failed)
    return Examination(faults, manifest.rows - dropped, dropped, _null_rates(connection, schema), validation)


def _batch_without_optouts(connection: duckdb.DuckDBPyConnection, optouts: Sequence[Path]) -> int:
    """Make the view `batch`: all that was staged but the rows of who opted out; return their number."""
    if not optouts:
        connection.execute("CREATE VIEW batch AS SELECT * FROM staged")
        return 0
    files = ", ".join(literal(str(path)) for path in optouts)
    connection.execute(f"CREATE VIEW optouts AS SELECT record_id FROM read_parquet([{files}])")  # noqa: S608
    connection.execute("CREATE VIEW batch AS SELECT * FROM staged ANTI JOIN optouts USING (record_id)")
    count = "SELECT (SELECT count(*) FROM staged) - (SELECT count(*) FROM batch)"
    return int(connection.execute(count).fetchall()[0][0])


def _refer_to(connection: duckdb.DuckDBPyConnection, schema: TableSchema, files: Sequence[Path]) -> None:
    """A view of another table of the supplier, named as the table; empty where none was accepted yet."""
    view = name(schema.table)
    if files:
        listed = ", ".join(literal(str(path)) for path in files)
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet([{listed}])")  # noqa: S608
        return
    columns = ", ".join(f"{name(column.name)} {column.sql_type}" for column in schema.columns)
    connection.execute(f"CREATE TABLE {view} ({columns})")


def _null_rates(connection: duckdb.DuckDBPyConnection, schema: TableSchema) -> dict[str, float]:
    quoted = [name(column) for column in schema.column_names]
    rates = ", ".join(f"1 - count({column}) / greatest(count(*), 1)" for column in quoted)
    row = connection.execute(f"SELECT {rates} FROM batch").fetchall()[0]  # noqa: S608
    return {column: round(float(rate), 6) for column, rate in zip(schema.column_names, row, strict=True)}


def save(connection: duckdb.DuckDBPyConnection, schema: TableSchema, destination: Path) -> None:
    """Write the examined rows as Parquet, the schema's columns only, in its order."""
    columns = ", ".join(name(column) for column in schema.column_names)
    connection.execute(
        f"COPY (SELECT {columns} FROM batch) TO {literal(str(destination))} "  # noqa: S608
        "(FORMAT parquet, COMPRESSION zstd)"
    )
