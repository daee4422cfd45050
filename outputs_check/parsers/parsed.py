"""What a submitted file becomes once it has been read: plain values, or a refusal with its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Note:
    """Something that was found and dropped while the file was rebuilt (rule id and sentence)."""

    rule: str
    message: str


@dataclass(frozen=True)
class ParsedTable:
    """Cells of a csv or tsv file, row by row, header rows included; all rows are equally long."""

    rows: tuple[tuple[str, ...], ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ParsedText:
    """The text of a md, txt or log file, in NFKC, lines ended by a line feed."""

    text: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Literal:
    """A string, number or comment in the code: index of its cell from 0, line within it from 1, its text."""

    cell: int
    line: int
    text: str


@dataclass(frozen=True)
class ParsedNotebook:
    """The source of a notebook, without anything that running it left there.

    cells: (kind, source), kind is "code", "markdown" or "raw", the source in NFKC. literals: of its code.
    """

    language: str
    cells: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...] = ()
    literals: tuple[Literal, ...] = ()


@dataclass(frozen=True)
class ParsedImage:
    """An image encoded anew from its pixels."""

    encoded: bytes
    media_type: str
    width: int
    height: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ParsedDeclaration:
    """The values of a TOML file; dates and times are strings."""

    values: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """The file is not read any further."""

    rule: str
    message: str
    remedy: str


Parsed = ParsedTable | ParsedText | ParsedNotebook | ParsedImage | ParsedDeclaration | Refused


class Refusal(Exception):
    """Raised by a parser; becomes a `Refused`."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.refused = Refused(rule, message, remedy)
