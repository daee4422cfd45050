"""Check digits in SQL, defined once for validation, linkage and the last look at an extract."""

from pathlib import Path

import duckdb

_MACROS = Path(__file__).parent / "checks.sql"


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define `nhs_number_valid` and `verhoeff_valid` on a connection; false for what is missing."""
    connection.execute(_MACROS.read_text(encoding="utf-8"))
