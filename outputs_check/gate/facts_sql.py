"""SQL of the facts of a table's cells: rows, then people in cells, then cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outputs_check.gate.columns import dimension, number
from outputs_check.gate.data import quoted
from outputs_check.gate.query import Query
from outputs_check.gate.single_values import AROUND, SingleValue, single_value_sql

_ALL = "k"  # a constant to group by, so that a table without dimensions is no special case


@dataclass(frozen=True)
class Asked:
    """What some statistics need beside counts and totals.

    single: a statistic of single values. base: which dimensions the base of a share keeps. pair: the two
    values of a flag, the second is "having" it.
    """

    single: SingleValue | None = None
    base: tuple[bool, ...] | None = None
    pair: tuple[float, float] = (0.0, 1.0)


def facts_sql(query: Query, unit: str, kept: tuple[bool, ...], alone: bool, asked: Asked) -> str:
    """Write the query of one kind of margin: a row for each cell that a row of the data is in.

    kept: which dimensions are no margin. alone: every person has exactly one row, so that rows are people.
    """
    names = ", ".join([_ALL, *(f"d{place}" for place, stays in enumerate(kept) if stays)])
    parts = {"source": _source(query, unit, kept, alone)}
    if alone:
        parts["person"] = f"SELECT *, {_listed(_of_row(query, asked))} FROM source"  # noqa: S608
        both = _listed(_rows(query, asked) | _people(query, asked, alone))
        parts["cell"] = f"SELECT {names}, {both} FROM person GROUP BY {names}"  # noqa: S608
    else:
        parts |= _by_person(query, asked, kept, names)
        parts["cell"] = f"SELECT * FROM in_rows JOIN in_people USING ({names})"  # noqa: S608
    wanted = "SELECT * FROM cell"
    if asked.single is not None:
        parts |= single_value_sql(asked.single, names, alone)
        wanted = f"SELECT cell.*, {AROUND} FROM cell LEFT JOIN side USING ({names})"  # noqa: S608
    return "WITH " + ", ".join(f"{name} AS ({sql})" for name, sql in parts.items()) + " " + wanted


def _source(query: Query, unit: str, kept: tuple[bool, ...], alone: bool) -> str:
    """The rows that belong to some cell. Without a unit column to read, where nobody stands twice."""
    expressions = [dimension(query.types, name, query.binned) for name in query.dimensions]
    conditions = [f"{expression} IS NOT NULL" for expression in expressions]
    conditions += [f"({query.where})"] if query.where else []
    chosen = [f"0 AS {_ALL}"]
    chosen += [f"{expression} AS d{place}" for place, expression in enumerate(expressions) if kept[place]]
    chosen.append("TRUE AS u" if alone else f"{quoted(unit)} AS u")
    for name, column in (("v", query.value), ("w", query.weight), ("b", query.denominator)):
        chosen += [f"{number(query.types, column)} AS {name}"] if column else []
    filtered = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(chosen)} FROM {quoted(query.dataset.name)}{filtered}"  # noqa: S608


def _by_person(query: Query, asked: Asked, kept: tuple[bool, ...], names: str) -> dict[str, str]:
    """Rows are added up per person first; what needs no person is not, because that is the slow part."""
    joined = {name: f"{_JOINED.get(name, 'fsum')}({sql})" for name, sql in _of_row(query, asked).items()}
    joined |= {"rows": "count(*)"} if asked.base is not None else {}
    columns = f", {_listed(joined)}" if joined else ""
    parts = {"person": f"SELECT {names}, u{columns} FROM source GROUP BY {names}, u"}  # noqa: S608
    source = "person"
    if asked.base is not None:
        line = ", ".join([_ALL, *(f"d{at}" for at, stays in enumerate(kept) if stays and asked.base[at])])
        of_base = f"sum(rows) OVER (PARTITION BY u, {line})"
        parts["shared"] = f"SELECT *, {of_base} AS of_base FROM person"  # noqa: S608
        source = "shared"
    people = _listed(_people(query, asked, alone=False))
    return parts | {
        "in_people": f"SELECT {names}, {people} FROM {source} GROUP BY {names}",  # noqa: S608
        "in_rows": f"SELECT {names}, {_listed(_rows(query, asked))} FROM source GROUP BY {names}",  # noqa: S608
    }


_JOINED = {"kinds": "bit_or", "based": "bool_or"}
_VALUED, _NONZERO, _HAVING, _LACKING = 1, 2, 4, 8  # bits of `kinds`: what values a person has


def _of_row(query: Query, asked: Asked) -> dict[str, str]:
    """What is asked of a single row, and of all rows of a person in a cell."""
    columns = {}
    if query.value:
        lacking, having = asked.pair
        columns["total"] = "v"
        columns["kinds"] = (
            f"CASE WHEN v IS NULL THEN 0 ELSE {_VALUED} + CASE WHEN v <> 0 THEN {_NONZERO} ELSE 0 END"
            f" + CASE v WHEN {having!r} THEN {_HAVING} WHEN {lacking!r} THEN {_LACKING} ELSE 0 END END"
        )
    if query.weight:
        columns["weight"] = "CASE WHEN v IS NOT NULL THEN w END" if query.value else "w"
        columns |= {"weighted": "w * v"} if query.value else {}
    if query.denominator:
        columns |= {"base": "b", "based": "b <> 0"}
    return columns


def _rows(query: Query, asked: Asked) -> dict[str, str]:
    """Facts of a cell that need no person."""
    if not query.value:
        return {"rows": "count(*)", "valid": "count(*)"}
    lacking, having = asked.pair
    return {
        "rows": "count(*)",
        "valid": "count(v)",
        "positive": f"count(*) FILTER (v = {having!r})",
        "flags": f"count(*) FILTER (v = {having!r} OR v = {lacking!r})",
        "low": "min(v)",
        "high": "max(v)",
    }


def _people(query: Query, asked: Asked, alone: bool) -> dict[str, str]:
    """Facts of a cell about people: how many, and how much each has."""
    columns = {"everyone": "count(u)", "people": "count(u)"}
    if asked.base is not None:
        columns["whole"] = "count(u)" if alone else "count(u) FILTER (rows = of_base)"
    if query.value:
        columns |= {
            name: f"count(u) FILTER (kinds & {bit} > 0)"
            for name, bit in (
                ("people", _VALUED), ("nonzero", _NONZERO), ("having", _HAVING), ("lacking", _LACKING)
            )
        }  # fmt: skip
        columns |= _held("total")
    if query.weight:
        columns |= {"weighing": "count(u) FILTER (weight <> 0)"} | _held("weight")
        columns |= _held("weighted") if query.value else {}
    if query.denominator:
        columns |= {"based": "count(u) FILTER (based)"} | _held("base")
    return columns


def _held(name: str) -> dict[str, str]:
    """A sum, its absolute size, and the two largest contributions to that."""
    largest = f"max(abs({name}), 2)"
    return {
        name: f"coalesce(fsum({name}), 0)",
        f"{name}_size": f"coalesce(fsum(abs({name})), 0)",
        f"{name}_first": f"coalesce({largest}[1], 0)",
        f"{name}_second": f"coalesce({largest}[2], 0)",
    }


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
