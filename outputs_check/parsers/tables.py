"""csv and tsv, read strictly: one dialect, rows of equal length, bounded; and what every table has to be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from outputs_check.parsers import limits
from outputs_check.parsers.characters import canonical, decoded
from outputs_check.parsers.parsed import Note, ParsedTable, Refusal

_REMEDY = "write the table with DataFrame.to_csv"


def parse_csv(data: bytes) -> ParsedTable:
    """Read a table of cells with commas between, or semicolons where the header has no comma.

    Raises:
        Refusal: as `parse_delimited`.
    """
    header = data.partition(b"\n")[0]
    return parse_delimited(data, ";" if b";" in header and b"," not in header else ",")


def parse_tsv(data: bytes) -> ParsedTable:
    """Read a table of cells with tabs between.

    Raises:
        Refusal: as `parse_delimited`.
    """
    return parse_delimited(data, "\t")


def parse_delimited(data: bytes, delimiter: str) -> ParsedTable:
    """Read a table of text cells.

    Raises:
        Refusal: bad characters or quoting, and as `table_of`.
    """
    text = decoded(data)
    csv.field_size_limit(limits.MAX_CELL_CHARACTERS * 4)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return table_of(row for row in reader if row)
    except csv.Error as error:
        raise Refusal("file.table", f"not a well-formed table: {error}", _REMEDY) from None


def table_of(rows: Iterable[Sequence[str]], notes: tuple[Note, ...] = ()) -> ParsedTable:
    """Return a table of cells in canonical text, whatever the file they came from.

    Raises:
        Refusal: ragged rows, nothing in it, more than 5,000 rows, long cells, bad characters
        (rulebook, "Files": csv, tsv).
    """
    kept: list[tuple[str, ...]] = []
    for row in rows:
        _check_size(row, len(kept))
        kept.append(tuple(cell.strip() if _is_plain(cell) else canonical(cell).strip() for cell in row))
    if not any(cell for row in kept for cell in row):
        raise Refusal("file.empty", "the file is empty", _REMEDY)
    for number, row in enumerate(kept, start=1):
        if len(row) != len(kept[0]):
            text = f"row {number} has {len(row)} cells, row 1 has {len(kept[0])}"
            raise Refusal("file.table", text, _REMEDY)
    return ParsedTable(tuple(kept), notes)


def _is_plain(cell: str) -> bool:
    return cell.isascii() and cell.isprintable()


def _check_size(row: Sequence[str], before: int) -> None:
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
