"""The last look at an extract before it is signed: only what was granted, nothing that identifies."""
# ruff: noqa: S608 - names come from the files' own schema and are quoted; paths are quoted literals

from collections.abc import Sequence
from pathlib import Path

import duckdb

from lab.base.errors import Tampered
from lab.base.identifiers import EMAIL
from linkage import standardise
from linkage.datasets import Variable
from linkage.tables import literal, name, scalar

_PSEUDONYM = "^[0-9a-f]{32}$"
# One code in eleven has a right check digit by chance: only a column full of them holds NHS numbers.
_MOST = 0.5


def check(
    con: duckdb.DuckDBPyConnection, folder: Path, variables: Sequence[Variable], rows: int, partition: str
) -> None:
    """Read a dataset's files again and hold them against what was granted.

    `partition` is the variable that the folders' names carry instead of the files, or empty.

    Raises:
        Tampered: a column that was not granted, a value that looks like an identifier, rows that went
        missing.
    """
    standardise.prepare(con)
    files = f"read_parquet({literal(f'{folder}/**/*.parquet')}, hive_partitioning = false)"
    held = [row[0] for row in con.execute(f"SELECT column_name FROM (DESCRIBE FROM {files})").fetchall()]
    granted = [variable.name for variable in variables if variable.name != partition]
    if held != granted:
        raise Tampered("the files hold other columns than were granted", where=folder.name)
    if scalar(con, f"SELECT count(*) FROM {files}") != rows:
        raise Tampered("the files hold other rows than were chosen", where=folder.name)
    for variable in variables:
        if variable.name != partition:
            _check_values(con, files, variable, folder.name)


def _check_values(con: duckdb.DuckDBPyConnection, files: str, variable: Variable, dataset: str) -> None:
    value = f"{name(variable.name)}::VARCHAR"
    if variable.domain:
        bad = f"count_if(NOT regexp_matches(v, '{_PSEUDONYM}')) > 0"
    else:
        bad = (
            "count_if(is_nino(squeezed(v)) OR is_postcode(squeezed(v)) "
            f"OR regexp_full_match(v, '{EMAIL}')) > 0"
            f" OR avg(nhs_number_valid(v)::INT) > {_MOST}"
        )
    found = scalar(con, f"SELECT {bad} FROM (SELECT DISTINCT {value} AS v FROM {files} WHERE v IS NOT NULL)")
    if found:
        what = "values that are no pseudonyms" if variable.domain else "values that look like identifiers"
        raise Tampered(
            f"'{variable.name}' holds {what}: nothing was signed",
            where=dataset,
            remedy="find out how they came into the payload",
        )
