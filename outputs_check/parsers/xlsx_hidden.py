"""What a sheet holds that its reader does not see. Rulebook, "Files": xlsx."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from openpyxl.cell.cell import Cell
from openpyxl.styles.colors import COLOR_INDEX, Color
from openpyxl.worksheet.worksheet import Worksheet

_SHEET = {
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr",
    "sheetProtection", "autoFilter", "mergeCells", "phoneticPr", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "ignoredErrors",
}  # fmt: skip
_PRINTING = {"_xlnm.Print_Area", "_xlnm.Print_Titles", "_xlnm._FilterDatabase"}
# The default theme of Office, in the order that cells refer to it.
_THEME = ("FFFFFF", "000000", "EEECE1", "1F497D", "4F81BD", "C0504D", "9BBB59", "8064A2", "4BACC6", "F79646")
_CODES = re.compile(r'&"[^"]*"|&\d+|&[A-Z]|Page|of|\W')
_LEAST_CONTRAST, _LEAST_POINTS = 1.6, 5.0  # WCAG 2.2 contrast ratio: 1 is invisible, 21 black on white


def hidden_in_parts(parts: Mapping[str, Element]) -> list[str]:
    """Return what the XML of a workbook hides or computes, in words; empty for a plain one."""
    found: list[str] = []
    for name, tree in parts.items():
        if name.startswith("xl/worksheets/"):
            found += _in_sheet(tree)
    found += _in_workbook(parts["xl/workbook.xml"]) if "xl/workbook.xml" in parts else ["no workbook"]
    used = sum(
        cell.get("t") == "s"
        for name, tree in parts.items()
        if "worksheets" in name
        for cell in _all(tree, "c")
    )
    shared = parts.get("xl/sharedStrings.xml")
    if shared is not None:
        found += ["text of several formats in one cell"] if _has(shared, "r") else []
        found += ["text that no cell shows"] if len(list(_all(shared, "si"))) > used else []
    return list(dict.fromkeys(found))


def _in_sheet(sheet: Element) -> Iterator[str]:
    for child in sheet:
        if _local(child) not in _SHEET:
            yield _WORDS.get(_local(child), f"the element {_local(child)[:40]!r}")
    if _has(sheet, "f"):
        yield "formulas"
    formats = list(_all(sheet, "sheetFormatPr"))
    rows, columns = list(_all(sheet, "row")), list(_all(sheet, "col"))
    if any(_is_on(row, "hidden") or _is_below(row, "ht", 1) for row in rows) or any(
        _is_on(each, "zeroHeight") for each in formats
    ):
        yield "hidden rows"
    if any(_is_on(column, "hidden") or _is_below(column, "width", 0.5) for column in columns) or any(
        _is_below(each, "defaultColWidth", 0.5) for each in formats
    ):
        yield "hidden columns"
    if _has(sheet, "r"):
        yield "text of several formats in one cell"
    if any(_CODES.sub("", text.text or "") for part in _all(sheet, "headerFooter") for text in part):
        yield "a header or footer"


_WORDS = {
    "conditionalFormatting": "conditional formats",
    "dataValidations": "lists of allowed values",
    "hyperlinks": "hyperlinks",
    "drawing": "drawings",
    "legacyDrawing": "comments",
    "oleObjects": "embedded objects",
    "controls": "macros or controls",
    "tableParts": "tables within the sheet",
    "scenarios": "scenarios with values of their own",
    "extLst": "extensions (sparklines, slicers)",
    "picture": "images",
}


def _in_workbook(workbook: Element) -> Iterator[str]:
    sheets = list(_all(workbook, "sheet"))
    for sheet in sheets:
        if sheet.get("state", "visible") != "visible":
            words = "very hidden" if sheet.get("state") == "veryHidden" else "hidden"
            yield f"the {words} sheet {sheet.get('name', '')[:40]!r}"
    if len(sheets) > 1:
        yield f"{len(sheets)} sheets"
    if any(name.get("name") not in _PRINTING for name in _all(workbook, "definedName")):
        yield "defined names"
    if _has(workbook, "externalReference"):
        yield "links to other workbooks"
    if _has(workbook, "pivotCache"):
        yield "a pivot table with its cache"


def hidden_text(sheet: Worksheet) -> list[str]:
    """Return the coordinates of cells whose text is there and cannot be read."""
    cells = (cell for row in sheet.iter_rows() for cell in row if cell.value is not None)
    return [cell.coordinate for cell in cells if _is_unreadable(cell)]


def _is_unreadable(cell: Cell) -> bool:
    if not cell.has_style:
        return False
    if cell.font.sz is not None and cell.font.sz < _LEAST_POINTS:
        return True
    # ";;;" shows nothing of a value, and "text" in quotes shows something else.
    if not re.search(r"[0#?@dmyhs]|General", re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", cell.number_format or "")):
        return True
    ink = _rgb(cell.font.color, "000000")
    paper = _rgb(cell.fill.fgColor, "FFFFFF") if cell.fill.fill_type == "solid" else "FFFFFF"
    return _contrast(ink, paper) < _LEAST_CONTRAST


def _rgb(color: Color | None, default: str) -> str:
    """The six hexadecimal digits of a colour, lightened or darkened by its tint."""
    rgb = default
    if color is not None and color.type == "theme" and 0 <= color.theme < len(_THEME):
        rgb = _THEME[color.theme]
    elif color is not None and color.type == "indexed" and 0 <= color.indexed < len(COLOR_INDEX):
        rgb = COLOR_INDEX[color.indexed][-6:]
    elif color is not None and color.type == "rgb" and re.fullmatch(r"(..)?[0-9A-Fa-f]{6}", str(color.rgb)):
        rgb = str(color.rgb)[-6:]
    tint = max(-1.0, min(1.0, float(color.tint))) if color is not None else 0.0
    end = 255 if tint > 0 else 0
    channels = [int(rgb[start : start + 2], 16) for start in (0, 2, 4)]
    return "".join(f"{round(channel + (end - channel) * abs(tint)):02X}" for channel in channels)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: str) -> float:
    channels = [int(rgb[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _all(tree: Element, name: str) -> Iterator[Element]:
    return (node for node in tree.iter() if _local(node) == name)


def _has(tree: Element, name: str) -> bool:
    return next(_all(tree, name), None) is not None  # not its truth: an element without children is false


def _local(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _is_on(node: Element, attribute: str) -> bool:
    return node.get(attribute, "0").lower() in {"1", "true", "on"}


def _is_below(node: Element, attribute: str, least: float) -> bool:
    try:
        return float(node.get(attribute, least)) < least
    except ValueError:
        return True
