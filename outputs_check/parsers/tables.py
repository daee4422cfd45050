"""csv and tsv, read strictly: one dialect, rows of equal length, bounded."""

from __future__ import annotations

import csv
import io

from outputs_check.parsers import limits
from outputs_check.parsers.characters import decoded
from outputs_check.parsers.parsed import ParsedTable, Refusal

_REMEDY = "write the table with DataFrame.to_csv"


def parse_table(data: bytes, delimiter: str) -> ParsedTable:
    """Read a table of text cells.

    Raises:
        Refusal: bad characters or quoting, ragged rows, nothing in it, more than 5,000 rows
        (rulebook, "Files": csv, tsv).
    """
    text = decoded(data)
    if not text.strip():
        raise Refusal("file.empty", "the file is empty", _REMEDY)
    csv.field_size_limit(limits.MAX_CELL_CHARACTERS * 4)
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if not row:
                continue
            _check_size(row, len(rows))
            rows.append(tuple(cell.strip() for cell in row))
    except csv.Error as error:
        raise Refusal("file.table", f"not a well-formed table: {error}", _REMEDY) from None
    width = len(rows[0])
    for number, cells in enumerate(rows, start=1):
        if len(cells) != width:
            raise Refusal("file.table", f"row {number} has {len(cells)} cells, row 1 has {width}", _REMEDY)
    return ParsedTable(tuple(rows))


def _check_size(row: list[str], before: int) -> None:
    if before >= limits.MAX_ROWS:
        raise Refusal("file.rows", f"more than {limits.MAX_ROWS:,} rows", "submit a table, not records")
    if len(row) > limits.MAX_COLUMNS:
        raise Refusal("file.columns", f"more than {limits.MAX_COLUMNS} columns", "submit a smaller table")
    if any(len(cell) > limits.MAX_CELL_CHARACTERS or "\n" in cell for cell in row):
        raise Refusal(
            "file.cell",
            f"row {before + 1} has a cell that is very long or has line breaks",
            "cells hold a short label or one figure",
        )
