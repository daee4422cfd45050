"""Category labels: what stands in the data, and what pandas may have made of it on the way to a file."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)")
MARGIN = "All"
# Names that people give to pandas' margins_name; a list, because another word may be a category that the
# data does not have.
_MARGINS = frozenset({"all", "total", "totals", "overall", "sum", "grand total", "subtotal"})


def is_margin(text: str) -> bool:
    """Whether a label that is no category names a margin."""
    return text.casefold() in _MARGINS


@dataclass(frozen=True)
class Labels:
    """The categories of one dimension, in order; `kind` is number, truth, time or text.

    single: numbers of single precision, which pandas writes now as 0.1 and now as 0.10000000149011612.
    """

    kind: str
    names: tuple[str, ...]
    single: bool = False

    @staticmethod
    def of(type_name: str, values: Sequence[Any]) -> Labels:
        """Name the distinct values of a column of a DuckDB type."""
        kind, single = kind_of(type_name), type_name == "FLOAT"
        plain = (str(np.float32(value)) for value in values) if single else values
        return Labels(kind, tuple(_name(kind, value) for value in plain), single)

    def find(self, text: str) -> int | None:
        """Return the index of the category that a file's text means, None when there is none."""
        return self._index.get(_reduced(self.kind, text))

    @cached_property
    def _index(self) -> dict[str, int]:
        index = {_reduced(self.kind, name): place for place, name in enumerate(self.names)}
        wide = enumerate(self.names) if self.single else ()
        return {repr(float(np.float32(name))): place for place, name in wide} | index


def kind_of(type_name: str) -> str:
    """Return what sort of labels a column of a DuckDB type has."""
    if type_name == "BOOLEAN":
        return "truth"
    if type_name.startswith(("DATE", "TIMESTAMP")):
        return "time"
    return "number" if _NUMBERS.fullmatch(type_name) else "text"


def _name(kind: str, value: Any) -> str:
    if kind == "truth":
        return str(bool(value))
    if kind == "number":
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    if kind == "time":
        return str(value)[:19].replace("T", " ").removesuffix(" 00:00:00")
    return unicodedata.normalize("NFKC", str(value)).strip()


def _reduced(kind: str, text: str) -> str:
    """One spelling for the spellings of one category (2020 and 2020.0)."""
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return text
        return repr(number) if math.isfinite(number) else text
    if kind == "time":
        return _moment(text)
    return text.lower() if kind == "truth" else text


def _moment(text: str) -> str:
    """One spelling of a date or time; a time with a zone is meant in UTC, as the database keeps it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ")
