"""Which examination a declared output gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.correlation import examine_correlation
from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.declared_counts import examine_by_counts
from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import read_figure
from outputs_check.gate.formula import FAMILIES
from outputs_check.gate.histogram import examine_histogram
from outputs_check.gate.image import examine_image
from outputs_check.gate.km import examine_km
from outputs_check.gate.layout import Rows
from outputs_check.gate.learned import examine_learned
from outputs_check.gate.model import examine_model
from outputs_check.gate.question import Question, ask
from outputs_check.gate.result import Finding
from outputs_check.gate.room import Room
from outputs_check.gate.rules import declarations, declared_counts
from outputs_check.gate.rules.identifiers import in_table, in_texts
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.rules.texts import in_title
from outputs_check.gate.statistics import STATISTICS
from outputs_check.gate.table import Table
from outputs_check.gate.texts import examine_notebook, examine_text
from outputs_check.parsers.models import ParsedModel
from outputs_check.parsers.parsed import Parsed, ParsedImage, ParsedNotebook, ParsedTable, ParsedText


def examine(room: Room, output: Output, parsed: Parsed, appetite: RiskAppetite) -> Examined:
    """Examine one parsed file under its declaration.

    Raises:
        Blocked: it is not what was declared, or cannot be recomputed.
    """
    examined = _examined(room, output, parsed, appetite)
    return replace(examined, findings=(*_words(room, output), *examined.findings))


def _words(room: Room, output: Output) -> list[Finding]:
    """What the researcher called it: title and file name leave with the output."""
    words = [output.title, output.file.rpartition(".")[0]]
    return [*room.pseudonyms.findings(words), *in_texts(words), *in_title(output.title)]


def _examined(room: Room, output: Output, parsed: Parsed, appetite: RiskAppetite) -> Examined:
    match output.statistic, parsed:
        case "text", ParsedText():
            return examine_text(room.pseudonyms, parsed)
        case (("notebook" | "text"), ParsedNotebook()):
            examined = examine_notebook(room.pseudonyms, parsed)
            reproduced = room.reproduced.get(output.file, ())
            return replace(examined, findings=(*examined.findings, *reproduced))
        case "image", ParsedImage():
            return examine_image(room, output, parsed, appetite)
        case (("text" | "image" | "notebook"), _):
            raise Blocked(declarations.VALUE.block(f"'{output.file}' is no {output.statistic}"))
        case "model", ParsedModel():
            return _model(room, output, parsed, appetite)
        case "model", _:
            raise Blocked(declarations.VALUE.block("a model is submitted as its parameters in JSON"))
        case _, ParsedTable():
            return _table(room, output, parsed, appetite)
    raise Blocked(
        declarations.VALUE.block(
            f"a '{output.statistic}' is submitted as a table: csv, tsv, xlsx, parquet, feather or json"
        )
    )


def _table(room: Room, output: Output, parsed: ParsedTable, appetite: RiskAppetite) -> Examined:
    examination = _EXAMINATIONS.get(output.statistic)
    if examination is None:
        raise Blocked(declarations.NO_EVIDENCE.block(f"'{output.statistic}' is not recomputed"))
    rows = _named_index(parsed.rows, output)
    found = room.pseudonyms.findings(cell for row in rows for cell in row if read_figure(cell) is None)
    if output.counts is not None:
        examined = _counted(room, output, rows, appetite)
    else:
        examined = examination(room.data, ask(room.data, output, room.unit), rows, appetite)
    return replace(examined, findings=(*found, *in_table(rows), *examined.findings))


def _counted(room: Room, output: Output, rows: Rows, appetite: RiskAppetite) -> Examined:
    counts = room.parsed.get(output.counts or "")
    if not isinstance(counts, ParsedTable):
        text = f"'{output.counts}' is no table of this submission"
        raise Blocked(declared_counts.UNUSABLE.block(text))
    beside = _named_index(counts.rows, replace(output, file=output.counts or ""))
    return examine_by_counts(room.data, output, room.unit, rows, beside, appetite)


def _model(room: Room, output: Output, parsed: ParsedModel, appetite: RiskAppetite) -> Examined:
    found = room.pseudonyms.findings([output.title, parsed.kind, *parsed.features])
    examined = examine_learned(room.data, ask(room.data, output, room.unit), parsed, appetite)
    return replace(examined, findings=(*found, *examined.findings))


def _named_index(rows: Rows, output: Output) -> Rows:
    """Give the index of a table its declared name where the file has none, as pandas' JSON never does."""
    first, names = rows[0], output.rows
    unnamed = first[: len(names)] == ("",) * len(names) and len(first) > len(names)
    if not names or not unnamed or not output.file.endswith(".json") or names[0] in first:
        return rows
    return ((*names, *first[len(names) :]), *rows[1:])


def _plain_table(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    return Table(data, question, appetite).examine(rows)


_EXAMINATIONS: dict[str, Callable[[DataFolder, Question, Rows, RiskAppetite], Examined]] = {
    **dict.fromkeys(STATISTICS, _plain_table),
    **dict.fromkeys(FAMILIES, examine_model),
    "histogram": examine_histogram,
    "correlation": examine_correlation,
    "km": examine_km,
}
