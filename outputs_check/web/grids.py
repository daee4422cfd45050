"""Tables for the eye: the gate's own figures, what was submitted where it differs, flagged cells."""

import csv
import io
from dataclasses import dataclass
from itertools import zip_longest

from outputs_check.gate.verdict import Verdict
from outputs_check.review.reading import OutputView
from outputs_check.review.shelf import Shelf

TABLE, PICTURES = "text/csv", frozenset({"image/png", "image/jpeg"})


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what was submitted in its place (None: the same), the findings that flag it."""

    text: str
    submitted: str | None
    flags: tuple[int, ...]
    verdict: Verdict | None

    @property
    def is_number(self) -> bool:
        """Return whether the cell is set right-aligned."""
        try:
            float(self.text.replace(",", ""))
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Content:
    """What a checker sees of an output: a table, a text or a picture, and whose bytes it is from."""

    grid: tuple[tuple[Cell, ...], ...] = ()
    text: str = ""
    picture: bool = False
    upload: bool = False  # the picture as it was submitted, beside the one that would leave
    own: bool = True  # the gate's own bytes; False: only the submitted ones exist
    differs: int = 0  # cells that were submitted otherwise

    @property
    def numeric(self) -> list[bool]:
        """Return for each column of the grid whether its first figure is a number."""
        return (
            [cell.is_number for cell in self.grid[1]] if len(self.grid) > 1 else [False] * len(self.grid[0])
        )


def content(shelf: Shelf, output: OutputView) -> Content:
    """Return the whole of an output: the gate's own bytes or, where it blocked, what was submitted."""
    own = bool(output.canonical)
    digest = output.canonical or output.submitted
    if not digest:
        return Content(own=False)
    if output.media_type in PICTURES:
        upload = bool(output.submitted) and output.submitted != output.canonical
        return Content(picture=own, own=own, upload=own and upload)
    data = shelf.get(digest)
    if output.media_type != TABLE:
        return Content(text=_visible(data), own=own)
    submitted = _rows(shelf.get(output.submitted)) if output.submitted else []
    grid = _grid(_rows(data), submitted, output)
    differs = sum(cell.submitted is not None for row in grid for cell in row)
    return Content(grid=grid, own=own, differs=differs)


def _rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(_visible(data), newline="")))


def _grid(
    rows: list[list[str]], submitted: list[list[str]], output: OutputView
) -> tuple[tuple[Cell, ...], ...]:
    comparable = [len(row) for row in rows] == [len(row) for row in submitted]
    if not comparable:
        submitted = []
    return tuple(
        tuple(
            _cell(text, was, (line, column), output)
            for column, (text, was) in enumerate(zip_longest(row, other or [], fillvalue=None))
        )
        for line, (row, other) in enumerate(zip_longest(rows, submitted, fillvalue=None))
        if row is not None
    )


def _cell(text: str | None, was: str | None, place: tuple[int, int], output: OutputView) -> Cell:
    flags = tuple(
        number for number, finding in enumerate(output.findings, start=1) if place in finding.places
    )
    worst = max((output.findings[number - 1].verdict for number in flags), default=None)
    shown = text or ""
    return Cell(shown, was if was is not None and not _same(shown, was) else None, flags, worst)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _visible(data: bytes) -> str:
    """Return text with everything that cannot be seen made visible: controls, bidi, zero-width."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(
        each if each.isprintable() or each in "\n\r\t" else f"⟨U+{ord(each):04X}⟩" for each in text
    )
