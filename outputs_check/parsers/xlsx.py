"""xlsx: one plain, visible sheet, as csv would have it; whatever else a workbook can carry is refused.

Rulebook, "Files": xlsx.
"""

from __future__ import annotations

import datetime
import io
import warnings
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import ParsedTable, Refusal
from outputs_check.parsers.tables import table_of
from outputs_check.parsers.xlsx_hidden import hidden_in_parts, hidden_text
from outputs_check.parsers.xlsx_parts import relations, surplus, trees
from outputs_check.parsers.zips import zip_parts

_REMEDY = "write one table to one file with DataFrame.to_csv, or to_excel of a single plain sheet"


def parse_xlsx(data: bytes) -> ParsedTable:
    """Read the only sheet of a workbook.

    Raises:
        Refusal: everything that is hidden, computed or embedded, named one by one; and as `table_of`.
    """
    parts = zip_parts(data)
    _refuse(surplus(list(parts)))
    xml = trees(parts)
    _refuse([*relations(xml), *hidden_in_parts(xml)])
    sheet = _sheet(data)
    if unreadable := hidden_text(sheet):
        _refuse([f"text that cannot be read in {', '.join(unreadable[:5])}"])
    return table_of(_rows(sheet))


def _refuse(found: list[str]) -> None:
    if found:
        text = f"the workbook holds {'; '.join(list(dict.fromkeys(found))[:20])}"
        raise Refusal("file.hidden", text, _REMEDY)


def _sheet(data: bytes) -> Worksheet:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except MemoryError:
        raise
    except Exception as error:  # openpyxl lets every kind of exception through
        text = f"the workbook cannot be read: {type(error).__name__}: {str(error)[:100]}"
        raise Refusal("file.xlsx", text, _REMEDY) from None
    if len(book.worksheets) != 1:
        raise Refusal("file.xlsx", "the workbook has no sheet of cells", _REMEDY)
    sheet = book.worksheets[0]
    if sheet.max_row > limits.MAX_ROWS or sheet.max_column > limits.MAX_COLUMNS:
        text = f"the sheet reaches to row {sheet.max_row:,}, column {sheet.max_column:,}"
        raise Refusal("file.rows", text, "submit a table, not records")
    return sheet


def _rows(sheet: Worksheet) -> list[list[str]]:
    """The cells from the first to the last that is filled; a merged cell's text stands in all of it."""
    merged = {
        (row, column): sheet.cell(area.min_row, area.min_col).value
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, min(area.max_row, sheet.max_row) + 1)
        for column in range(area.min_col, min(area.max_col, sheet.max_column) + 1)
    }
    rows = [
        [_written(merged.get((cell.row, cell.column), cell.value)) for cell in row]
        for row in sheet.iter_rows()
    ]
    rows = [row for row in rows if any(row)]
    width = max((len(row) - _blank(row) for row in rows), default=0)
    return [row[:width] for row in rows]


def _blank(row: list[str]) -> int:
    """How many empty cells end a row."""
    return next((number for number, cell in enumerate(reversed(row)) if cell), len(row))


def _written(value: Any) -> str:
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return "" if value is None else str(value)
