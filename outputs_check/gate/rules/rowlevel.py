"""Rulebook, "csv, tsv": does a file hold records of people instead of a table about them?

A table has a key: its first columns hold categories, each combination once, and most combinations occur;
what stands behind the key is figures. Records have an identifier, or need their values to be told apart,
or cannot be told apart at all.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from outputs_check.gate.figures import SUPPRESSED, read_figure
from outputs_check.gate.layout import Rows
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule

MICRODATA = Rule(
    "rowlevel.microdata",
    "Rulebook, 'csv, tsv': row-level detector",
    "submit a table, and declare what it counts",
)
COUNT_HEADING = re.compile(
    r"(?:n|n_\w+|\w+_n|(?:\w+_)?counts?|counts?_\w+|freq\w*|persons|people|patients|claimants|total|size|obs\w*"
    r"|number(?:_\w+)?|num_\w+|at_risk|events|censored|base|denominator)",
    re.I,
)
_IDENTIFIER_HEADING = re.compile(
    r"(?:id|pid|uid|uuid|guid|\w*hash|pseudonym\w*|pseudo_?id"
    r"|(?:person|patient|record|participant|respondent|case|claimant|employer|household|study)_?(?:id|no|number|key))",
    re.I,
)
# A token of letters and digits, but for the nine characters of the statistical geographies (GSS codes).
_IDENTIFIER = re.compile(r"(?![A-Z]\d{8}$)(?=[^\W_]*\d)(?=[^\W_]*[A-Za-z])[\w-]{8,}")
_LEAST_ROWS, _MANY_ROWS = 10, 30
_UNIQUE_SHARE, _MOSTLY, _DENSE, _WIDE = 0.95, 0.8, 0.05, 100


def microdata(rows: Rows, people: frozenset[int] = frozenset()) -> list[Finding]:
    """BLOCK for what looks like records, or has a row for each person.

    people: how many people each dataset of the project has, where that is known.
    """
    body = rows[1:]
    if len(body) >= _MANY_ROWS and {len(body), len(rows)} & people:
        return [MICRODATA.block(f"the file has {len(rows):,} rows, one for each person of a dataset")]
    if len(body) < _LEAST_ROWS:
        return []
    reason = _Shape.of(rows).reason()
    return [MICRODATA.block(f"{reason}: these look like records of people")] if reason else []


def microdata_in_text(text: str) -> list[Finding]:
    """BLOCK where text is a long file of records by another name, or a long list of values."""
    lines = [line.strip().strip("|").strip() for line in text.splitlines()]
    for separator in (r",", r";", r"\t", r"\|", r"\s+"):
        split = [tuple(cell.strip() for cell in re.split(separator, line)) for line in lines if line]
        for _, group in itertools.groupby(split, key=len):
            rows = tuple(group)
            if len(rows) > _LEAST_ROWS and (len(rows[0]) > 1 or separator == ",") and _is_tabular(rows):
                found = microdata(rows)
                if found:
                    return found
    return []


def _is_tabular(rows: Rows) -> bool:
    """Whether lines of a text are rows of a file and not sentences: a column of figures, and short cells."""
    cells = [cell for row in rows for cell in row]
    short = sum(len(cell) <= 40 for cell in cells) >= _MOSTLY * len(cells)
    return short and any(_are_figures(column) for column in zip(*rows[1:], strict=True))


@dataclass(frozen=True)
class _Shape:
    """A file by its columns. names and columns: without the default index of a DataFrame."""

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(rows: Rows) -> _Shape:
        columns = [_filled(column) for column in zip(*rows[1:], strict=True)]
        default = {tuple(map(str, range(start, start + len(rows) - 1))) for start in (0, 1)}
        first = 1 if rows[0][0].lower() in {"", "index", "unnamed: 0"} and columns[0] in default else 0
        return _Shape(rows[0][first:], tuple(columns[first:]))

    def reason(self) -> str:
        """Why these are records, in words; empty where nothing says so."""
        if not self.columns:
            return ""
        if name := self._identifier():
            return name
        return "" if self._has_counts else self._without_key() or self._behind_the_key() or self._odd_key()

    @property
    def _length(self) -> int:
        return len(self.columns[0])

    @cached_property
    def _key(self) -> int | None:
        """How many of the first columns tell all rows apart, None where none do."""
        for width in range(1, len(self.columns) + 1):
            if len(set(zip(*self.columns[:width], strict=True))) == self._length:
                return width
        return None

    @cached_property
    def _has_counts(self) -> bool:
        return any(
            COUNT_HEADING.fullmatch(re.sub(r"\W+", "_", name.strip()))
            and all((read_figure(cell) or 0.0).is_integer() for cell in column)
            for name, column in zip(self.names, self.columns, strict=True)
        )

    def _identifier(self) -> str:
        for name, column in zip(self.names, self.columns, strict=True):
            values = [cell for cell in column if cell not in SUPPRESSED]
            unique = len(values) >= _LEAST_ROWS and len(set(values)) >= _UNIQUE_SHARE * len(values)
            tokens = sum(_IDENTIFIER.fullmatch(cell) is not None for cell in values)
            if unique and (_IDENTIFIER_HEADING.fullmatch(name) or tokens >= _UNIQUE_SHARE * len(values)):
                return f"column '{name[:60]}' has an identifier in each of {len(column):,} rows"
        return ""

    def _without_key(self) -> str:
        if self._key is None:
            return f"among {self._length:,} rows, some stand more than once and nothing is counted"
        figures = any(map(_are_figures, self.columns))
        if self._key == len(self.columns) > 1 and figures and self._length >= _MANY_ROWS:
            return f"every column is needed to tell {self._length:,} rows apart"
        return ""

    def _behind_the_key(self) -> str:
        """Categories where figures belong."""
        key = self._key or 0
        words = [
            name
            for name, column in zip(self.names[key:], self.columns[key:], strict=True)
            if _are_words(column) and 1 < len(set(column)) <= self._length / 2
        ]
        if len(words) > 1 or (words and _are_figures(self.columns[0])):
            return f"behind the key stand categories ({', '.join(words)[:100]})"
        return ""

    def _odd_key(self) -> str:
        """Values of people where categories belong, in a long file."""
        key = self._key or 0
        if self._length < _MANY_ROWS:
            return ""
        cells = math.prod(len(set(column)) for column in self.columns[:key])
        if self._length < _DENSE * cells and any(map(_are_figures, self.columns[:key])):
            return f"{self._length:,} rows are spread over {cells:,} combinations of the first columns"
        if key == 1 and _are_measured(self.columns[0]):
            return f"column '{self.names[0][:60]}' has another value in each of {self._length:,} rows"
        return ""


def _filled(column: Sequence[str]) -> tuple[str, ...]:
    """Repeat a label over the blanks below it, as a spreadsheet's grouped rows leave them."""
    if not _are_words([cell for cell in column if cell]):
        return tuple(column)
    return tuple(itertools.accumulate(column, lambda before, cell: cell or before))


def _are_figures(column: Iterable[str]) -> bool:
    values = [cell for cell in column if cell not in SUPPRESSED]
    return bool(values) and sum(read_figure(cell) is not None for cell in values) >= _MOSTLY * len(values)


def _are_words(column: Iterable[str]) -> bool:
    values = [cell for cell in column if cell not in SUPPRESSED]
    return bool(values) and sum(cell[:1].isalpha() for cell in values) >= _MOSTLY * len(values)


def _are_measured(column: Sequence[str]) -> bool:
    """Figures in no order that are no codes: fractions, or spread far wider than there are rows."""
    figures = [figure for cell in column if (figure := read_figure(cell)) is not None]
    if len(figures) < _MOSTLY * len(column) or figures in (sorted(figures), sorted(figures, reverse=True)):
        return False
    whole = all(figure.is_integer() for figure in figures)
    return not whole or max(figures) - min(figures) > _WIDE * len(figures)
