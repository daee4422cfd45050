"""The declared `where`: parsed, held against an allow-list, written anew. The text itself is never run.

Submission contract, key `where`: comparison, AND OR NOT, IN, BETWEEN, LIKE, IS NULL, CASE, arithmetic,
lower, abs, round, date parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from outputs_check.gate.labels import kind_of
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.rule import Blocked

_ALLOWED: frozenset[type[exp.Expr]] = frozenset({
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is,
    exp.In, exp.Between, exp.Like, exp.Case, exp.If,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg,
    exp.Lower, exp.Abs, exp.Round, exp.Year, exp.Month, exp.Day, exp.Quarter, exp.DayOfWeek, exp.DayOfYear,
    exp.Extract, exp.Var,
    exp.Cast, exp.DataType,
})  # fmt: skip
_DATE_PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "ISODOW", "DOY"})
_DATE_TYPES = frozenset({exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ})
_COMPARISONS = (
    exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.In | exp.Between | exp.Like | exp.Is
)
_MAX_NODES = 500


def safe_where(text: str, types: Mapping[str, str], keys: Collection[str] = ()) -> str:
    """Return SQL (DuckDB) that means what `text` says, made of nothing but allowed parts.

    types: columns and their DuckDB types. keys: columns that identify people: a filter may ask whether
    there is one, never which, because it would take single people out of a table by name.

    Raises:
        Blocked: anything that the contract does not name, a column that the data does not have, or an
        expression that is no truth value.
    """
    tree = _parsed(text).transform(_date_part)
    schema = {name.lower(): name for name in types}
    for count, node in enumerate(tree.walk()):
        if count > _MAX_NODES:
            raise _refused("it is too long")
        if isinstance(node, exp.Column):
            _name_as_the_data(node, types, schema)
        _check(node)
        if isinstance(node, exp.Column) and node.name in keys and not _asks_for_presence(node):
            raise Blocked(rules.COLUMN.block(f"'{node.name}' identifies people and cannot choose among them"))
    if not _is_truth(tree, types):
        raise _refused("it is not boolean: compare its columns with something")
    for name in tree.find_all(exp.Identifier):
        name.set("quoted", True)
    return tree.sql(dialect="duckdb", comments=False)


def _name_as_the_data(column: exp.Column, types: Mapping[str, str], schema: Mapping[str, str]) -> None:
    """SQL does not tell Age from age; the data's own spelling is written.

    Raises:
        Blocked: the data has no such column.
    """
    if column.table or not isinstance(column.this, exp.Identifier):
        raise _refused("columns are named without a table")
    found = column.name if column.name in types else schema.get(column.name.lower())
    if found is None:
        raise Blocked(rules.COLUMN.block(f"'where' names '{column.name[:80]}', which the data does not have"))
    column.this.set("this", found)


def _asks_for_presence(column: exp.Column) -> bool:
    return isinstance(column.parent, exp.Is) and isinstance(column.parent.expression, exp.Null)


def _is_truth(node: exp.Expr, types: Mapping[str, str]) -> bool:
    """Whether an expression is true or false by itself, not a number that the database takes for one."""
    match node:
        case exp.Paren() | exp.Not():
            return _is_truth(node.this, types)
        case exp.And() | exp.Or():
            return _is_truth(node.left, types) and _is_truth(node.right, types)
        case exp.Column():
            return kind_of(types[node.name]) == "truth"
        case exp.Case():
            answers = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
            return all(_is_truth(answer, types) for answer in answers if answer and answer.key != "null")
    return isinstance(node, exp.Boolean | _COMPARISONS)


def _parsed(text: str) -> exp.Expr:
    try:
        tokens = sqlglot.tokenize(text, dialect="duckdb")
        if any(token.comments for token in tokens):
            raise _refused("it has a comment")
        # Inside WHERE, so that two statements or a trailing clause cannot hide behind the expression.
        statements = sqlglot.parse(f"SELECT 1 FROM t WHERE ({text}\n)", dialect="duckdb")  # noqa: S608 - parsed only
    except (SqlglotError, RecursionError, ValueError):
        raise _refused("it cannot be parsed") from None
    statement = statements[0] if len(statements) == 1 else None
    if not isinstance(statement, exp.Select):
        raise _refused("it is more than one expression")
    extra = {name for name, part in statement.args.items() if part} - {
        "expressions",
        "from",
        "from_",
        "where",
    }
    where = statement.args["where"].this if "where" in statement.args and not extra else None
    if not isinstance(where, exp.Paren):
        raise _refused("it is more than one expression")
    return where


def _date_part(node: exp.Expr) -> exp.Expr:
    """date_part('year', d) is another spelling of EXTRACT(year FROM d)."""
    if isinstance(node, exp.Anonymous) and node.name.lower() in {"date_part", "datepart"}:
        part, *rest = node.expressions or [node]
        if len(rest) == 1 and isinstance(part, exp.Literal) and part.is_string:
            return exp.Extract(this=exp.Var(this=part.name.upper()), expression=rest[0])
    return node


def _check(node: exp.Expr) -> None:
    if type(node) not in _ALLOWED:
        raise _refused(f"'{node.key}' is not allowed in it")
    if node.comments:
        raise _refused("it has a comment")
    if isinstance(node, exp.Cast) and not _is_date_literal(node):
        raise _refused("only date literals are cast")
    if isinstance(node, exp.Extract) and node.name.upper() not in _DATE_PARTS:
        raise _refused(f"'{node.name[:40]}' is not an allowed date part")
    if isinstance(node, exp.Var) and not isinstance(node.parent, exp.Extract):
        raise _refused(f"'{node.name[:40]}' is not a column")
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
        raise _refused("a sub-query is not allowed in it")


def _is_date_literal(node: exp.Cast) -> bool:
    literal = node.this
    return isinstance(literal, exp.Literal) and literal.is_string and node.to.this in _DATE_TYPES


def _refused(reason: str) -> Blocked:
    return Blocked(rules.WHERE.block(f"'where' is refused: {reason}"))
