"""How many people given rows of an extract belong to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from pyroaring import BitMap64

from outputs_check.gate.data import ROW, DataFolder, quoted

# The first so many rows of a set nearly always have as many people as anybody asks for.
_GLANCE = 2_000


class Crowds:
    """Answers about the people of the datasets of a data folder; what is asked again is remembered."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._most: dict[tuple[str, str, int], int] = {}

    def single(self, name: str, unit: str) -> bool:
        """Whether every person of a dataset has one row."""
        return self._data.population(self._data.dataset(name), unit).alone

    def most_rows(self, name: str, unit: str, people: int) -> int:
        """The most rows that so many people of a dataset can have together."""
        if self.single(name, unit):
            return people
        if (name, unit, people) not in self._most:
            column = quoted(unit)
            fetched = self._data.fetch(
                f"SELECT coalesce(sum(n), 0) AS rows FROM (SELECT count(*) AS n FROM {self._table(name)}"  # noqa: S608
                f" WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY n DESC LIMIT ?)",
                [people],
            )
            self._most[name, unit, people] = int(fetched["rows"][0])
        return self._most[name, unit, people]

    def people_among(self, name: str, unit: str, sets: Sequence[BitMap64], enough: int) -> list[int]:
        """Number of distinct people in each set of rows; where there are `enough`, any number from it on."""
        counts = self._counted(name, unit, [_first(rows) for rows in sets])
        open_ones = [n for n, rows in enumerate(sets) if counts[n] < enough and len(rows) > _GLANCE]
        again = self._counted(name, unit, [np.asarray(sets[n].to_array(), np.int64) for n in open_ones])
        for number, people in zip(open_ones, again, strict=True):
            counts[number] = people
        return counts

    def _counted(self, name: str, unit: str, sets: Sequence[np.typing.NDArray[np.int64]]) -> list[int]:
        if not sets:
            return []
        places = np.repeat(np.arange(len(sets)), [rows.size for rows in sets])
        fetched = self._data.fetch(
            "SELECT wanted.place AS place, count(DISTINCT data.unit) AS people"  # noqa: S608
            " FROM (SELECT unnest(?) AS place, unnest(?) AS number) AS wanted"
            f" JOIN (SELECT {ROW} AS number, {quoted(unit)} AS unit FROM {self._table(name)}) AS data"
            " USING (number) GROUP BY wanted.place",
            [places.tolist(), np.concatenate(sets).tolist()],
        )
        counts = dict(zip(fetched["place"].tolist(), fetched["people"].tolist(), strict=True))
        return [int(counts.get(number, 0)) for number in range(len(sets))]

    def _table(self, name: str) -> str:
        dataset = self._data.dataset(name)
        self._data.columns(dataset)  # opens its view
        return quoted(dataset.name)


def _first(rows: BitMap64) -> np.typing.NDArray[np.int64]:
    return np.fromiter(itertools.islice(rows, _GLANCE), np.int64)
