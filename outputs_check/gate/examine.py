"""Which examination a declared output gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.correlation import examine_correlation
from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import read_figure
from outputs_check.gate.footprints import Registers
from outputs_check.gate.formula import FAMILIES
from outputs_check.gate.histogram import examine_histogram
from outputs_check.gate.image import examine_image
from outputs_check.gate.layout import Rows
from outputs_check.gate.model import examine_model
from outputs_check.gate.question import Question, ask
from outputs_check.gate.room import Room
from outputs_check.gate.rules import declarations, pictures
from outputs_check.gate.rules.rowlevel import microdata_in_text
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.statistics import STATISTICS
from outputs_check.gate.table import Table
from outputs_check.gate.verdict import Evidence
from outputs_check.parsers.parsed import Parsed, ParsedImage, ParsedTable, ParsedText


def examine(room: Room, output: Output, parsed: Parsed, appetite: RiskAppetite) -> Examined:
    """Examine one parsed file under its declaration.

    Raises:
        Blocked: it is not what was declared, or cannot be recomputed.
    """
    match output.statistic, parsed:
        case "text", ParsedText():
            return _text(room, parsed)
        case "image", ParsedImage():
            return examine_image(room, output, parsed, appetite)
        case (("text" | "image"), _):
            raise Blocked(declarations.VALUE.block(f"'{output.file}' is no {output.statistic}"))
        case _, ParsedTable():
            return _table(room, output, parsed, appetite)
    raise Blocked(declarations.VALUE.block(f"a '{output.statistic}' is submitted as csv or tsv"))


def _table(room: Room, output: Output, parsed: ParsedTable, appetite: RiskAppetite) -> Examined:
    examination = _EXAMINATIONS.get(output.statistic)
    if examination is None:
        raise Blocked(declarations.NO_EVIDENCE.block(f"'{output.statistic}' is not recomputed"))
    question = ask(room.data, output, room.unit)
    found = room.pseudonyms.findings(
        [output.title, *(cell for row in parsed.rows for cell in row if read_figure(cell) is None)]
    )
    examined = examination(room.data, question, parsed.rows, appetite, room.registers)
    return replace(examined, findings=(*found, *examined.findings))


def _text(room: Room, parsed: ParsedText) -> Examined:
    numbers = sum(read_figure(word.strip(".,;:()%£")) is not None for word in parsed.text.split())
    findings = [
        pictures.TEXT.review(f"text with {numbers} numbers: a person has to read it"),
        *room.pseudonyms.findings(parsed.text.splitlines()),
        *microdata_in_text(parsed.text),
    ]
    content = parsed.text.encode()
    return Examined(Evidence.D, tuple(findings), content, "text/plain", content)


def _plain_table(
    data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite, registers: Registers
) -> Examined:
    return Table(data, question, appetite).examine(rows, registers)


_EXAMINATIONS: dict[str, Callable[[DataFolder, Question, Rows, RiskAppetite, Registers], Examined]] = {
    **dict.fromkeys(STATISTICS, _plain_table),
    **dict.fromkeys(FAMILIES, examine_model),
    "histogram": examine_histogram,
    "correlation": examine_correlation,
}
