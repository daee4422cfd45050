"""Which parser reads a file: the suffix says what it claims to be, its bytes must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

from outputs_check.parsers.content import content_of
from outputs_check.parsers.parsed import Parsed, Refusal

DECLARATION = "submission.toml"


@dataclass(frozen=True)
class Kind:
    """A type that is read.

    contents: what its bytes may be. parser: module and function, imported late. released: the suffix that
    its canonical bytes need, where that is another one.
    """

    suffixes: str
    contents: frozenset[str]
    parser: tuple[str, str]
    released: str = ""

    def parse(self, data: bytes) -> Parsed:
        # Imported late: the worker is started for every submission, and most need two of these.
        module, function = self.parser
        read: Callable[[bytes], Parsed] = getattr(import_module(f"outputs_check.parsers.{module}"), function)
        return read(data)


def _kind(suffixes: str, contents: str, module: str, function: str, released: str = "") -> Kind:
    return Kind(suffixes, frozenset(contents.split()), (module, function), released)


# Rulebook, "Files": the allow-list. What JSON is not well-formed is text, and its parser says so.
KINDS = (
    _kind("csv", "text", "tables", "parse_csv"),
    _kind("tsv", "text", "tables", "parse_tsv", ".csv"),
    _kind("xlsx", "zip", "xlsx", "parse_xlsx", ".csv"),
    _kind("parquet", "parquet", "arrow", "parse_parquet", ".csv"),
    _kind("feather arrow", "feather", "arrow", "parse_feather", ".csv"),
    _kind("json", "json text", "json_tables", "parse_json", ".csv"),
    _kind("md txt log", "text", "texts", "parse_text"),
    _kind("ipynb", "json text", "notebooks", "parse_notebook"),
    _kind("png", "png", "images", "parse_png"),
    _kind("jpg jpeg", "jpg", "images", "parse_jpeg"),
)
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes.split()}
_DECLARED = _kind("toml", "text", "texts", "parse_declaration")


def released_name(name: str) -> str:
    """Return the name that an output's canonical bytes leave under: every table leaves as csv."""
    kind = _BY_SUFFIX.get(_suffix(name))
    return name + (kind.released if kind else "")


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def parse(name: str, data: bytes) -> Parsed:
    """Read one file by its suffix, where its bytes agree; otherwise say why not."""
    try:
        return _parse(name, data)
    except Refusal as refusal:
        return refusal.refused


def _parse(name: str, data: bytes) -> Parsed:
    suffix = _suffix(name)
    kind = _DECLARED if name == DECLARATION else _BY_SUFFIX.get(suffix)
    if kind is None:
        _refuse(suffix, data)
    if _suffix(name.rpartition(".")[0]) in _BY_SUFFIX:
        raise Refusal("file.name", "the name has two suffixes", "give the file its true suffix, once")
    found = content_of(data)
    if found not in kind.contents:
        text = f"the name says .{suffix}, the content is {found}"
        raise Refusal("file.lying", text, "give the file its true suffix")
    return kind.parse(data)


def _refuse(suffix: str, data: bytes) -> NoReturn:
    from outputs_check.parsers.refusals import REFUSED, refuse

    for what, suffixes, remedy, look in REFUSED:
        if suffix in suffixes.split():
            refuse(what, remedy, look, data)
    known = ", ".join(suffix for kind in KINDS for suffix in kind.suffixes.split())
    text = f"files of the type '{suffix[:20] or 'none'}' are refused"
    raise Refusal("file.type", text, f"submit one of {known}")
