"""Identifiers where only payload may be: NINO, NHS number, postcode, e-mail, names (EXTRACTS.md).

One such column quarantines a delivery at once. Distinct values are looked at, whatever the column says it is.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from lab.base.identifiers import EMAIL, IDENTIFYING_NAMES, NINO, NINO_SUFFIX, POSTCODE
from linkage.suppliers.schema import TableSchema
from linkage.tables import literal, name

_EDGE, _END = "(?:^|[^A-Za-z0-9])", "(?:$|[^A-Za-z0-9])"
_NINO = f"(?i){_EDGE}{NINO}({NINO_SUFFIX})?{_END}"
_POSTCODE = f"(?i){_EDGE}{POSTCODE}{_END}"
_SHARE_OF_NHS_NUMBERS = 0.3  # of ten-digit values: one in eleven has a valid check digit by chance
_SHARE_OF_NAMES = 0.2  # of distinct values
_COUNTS = f"""
WITH found AS (SELECT DISTINCT trim(CAST($value AS VARCHAR)) AS v FROM $relation WHERE $where),
cleaned AS (SELECT v, replace(replace(v, ' ', ''), '-', '') AS d FROM found)
SELECT count(*), count_if(regexp_matches(v, {literal(_NINO)})),
    count_if(regexp_matches(v, {literal(_POSTCODE)})), count_if(regexp_matches(v, {literal(EMAIL)})),
    count_if(regexp_full_match(d, '[0-9]{{10}}')),
    count_if(nhs_number_valid(d)),
    count_if(CASE WHEN regexp_matches(v, '^[^0-9]+$')
        THEN list_has_any(regexp_split_to_array(upper(v), '[^[:alpha:]''-]+'), $names) ELSE false END)
FROM cleaned"""  # noqa: S608 - our own patterns


@dataclass(frozen=True)
class Leak:
    """A payload column that holds identifiers: what kind, and how many distinct values (never which)."""

    column: str
    kind: str
    values: int

    def __str__(self) -> str:
        if not self.values:
            return f"column {self.column} is an identifier ({self.kind})"
        return f"column {self.column} holds what looks like {self.kind} ({self.values:,} different)"


def scan(connection: duckdb.DuckDBPyConnection, relation: str, schema: TableSchema) -> list[Leak]:
    """Look for identifiers in all columns of a relation: a view's name or a table function."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608
    leaks = [
        leak for column, kind, *_ in described for leak in _scan(connection, relation, column, kind, schema)
    ]
    return sorted(leaks, key=lambda leak: -leak.values)


def _scan(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, kind: str, schema: TableSchema
) -> Sequence[Leak]:
    if column.strip().lower().replace(" ", "_").replace("-", "_") in IDENTIFYING_NAMES:
        return [Leak(column, "by its name", 0)]
    value, where = name(column), f"{name(column)} IS NOT NULL"
    if kind in {"BIGINT", "DOUBLE", "INTEGER"}:  # of all identifiers, only NHS numbers are numbers
        value, where = f"CAST({value} AS BIGINT)", f"{value} BETWEEN 1000000000 AND 9999999999"
    elif kind != "VARCHAR":
        return []
    known = next((each for each in schema.columns if each.name == column), None)
    checked = known is not None and known.check == "verhoeff"  # ten-digit SNOMED codes are no NHS numbers
    closed = known is not None and bool(known.codes)
    query = _COUNTS.replace("$value", value).replace("$relation", relation).replace("$where", where)
    row = connection.execute(query, {"names": _common_names()}).fetchall()[0]
    values, ninos, postcodes, emails, tens, nhs, named = (int(count or 0) for count in row)
    found = {"NINOs": ninos, "postcodes": postcodes, "e-mail addresses": emails}
    if not checked and nhs > _SHARE_OF_NHS_NUMBERS * tens:
        found["NHS numbers"] = nhs
    if not closed and named > _SHARE_OF_NAMES * values:
        found["names"] = named
    return [Leak(column, kind, count) for kind, count in found.items() if count]


@cache
def _common_names() -> list[str]:
    with (Path(__file__).parent / "common_names.csv").open(encoding="utf-8", newline="") as lines:
        return [row["name"] for row in csv.DictReader(lines)]
