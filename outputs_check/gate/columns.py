"""SQL of a column, as the gate reads it: quoted, NaN as NULL, numbers as DOUBLE, bins by their label."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from outputs_check.gate.data import quoted

BIN = "bin"
Binned = tuple[str, tuple[float, ...]]


def present(types: Mapping[str, str], name: str) -> str:
    """The column, with NaN as NULL: pandas knows no difference."""
    column = quoted(name)
    if types[name] in {"DOUBLE", "FLOAT"}:
        return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
    return column


def number(types: Mapping[str, str], name: str | None) -> str:
    """The column as a DOUBLE; NULL where there is no column."""
    return "CAST(NULL AS DOUBLE)" if name is None else f"CAST({present(types, name)} AS DOUBLE)"


def dimension(types: Mapping[str, str], name: str, binned: Binned | None = None) -> str:
    """What a dimension groups by; BIN is the bin [left, right) of a number, the last one closed."""
    if name != BIN or binned is None:
        return present(types, name)
    column, edges = binned
    value = number(types, column)
    cases = []
    for place, (left, right) in enumerate(pairwise(edges), start=1):
        upper = "<=" if place == len(edges) - 1 else "<"
        cases.append(
            f"WHEN {value} >= {left!r} AND {value} {upper} {right!r} THEN '{bin_label(left, right)}'"
        )
    return f"CASE {' '.join(cases)} END"


def bin_label(left: float, right: float) -> str:
    """The name of a histogram's bin."""
    return f"{left:g} to {right:g}"


def hashed(expression: str) -> str:
    """SQL of the hash of a unit; the same in every version of the database, because ledgers keep it."""
    return f"CASE WHEN {expression} IS NULL THEN 0 ELSE md5_number_lower(CAST({expression} AS VARCHAR)) END"
