"""From the cells of a file to the cells of a table: wide or long, with or without margins.

Layouts are those that pandas `crosstab`, `pivot_table` and `groupby` write (submission contract).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from outputs_check.gate.declaration import Output
from outputs_check.gate.labels import MARGIN, Labels, is_margin
from outputs_check.gate.rules import tables as rules
from outputs_check.gate.rules.rule import Blocked

Rows = tuple[tuple[str, ...], ...]
Key = tuple[int | None, ...]
# What stands for the name of the figure; whatever does is written anew with the gate's own name.
_FIGURE_NAMES = frozenset({"", "0", "value", "count", "size", "len", "nunique", "n", "people", "number"})


@dataclass(frozen=True)
class Placed:
    """One figure of a file. key: a label index per dimension, None is the margin. at: (row, column)."""

    key: Key
    at: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Layout:
    """A file as a table: its figures, and its grid with the gate's own spelling of names and labels."""

    placed: tuple[Placed, ...]
    grid: Rows

    def with_figures(self, figures: dict[tuple[int, int], str]) -> Rows:
        """Return the grid with these figures in their places."""
        return tuple(
            tuple(figures.get((row, column), cell) for column, cell in enumerate(cells))
            for row, cells in enumerate(self.grid)
        )


def lay_out(
    rows: Rows, output: Output, labels: Sequence[Labels], columns: Collection[str] = frozenset()
) -> Layout:
    """Find the cell of every figure.

    columns: names of the dataset; pandas heads a count with the column that was counted.

    Raises:
        Blocked: a layout pandas does not write, a label the data does not have, a cell that stands twice.
    """
    reader = _Reader(rows, output, labels, columns)
    layout = reader.long() if reader.is_long() else reader.wide()
    keys = [placed.key for placed in layout.placed]
    if len(set(keys)) != len(keys):
        raise Blocked(rules.LAYOUT.block("a cell of the table stands twice"))
    if not keys:
        raise Blocked(rules.LAYOUT.block("the table has no figures"))
    return layout


