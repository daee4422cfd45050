"""Pictures: the gate draws them anew from a table it approved; the upload is for a checker's eyes only.

Rulebook, "png, jpg: a declared source table, redrawn from it": a picture carries no more than its table.
"""

from __future__ import annotations

from dataclasses import replace

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined
from outputs_check.gate.labels import kind_of
from outputs_check.gate.own_table import examine_own_table, own_table
from outputs_check.gate.result import Finding
from outputs_check.gate.room import Room
from outputs_check.gate.rules import pictures
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.parsed import ParsedImage

MEDIA_TYPE = "image/png"
# What makes two declarations the same query, and what an image may say beside it.
_WORDS = ("data", "where", "rows", "columns", "value", "weight")
_MORE = ("bins", "normalize", "percentile", "denominator")


def examine_image(room: Room, image: Output, parsed: ParsedImage, appetite: RiskAppetite) -> Examined:
    """Draw a picture from its source table, or from the table that it declares itself.

    The picture counts as its table does: what it shows goes into the comparison with other outputs and
    into the ledger, because a picture may be released where its table is not.

    Raises:
        Blocked: no table, a blocked one, a kind of plot that shows single people, or one that says nothing.
    """
    if image.chart in pictures.REFUSED:
        raise Blocked(
            pictures.POINTS.block(f"a {image.chart} plot is refused: {pictures.REFUSED[image.chart]}")
        )
    findings = [pictures.HIDDEN.review(note.message) for note in parsed.notes]
    findings += room.pseudonyms.findings([image.title])
    if source := _source(room, image):
        judged = room.judged[source]
        if judged.verdict is Verdict.BLOCK:
            raise Blocked(pictures.BLOCKED_SOURCE.block(f"its source '{source.file}' is blocked"))
        table, examined, origin = source, judged.examined, f"'{source.file}'"
    elif image.source is None and image.data is not None and (image.dimensions or image.value):
        table, origin = own_table(image), "the table it declares"
        examined = examine_own_table(room, table, appetite)
        findings += examined.findings
    else:
        raise Blocked(pictures.NO_SOURCE.block("no table of this submission is declared as its source"))
    blocked = Verdict.worst([Verdict.PASS, *(finding.verdict for finding in findings)]) is Verdict.BLOCK
    if blocked or examined.canonical is None:
        picture = None
    else:
        picture, reviewed = _drawn(room, image, table, examined.canonical, origin)
        findings.append(reviewed)
    return replace(
        examined,
        findings=tuple(findings),
        canonical=picture,
        media_type=MEDIA_TYPE,
        submitted=parsed.encoded,
        equations=tuple(replace(equation, origin=image.file) for equation in examined.equations),
        positions={},
    )


def _drawn(room: Room, image: Output, table: Output, canonical: bytes, origin: str) -> tuple[bytes, Finding]:
    # Imported here: Matplotlib takes half a second, and most submissions have no picture.
    from outputs_check.gate.charts.choose import chosen
    from outputs_check.gate.charts.draw import draw
    from outputs_check.gate.charts.read import read_shape

    types = room.data.columns(room.data.dataset(table.data)) if table.data else {}
    shape = read_shape(table, canonical, {name: kind_of(kind) for name, kind in types.items()})
    drawing = draw(table, shape, chosen(shape, image.chart), image.title)
    text = f"redrawn by the gate from {origin} ({drawing.alternative}): a person has to look at it"
    return drawing.png, pictures.IMAGE.review(text)


def _source(room: Room, image: Output) -> Output | None:
    """The table an image is of: by its name, or because it is declared in the same words."""
    for table, judged in room.judged.items():
        if table.statistic in {"text", "image"} or judged.examined.media_type != "text/csv":
            continue
        if image.source is not None and table.file == image.source:
            return table
        if image.source is None and image.data is not None and _same_words(image, table):
            return table
    return None


def _same_words(image: Output, table: Output) -> bool:
    more = [key for key in _MORE if getattr(image, key) not in {None, ()}]
    return all(getattr(table, key) == getattr(image, key) for key in (*_WORDS, *more))
