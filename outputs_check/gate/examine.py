"""Which examination a declared output gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.correlation import examine_correlation
from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.declared_counts import examine_by_counts
from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import read_figure
from outputs_check.gate.footprints import Registers
from outputs_check.gate.formula import FAMILIES
from outputs_check.gate.histogram import examine_histogram
from outputs_check.gate.layout import Rows
from outputs_check.gate.model import examine_model
from outputs_check.gate.notebook import examine_notebook
from outputs_check.gate.question import Question, ask
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations, declared_counts, pictures
from outputs_check.gate.rules.identifiers import Pseudonyms
from outputs_check.gate.rules.rowlevel import microdata_in_text
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.statistics import STATISTICS
from outputs_check.gate.table import Table
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.parsed import Parsed, ParsedImage, ParsedNotebook, ParsedTable, ParsedText


@dataclass(frozen=True)
class Room:
    """What every examination of one submission shares.

    parsed: every file of the submission. reproduced: what came of running its notebooks again, by file.
    judged: the outputs that were examined before.
    """

    data: DataFolder
    unit: str
    registers: Registers
    pseudonyms: Pseudonyms
    parsed: Mapping[str, Parsed]
    reproduced: Mapping[str, tuple[Finding, ...]]
    judged: dict[Output, Verdict]


def examine(room: Room, output: Output, parsed: Parsed, appetite: RiskAppetite) -> Examined:
    """Examine one parsed file under its declaration.

    Raises:
        Blocked: it is not what was declared, or cannot be recomputed.
    """
    match output.statistic, parsed:
        case "text", ParsedText():
            return _text(room, parsed)
        case "image", ParsedImage():
            return _image(room, output, parsed, appetite)
        case "notebook", ParsedNotebook():
            return examine_notebook(parsed, room.pseudonyms, room.reproduced.get(output.file, ()))
        case (("text" | "image" | "notebook"), _):
            raise Blocked(declarations.VALUE.block(f"'{output.file}' is no {output.statistic}"))
        case _, ParsedTable():
            return _table(room, output, parsed, appetite)
    raise Blocked(declarations.VALUE.block(f"a '{output.statistic}' is submitted as csv or tsv"))


def _table(room: Room, output: Output, parsed: ParsedTable, appetite: RiskAppetite) -> Examined:
    examination = _EXAMINATIONS.get(output.statistic)
    if examination is None:
        raise Blocked(declarations.NO_EVIDENCE.block(f"'{output.statistic}' is not recomputed"))
    found = room.pseudonyms.findings([output.title, *_words(parsed.rows)])
    if output.counts is not None:
        examined = _counted(room, output, parsed.rows, appetite)
    else:
        question = ask(room.data, output, room.unit)
        examined = examination(room.data, question, parsed.rows, appetite, room.registers)
    return replace(examined, findings=(*found, *examined.findings))


def _counted(room: Room, output: Output, rows: Rows, appetite: RiskAppetite) -> Examined:
    counts = room.parsed.get(output.counts or "")
    if not isinstance(counts, ParsedTable):
        text = f"'{output.counts}' is no csv or tsv file of this submission"
        raise Blocked(declared_counts.UNUSABLE.block(text))
    return examine_by_counts(room.data, output, room.unit, rows, counts.rows, appetite)


def _words(rows: Rows) -> list[str]:
    return [cell for row in rows for cell in row if read_figure(cell) is None]


def _text(room: Room, parsed: ParsedText) -> Examined:
    numbers = sum(read_figure(word.strip(".,;:()%£")) is not None for word in parsed.text.split())
    findings = [
        pictures.TEXT.review(f"text with {numbers} numbers: a person has to read it"),
        *room.pseudonyms.findings(parsed.text.splitlines()),
        *microdata_in_text(parsed.text),
    ]
    content = parsed.text.encode()
    return Examined(Evidence.D, tuple(findings), content, "text/plain", content)


def _image(room: Room, output: Output, parsed: ParsedImage, appetite: RiskAppetite) -> Examined:
    findings = [pictures.HIDDEN.review(note.message) for note in parsed.notes]
    findings += room.pseudonyms.findings([output.title])
    if source := _source(room, output):
        if room.judged[source] is Verdict.BLOCK:
            raise Blocked(pictures.BLOCKED_SOURCE.block(f"its source '{source.file}' is blocked"))
        findings.append(pictures.IMAGE.review(f"a person has to compare it with '{source.file}'"))
    elif output.source is None and output.data is not None and (output.dimensions or output.value):
        findings += _own_table(room, output, appetite)
        findings.append(pictures.IMAGE.review("a person has to compare it with its declared table"))
    else:
        raise Blocked(pictures.NO_SOURCE.block("no table of this submission is declared as its source"))
    return Examined(Evidence.C, tuple(findings), parsed.encoded, parsed.media_type, parsed.encoded)


def _source(room: Room, image: Output) -> Output | None:
    """The table an image is of: by its name, or because it is declared in the same words."""
    for table in room.judged:
        if table.statistic in {"text", "image", "notebook"}:
            continue
        if image.source is not None and table.file == image.source:
            return table
        same = all(getattr(table, key) == getattr(image, key) for key in _SAME)
        if image.source is None and image.data is not None and same:
            return table
    return None


_SAME = ("data", "where", "rows", "columns", "value", "weight")


def _own_table(room: Room, output: Output, appetite: RiskAppetite) -> list[Finding]:
    """Judge every cell of the table that an image declares: a mean of its value, or a count."""
    question = ask(room.data, replace(output, statistic="mean" if output.value else "count"), room.unit)
    table = Table(room.data, question, appetite)
    return table.judged(table.every_cell())


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
