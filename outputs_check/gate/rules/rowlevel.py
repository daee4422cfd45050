"""Rulebook, "csv, tsv": does a file hold records of people instead of a table about them?"""

from __future__ import annotations

from outputs_check.gate.figures import SUPPRESSED, read_figure
from outputs_check.gate.layout import Rows
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule

MICRODATA = Rule(
    "rowlevel.microdata",
    "Rulebook, 'csv, tsv': row-level detector",
    "submit a table, and declare what it counts",
)
_MANY_ROWS, _UNIQUE_SHARE = 30, 0.95


def microdata(rows: Rows, people: frozenset[int] = frozenset()) -> list[Finding]:
    """BLOCK for what looks like records: an (almost) unique column in a long file, or a row per person.

    people: how many people each dataset of the project has, where that is known.
    """
    body = rows[1:]
    if len(body) >= _MANY_ROWS and {len(body), len(rows)} & people:
        return [MICRODATA.block(f"the file has {len(rows):,} rows, one for each person of a dataset")]
    if len(body) < _MANY_ROWS:
        return []
    for index, name in enumerate(rows[0]):
        column = [row[index] for row in body if row[index] not in SUPPRESSED]
        whole = all((figure := read_figure(text)) is not None and figure.is_integer() for text in column)
        several = len(rows[0]) > 2
        if several and len(column) == len(body) and len(set(column)) >= _UNIQUE_SHARE * len(body):
            kind = "whole numbers" if whole else "values"
            text = f"column '{name[:60]}' has {len(set(column)):,} distinct {kind} in {len(body):,} rows"
            return [MICRODATA.block(f"{text}: these look like records of people")]
    return []


def microdata_in_text(text: str) -> list[Finding]:
    """BLOCK where text is a long file of records by another name."""
    for separator in (",", ";", "\t", "|"):
        rows = [tuple(line.split(separator)) for line in text.splitlines() if separator in line]
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count, default=0)
        found = microdata(tuple(row for row in rows if len(row) == width))
        if found:
            return found
    return []