class _Reader:
    """Reads one file; the grid is filled on the way."""

    def __init__(
        self, rows: Rows, output: Output, labels: Sequence[Labels], columns: Collection[str]
    ) -> None:
        self.rows, self.output, self.labels = rows, output, labels
        self.grid = [list(row) for row in rows]
        self.names = {name.casefold(): name for name in output.dimensions}
        self.left = 1 if self._has_range_index() else 0
        self.figure_name = "_".join(filter(None, (output.statistic, output.value)))
        self.figure_names = {name.casefold() for name in (*_FIGURE_NAMES, *columns, *_names_of(output))}
        for row in self.grid:
            if self.left:
                row[0] = ""

    def _has_range_index(self) -> bool:
        """A frame written with its default index has an unnamed first column 0, 1, 2 …"""
        first = [row[0] for row in self.rows]
        named = self.output.rows[:1] or self.output.columns[:1]
        return (
            len(self.rows[0]) > 1
            and bool(named)
            and self._declared(self.rows[0][1]) == named[0]
            and first == ["", *map(str, range(len(first) - 1))]
        )

    def _declared(self, text: str) -> str:
        """The declared spelling of a dimension's name: people write Region for region."""
        return self.names.get(text.casefold(), text)

    def is_long(self) -> bool:
        header = [self._declared(text) for text in self.rows[0][self.left :]]
        dimensions = self.output.dimensions
        return len(header) == len(dimensions) + 1 and set(header[:-1]) == set(dimensions)

    def long(self) -> Layout:
        """One row per cell: the dimensions, then the figure."""
        header = [self._declared(text) for text in self.rows[0][self.left : -1]]
        order = [header.index(name) for name in self.output.dimensions]
        self.grid[0][self.left :] = [*header, self.figure_name]
        placed = []
        for number, row in enumerate(self.rows[1:], start=1):
            texts = [row[self.left + index] for index in order]
            key = self._key(texts, range(len(texts)))
            for index, dimension in zip(order, range(len(order)), strict=True):
                self.grid[number][self.left + index] = self._spelled(dimension, key[dimension])
            placed.append(Placed(key, (number, len(row) - 1), row[-1]))
        return Layout(tuple(placed), self._grid())

    def wide(self) -> Layout:
        """Row dimensions in the first columns, column dimensions in the header."""
        width = self.left + len(self.output.rows)
        top = self._header(width)
        if not self.output.rows:
            width += 1  # pandas puts the name of the figure before a single row
        column_keys = self._column_keys(top, width)
        placed = []
        for number in range(self._first, len(self.rows)):
            row = self.rows[number]
            row_key = self._row_key(number, row)
            for column in range(width, len(row)):
                placed.append(Placed(row_key + column_keys[column], (number, column), row[column]))
        return Layout(tuple(placed), self._grid())

    def _header(self, width: int) -> list[int]:
        """Return the header rows that hold labels; set the first row of figures."""
        names = list(self.output.rows)
        if not names:
            self._first = max(1, len(self.output.columns))
            return list(range(self._first))
        for number, row in enumerate(self.rows[: len(self.output.columns) + 3]):
            corner = [self._declared(text) for text in row[self.left : width]]
            if corner == names and (number == 0 or not any(row[width:])):
                self._first = number + 1
                self.grid[number][self.left : width] = names
                return [0] if number == 0 else list(range(number))
        if len(self.output.columns) <= 1 and not any(self.rows[0][self.left : width]):
            self._first = 1  # an index without a name
            self.grid[0][self.left : width] = names
            return [0]
        raise Blocked(
            rules.LAYOUT.block(f"the header does not begin with the declared rows ({', '.join(names)})")
        )

    def _column_keys(self, top: list[int], width: int) -> dict[int, Key]:
        """Return the key of every column of figures."""
        levels = [number for number in top if not self._is_figure_level(number, width)]
        if not self.output.columns:
            if len(self.rows[0]) != width + 1:
                raise Blocked(rules.LAYOUT.block("there is more than one column of figures"))
            for number in top:
                self.grid[number][width] = self.figure_name
            return {width: ()}
        if len(levels) != len(self.output.columns):
            raise Blocked(rules.LAYOUT.block("the header does not fit the declared columns"))
        first = len(self.output.rows)
        keys: dict[int, Key] = {}
        for column in range(width, len(self.rows[0])):
            texts = [self.rows[number][column] for number in levels]
            keys[column] = self._key(texts, range(first, first + len(levels)))
            for index, number in enumerate(levels):
                self.grid[number][column] = self._spelled(first + index, keys[column][index], texts[index])
        if len(top) > 1:
            for index, number in enumerate(levels):
                self._expect(self.rows[number][self.left], {self.output.columns[index]})
        return keys

    def _is_figure_level(self, number: int, width: int) -> bool:
        """A header row that only repeats the name of the figure, as pivot_table writes it."""
        texts = {_plain(text) for text in self.rows[number][width:]}
        if self.output.columns and number == 0 and len(self.rows[0]) > width and self._first == 1:
            return False
        if not texts <= self.figure_names or any(self.rows[number][self.left : width]):
            return False
        for column in range(width, len(self.grid[number])):
            self.grid[number][column] = self.figure_name
        return True

    def _row_key(self, number: int, row: Sequence[str]) -> Key:
        texts = list(row[self.left : self.left + len(self.output.rows)])
        if not texts:
            if self.output.columns or len(row) > 1 + self.left:
                if _plain(row[self.left]) not in self.figure_names and not is_margin(row[self.left]):
                    self._expect(row[self.left], _names_of(self.output))
                self.grid[number][self.left] = self.figure_name
            return ()
        key = self._key(texts, range(len(texts)))
        for dimension, index in enumerate(key):
            self.grid[number][self.left + dimension] = self._spelled(dimension, index, texts[dimension])
        return key

    def _key(self, texts: Sequence[str], dimensions: range) -> Key:
        key: list[int | None] = []
        for text, dimension in zip(texts, dimensions, strict=True):
            index = self.labels[dimension].find(text)
            # pandas writes the margin over several dimensions as All, then empty labels.
            margin = is_margin(text) or (text == "" and key[:1] == [None])
            if index is None and not margin:
                name = self.output.dimensions[dimension]
                raise Blocked(
                    rules.LABEL.block(f"'{text[:60]}' is no category of {name} in the declared data")
                )
            key.append(index)
        return tuple(key)

    def _spelled(self, dimension: int, index: int | None, text: str = MARGIN) -> str:
        return neutral(self.labels[dimension].names[index]) if index is not None else text.capitalize()

    @staticmethod
    def _expect(text: str, known: set[str]) -> None:
        if text not in known:
            raise Blocked(
                rules.LAYOUT.block(f"'{text[:60]}' stands where {' or '.join(sorted(known))} belongs")
            )

    def _grid(self) -> Rows:
        return tuple(tuple(neutral(cell) for cell in row) for row in self.grid)


def has_default_index(rows: Rows) -> bool:
    """Whether records were written with their default index, an unnamed first column 0, 1, 2 …"""
    return [row[0] for row in rows] == ["", *map(str, range(len(rows) - 1))]


def _names_of(output: Output) -> set[str]:
    """What people and pandas call the figure of a declared table."""
    names = [output.statistic, *filter(None, [output.value])]
    if output.percentile is not None:
        names += [f"p{output.percentile:g}", f"{output.percentile:g}%", f"{output.percentile / 100:g}"]
    return {*names, "_".join(names[:2]), "_".join(names[1::-1])}


def _plain(text: str) -> str:
    """One spelling for the spellings of a figure's name."""
    return text.casefold().replace(" ", "_")


def neutral(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (rulebook, "Files": csv, tsv)."""
    if text[:1] in {"=", "+", "-", "@", "\t"}:
        try:
            float(text)
        except ValueError:
            return "'" + text
    return text
