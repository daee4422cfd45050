"""The atoms of several tables: the finest groups of people that the tables tell apart, in one scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from outputs_check.gate.data import ROW, Array, DataFolder, quoted
from outputs_check.gate.equation import Equation, Key
from outputs_check.gate.relation import Relation, labelled

Labelled = tuple[Array, list[str | None]]
_SAMPLE = 100_000  # rows that tell how many atoms there will be


@dataclass(frozen=True)
class People:
    """The people of a unit, by atom. sizes: how many. who: of small atoms, where people are in several."""

    sizes: Array
    who: tuple[frozenset[int], ...] | None


@dataclass(frozen=True)
class Atoms:
    """members: which exact figures of which equation each atom is in; shape (figures, atoms), 0 or 1.

    figures: (place of the equation, place of the figure in its `exact`) of every row of `members`.
    """

    figures: tuple[tuple[int, int], ...]
    members: sparse.csr_array
    people: dict[str, People]


class Scan:
    """A question to the data about the atoms of equations on one extract."""

    def __init__(self, data: DataFolder, equations: Sequence[Equation]) -> None:
        self._data, self._equations = data, equations
        self._relations = [Relation(data, equation) for equation in equations]
        self._dataset = data.dataset(equations[0].data)
        self._types = data.columns(self._dataset)
        # The same column in several tables is one dimension; it matters where one of them counts.
        self._dimensions: dict[str, list[int]] = {}
        for place, relation in enumerate(self._relations):
            for expression in relation.dimensions:
                self._dimensions.setdefault(expression, []).append(place)

    def sizes(self) -> list[int]:
        """How many atoms the first equation has, the first two, and so on, in a sample of the rows."""
        hashes, counted, seen = [], [], "0"
        for place in range(len(self._equations)):
            keys = [name for name, users in self._keys() if min(users) == place]
            seen = f"hash({', '.join([seen, f'__gate_f{place}', *keys])})"
            hashes.append(f"{seen} AS __gate_h{place}")
            seen = f"__gate_h{place}"
            counted.append(f"approx_count_distinct({seen}) AS n{place}")
        rows = self._data.population(self._dataset, self._equations[0].units[0]).rows
        sampled = f" AND {ROW} % {1 + rows // _SAMPLE} = 0"
        fetched = self._data.fetch(
            f"SELECT {', '.join(counted)} FROM (SELECT {', '.join(hashes)} FROM ({self._source(sampled)}))"  # noqa: S608
        )
        return [int(fetched[f"n{place}"][0]) for place in range(len(self._equations))]

    def atoms(self, units: dict[str, bool], threshold: int) -> Atoms:
        """Return the atoms. units: name -> whether every person has one row."""
        flags = [f"__gate_f{place}" for place in range(len(self._equations))]
        keys = [name for name, _ in self._keys()]
        fetched = self._data.fetch(
            f"SELECT {', '.join([*flags, *keys, *_aggregates(units, threshold)])}"  # noqa: S608
            f" FROM ({self._source()}) GROUP BY {', '.join([*flags, *keys])}"
        )
        labels = [self._labels(sql, fetched[name]) for sql, name in zip(self._dimensions, keys, strict=True)]
        rows, figures = [], []
        for place, equation in enumerate(self._equations):
            inside = fetched[f"__gate_f{place}"].astype(bool)
            mine = [labels[list(self._dimensions).index(sql)] for sql in self._relations[place].dimensions]
            members = _members(equation, mine, inside)
            rows.append(members)
            figures += [(place, number) for number in range(members.shape[0])]
        return Atoms(tuple(figures), sparse.csr_array(sparse.vstack(rows)), _people(fetched, units))

    def _keys(self) -> list[tuple[str, list[int]]]:
        return [(f"__gate_k{number}", users) for number, users in enumerate(self._dimensions.values())]

    def _source(self, more: str = "") -> str:
        table = quoted(self._equations[0].data)
        flags = ", ".join(
            f"coalesce({relation.condition}, FALSE) AS __gate_f{place}"
            for place, relation in enumerate(self._relations)
        )
        keys = "".join(
            f", CASE WHEN {' OR '.join(f'__gate_f{place}' for place in users)} THEN {sql} END AS {name}"
            for sql, (name, users) in zip(self._dimensions, self._keys(), strict=True)
        )
        anywhere = " OR ".join(f"__gate_f{place}" for place in range(len(self._equations)))
        return f"SELECT *{keys} FROM (SELECT *, {flags} FROM {table}) WHERE ({anywhere}){more}"  # noqa: S608

    def _labels(self, sql: str, values: Array) -> Labelled:
        """The label of every atom in a dimension, as its place in a list of labels."""
        place = self._dimensions[sql][0]
        index = self._relations[place].dimensions.index(sql)
        type_name = self._types.get(self._equations[place].dimensions[index], "VARCHAR")
        names: dict[str | None, int] = {}
        codes = [names.setdefault(name, len(names)) for name in labelled(type_name, values)]
        return np.array(codes, dtype=np.int64), list(names)


def _members(equation: Equation, labels: Sequence[Labelled], inside: Array) -> sparse.csr_array:
    """Which atoms are in which exact figure. Shape (figures, atoms)."""
    by_pattern: dict[tuple[bool, ...], dict[Key, int]] = {}
    for number, figure in enumerate(equation.exact):
        by_pattern.setdefault(tuple(part is not None for part in figure.key), {})[figure.key] = number
    atoms = np.flatnonzero(inside)
    places = np.zeros(atoms.size, dtype=np.int64)
    for codes, names in labels:
        places = np.unique(places * len(names) + codes[atoms], return_inverse=True)[1]
    _, first, cell = np.unique(places, return_index=True, return_inverse=True)
    keys = [tuple(names[codes[atom]] for codes, names in labels) for atom in atoms[first]]
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for pattern, numbers in by_pattern.items():
        cut = [tuple(part if kept else None for part, kept in zip(key, pattern, strict=True)) for key in keys]
        figures = np.array([numbers.get(key, -1) for key in cut], dtype=np.int64)[cell]
        rows.append(figures[figures >= 0])
        columns.append(atoms[figures >= 0])
    size = sum(part.size for part in rows)
    entries = (np.ones(size, dtype=np.int64), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(entries, shape=(len(equation.exact), inside.size))


def _aggregates(units: dict[str, bool], threshold: int) -> list[str]:
    found = []
    for number, (unit, single) in enumerate(units.items()):
        column = quoted(unit)
        found.append(f"count({'' if single else 'DISTINCT '}{column}) AS __gate_n{number}")
        if not single:
            few = f"count(DISTINCT {column}) < {int(threshold)}"
            people = f"list(DISTINCT hash({column})) FILTER ({column} IS NOT NULL)"
            found.append(f"CASE WHEN {few} THEN {people} END AS __gate_w{number}")
    return found


def _people(fetched: dict[str, Array], units: dict[str, bool]) -> dict[str, People]:
    found = {}
    for number, (unit, single) in enumerate(units.items()):
        who = None
        if not single:
            lists = fetched[f"__gate_w{number}"]
            who = tuple(frozenset(() if people is None else np.asarray(people).tolist()) for people in lists)
        found[unit] = People(fetched[f"__gate_n{number}"].astype(np.int64), who)
    return found
