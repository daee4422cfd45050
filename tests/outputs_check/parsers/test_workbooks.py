"""xlsx: each thing that a workbook can hide is found by a program, and named by the gate."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as SheetImage
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from outputs_check.parsers.parsed import Parsed, ParsedTable, Refused
from outputs_check.parsers.sandboxed import parse_files

SECRET = "9f2c1b0a77"
WHITE, BLUE = "FFFFFFFF", "FF1F497D"
Change = Callable[[openpyxl.Workbook, Worksheet], object]


def workbook(change: Change = lambda _, __: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (("region", "n"), ("North", 120), ("South", 340.5)):
        sheet.append(row)
    change(book, sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parsed(data: bytes) -> Parsed:
    return parse_files({"t.xlsx": data})["t.xlsx"]


def rezipped(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_plain_sheet_is_a_table() -> None:
    assert parsed(workbook()) == ParsedTable((("region", "n"), ("North", "120"), ("South", "340.5")))


def test_white_on_blue_and_merged_headings_are_no_secrets() -> None:
    def change(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        sheet["A1"].font, sheet["A1"].fill = Font(color=WHITE, bold=True), PatternFill("solid", BLUE)
        sheet.merge_cells("A2:A3")
        sheet["B2"].number_format = "#,##0"

    assert parsed(workbook(change)) == ParsedTable((("region", "n"), ("North", "120"), ("North", "340.5")))


def hidden_sheet(state: str) -> Change:
    def change(book: openpyxl.Workbook, _: Worksheet) -> None:
        other = book.create_sheet("other")
        other.append([SECRET])
        other.sheet_state = state

    return change


def font(**options: object) -> Change:
    def change(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        sheet["C4"] = SECRET
        sheet["C4"].font = Font(**options)

    return change


def same_colour(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["C4"] = SECRET
    sheet["C4"].font, sheet["C4"].fill = Font(color=BLUE), PatternFill("solid", BLUE)


def number_format(code: str) -> Change:
    def change(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        sheet["C4"] = SECRET
        sheet["C4"].number_format = code

    return change


def hidden_row(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A4"] = SECRET
    sheet.row_dimensions[4].hidden = True


def flat_row(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A4"] = SECRET
    sheet.row_dimensions[4].height = 0.1


def hidden_column(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["C1"] = SECRET
    sheet.column_dimensions["C"].hidden = True


def comment(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A1"].comment = Comment(SECRET, "me")


def formula(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["C1"] = f'="{SECRET}"'


def defined_name(book: openpyxl.Workbook, _: Worksheet) -> None:
    book.defined_names["x"] = DefinedName("x", attr_text=f'"{SECRET}"')


def chart(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A9"] = SECRET
    bars = BarChart()
    bars.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3))
    sheet.add_chart(bars)


def image(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A9"] = SECRET
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    sheet.add_image(SheetImage(buffer))


def hyperlink(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["A2"].hyperlink = f"https://example.org/{SECRET}"


def header(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet.oddHeader.left.text = SECRET


def property_(book: openpyxl.Workbook, _: Worksheet) -> None:
    from openpyxl.packaging.custom import StringProperty

    book.custom_doc_props.append(StringProperty(name="x", value=SECRET))


HIDDEN: dict[str, tuple[Change, str]] = {
    "a hidden sheet": (hidden_sheet("hidden"), "the hidden sheet 'other'"),
    "a very hidden sheet": (hidden_sheet("veryHidden"), "the very hidden sheet 'other'"),
    "two sheets": (hidden_sheet("visible"), "2 sheets"),
    "white text": (font(color=WHITE), "text that cannot be read in C4"),
    "nearly white text": (font(color="FFF4F4F4"), "text that cannot be read in C4"),
    "tiny text": (font(sz=1), "text that cannot be read in C4"),
    "text as its background": (same_colour, "text that cannot be read in C4"),
    "a format that shows nothing": (number_format(";;;"), "text that cannot be read in C4"),
    "a format that shows something else": (number_format('"12"'), "text that cannot be read in C4"),
    "a hidden row": (hidden_row, "hidden rows"),
    "a flat row": (flat_row, "hidden rows"),
    "a hidden column": (hidden_column, "hidden columns"),
    "a comment": (comment, "comments"),
    "a formula": (formula, "formulas"),
    "a defined name": (defined_name, "defined names"),
    "a chart": (chart, "charts with a cache"),
    "an image": (image, "images"),
    "a hyperlink": (hyperlink, "relations of a sheet"),
    "a header": (header, "a header or footer"),
    "a property": (property_, "custom properties"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_is_named(name: str) -> None:
    change, words = HIDDEN[name]
    data = workbook(change)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert any(SECRET in archive.read(part).decode("latin-1") for part in archive.namelist())
    answer = parsed(data)
    assert isinstance(answer, Refused)
    assert answer.rule == "file.hidden"
    assert words in answer.message


PARTS = {
    "xl/vbaProject.bin": "macros",
    "xl/pivotCache/pivotCacheDefinition1.xml": "a pivot table with its cache",
    "xl/externalLinks/externalLink1.xml": "links to other workbooks",
    "xl/threadedComments/threadedComment1.xml": "threaded comments",
    "customXml/item1.xml": "custom XML",
    "xl/embeddings/oleObject1.bin": "embedded objects",
    "xl/model/item.data": "a data model",
    "xl/worksheets/_rels/sheet1.xml.rels": "relations of a sheet",
    "notes.txt": "the part 'notes.txt'",
}


@pytest.mark.parametrize("part", PARTS)
def test_parts_that_a_plain_workbook_does_not_have(part: str) -> None:
    data = rezipped(workbook(), lambda parts: parts.update({part: f"<x>{SECRET}</x>".encode()}))
    assert openpyxl.load_workbook(io.BytesIO(data)).active["B2"].value == 120, "a spreadsheet opens it"
    answer = parsed(data)
    assert isinstance(answer, Refused)
    assert PARTS[part] in answer.message


def test_all_that_is_hidden_is_named_at_once() -> None:
    def change(book: openpyxl.Workbook, sheet: Worksheet) -> None:
        for each in (hidden_sheet("hidden"), hidden_row, formula, defined_name):
            each(book, sheet)

    answer = parsed(workbook(change))
    assert isinstance(answer, Refused)
    for words in ("hidden sheet", "hidden rows", "formulas", "defined names"):
        assert words in answer.message


def with_parts(**parts: bytes) -> bytes:
    return rezipped(workbook(), lambda own: own.update(parts))


def without(part: str) -> bytes:
    return rezipped(workbook(), lambda parts: parts.pop(part))


def replaced(part: str, old: bytes, new: bytes) -> bytes:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new)

    return rezipped(workbook(), change)


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    text = f"<!DOCTYPE x [{entities}]><worksheet><sheetData>&l11;</sheetData></worksheet>"
    return rezipped(workbook(), lambda parts: parts.update({"xl/worksheets/sheet1.xml": text.encode()}))


def bomb(size: int) -> bytes:
    zeros = b"<worksheet>" + b" " * size + b"</worksheet>"
    return rezipped(workbook(), lambda parts: parts.update({"xl/worksheets/sheet1.xml": zeros}))


def lying_about_its_size() -> bytes:
    """The directory says that the sheet has 10 bytes; it has 30 million."""
    data = bomb(30_000_000)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return data.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))


BROKEN: dict[str, tuple[bytes, str]] = {
    "billion laughs": (laughs(), "file.entities"),
    "a bomb": (bomb(300_000_000), "file.zip"),
    "a tight bomb": (bomb(10_000_000), "file.zip"),
    "a bomb that lies": (lying_about_its_size(), "file.zip"),
    "many parts": (with_parts(**{f"xl/worksheets/sheet{n}.xml": b"<x/>" for n in range(300)}), "file.zip"),
    "a csv behind it": (workbook() + b"a,b\n1,2\n", "file.zip"),
    "half of it": (workbook()[:2_000], "file.zip"),
    "a part that leads elsewhere": (with_parts(**{"../x": b""}), "file.zip"),
    "a zip in a zip": (with_parts(**{"a.zip": workbook()}), "file.hidden"),
    "an archive of something else": (without("xl/workbook.xml"), "file.hidden"),
    "macros by content type": (
        replaced("[Content_Types].xml", b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"),
        "file.hidden",
    ),
    "a link out": (
        replaced("xl/_rels/workbook.xml.rels", b"Type=", b'TargetMode="External" Type='),
        "file.hidden",
    ),
    "a part that is no XML": (replaced("xl/styles.xml", b"<", b"&"), "file.zip"),
    "a cell at the end of the world": (workbook(lambda _, sheet: sheet.cell(1_048_576, 1, "x")), "file.rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_and_exploding_workbooks(name: str) -> None:
    data, rule = BROKEN[name]
    answer = parsed(data)
    assert isinstance(answer, Refused), answer
    assert answer.rule == rule, answer
