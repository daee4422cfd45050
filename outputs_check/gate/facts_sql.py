"""SQL of the facts of a table's cells: rows, then people in cells, then cells."""

from __future__ import annotations

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
    parts = {"source": _source(query, unit, kept, alone), "person": _person(query, asked, names, alone)}
    person = "person"
    if asked.base is not None and not alone:
        parts["shared"] = _shared(kept, asked.base)
        person = "shared"
    parts["cell"] = f"SELECT {names}, {_of_cell(query, asked, alone)} FROM {person} GROUP BY {names}"  # noqa: S608
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


def _person(query: Query, asked: Asked, names: str, alone: bool) -> str:
    """One row for each person in each cell."""
    columns = _of_row(query, asked) if alone else _of_person(query, asked)
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {names}, u, {listed} FROM source" + ("" if alone else f" GROUP BY {names}, u")  # noqa: S608


def _of_row(query: Query, asked: Asked) -> dict[str, str]:
    lacking, having = asked.pair
    columns = {"rows": "1", "valid": "1"}
    if query.value:
        columns |= {
            "valid": "CASE WHEN v IS NULL THEN 0 ELSE 1 END",
            "total": "v", "low": "v", "high": "v",
            "positive": f"CASE WHEN v = {having!r} THEN 1 ELSE 0 END",
            "negative": f"CASE WHEN v = {lacking!r} THEN 1 ELSE 0 END",
        }  # fmt: skip
    if query.weight:
        columns["weight"] = "CASE WHEN v IS NOT NULL THEN w END" if query.value else "w"
        columns |= {"weighted": "w * v"} if query.value else {}
    if query.denominator:
        columns |= {"base": "b", "based": "CASE WHEN b <> 0 THEN 1 ELSE 0 END"}
    return columns


def _of_person(query: Query, asked: Asked) -> dict[str, str]:
    rows = _of_row(query, asked)
    joined = {"low": "min", "high": "max"} | dict.fromkeys(("total", "weight", "weighted", "base"), "fsum")
    return {name: f"{joined.get(name, 'sum')}({sql})" for name, sql in rows.items()}


def _shared(kept: tuple[bool, ...], base: tuple[bool, ...]) -> str:
    """Beside a person's rows in a cell, her rows in the base of its share."""
    names = [_ALL, *(f"d{place}" for place, stays in enumerate(kept) if stays and base[place])]
    return f"SELECT *, sum(rows) OVER (PARTITION BY u, {', '.join(names)}) AS of_base FROM person"  # noqa: S608


def _of_cell(query: Query, asked: Asked, alone: bool) -> str:
    columns = {
        "rows": "CAST(sum(rows) AS BIGINT)",
        "valid": "CAST(sum(valid) AS BIGINT)",
        "everyone": "count(u)",
        "people": "count(u) FILTER (valid > 0)",
    }
    if asked.base is not None:
        columns["whole"] = "count(u)" if alone else "count(u) FILTER (rows = of_base)"
    if query.value:
        columns |= {
            "nonzero": "count(u) FILTER (low <> 0 OR high <> 0)",
            "having": "count(u) FILTER (positive > 0)",
            "lacking": "count(u) FILTER (negative > 0)",
            "positive": "CAST(sum(positive) AS BIGINT)",
            "flags": "CAST(sum(positive) + sum(negative) AS BIGINT)",
            "low": "min(low)",
            "high": "max(high)",
        } | _held("total")
    if query.weight:
        columns |= {"weighing": "count(u) FILTER (weight <> 0)"} | _held("weight")
        columns |= _held("weighted") if query.value else {}
    if query.denominator:
        columns |= {"based": "count(u) FILTER (based > 0)"} | _held("base")
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def _held(name: str) -> dict[str, str]:
    """A sum, its absolute size, and the two largest contributions to that."""
    largest = f"max(abs({name}), 2)"
    return {
        name: f"coalesce(fsum({name}), 0)",
        f"{name}_size": f"coalesce(fsum(abs({name})), 0)",
        f"{name}_first": f"coalesce({largest}[1], 0)",
        f"{name}_second": f"coalesce({largest}[2], 0)",
    }
