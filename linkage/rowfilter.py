"""A grant's row filter: parsed and rebuilt, never passed on as it was written."""

from collections.abc import Collection

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lab.base.errors import BadInput

_ALLOWED: tuple[type[exp.Expression], ...] = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.Paren,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.Null,
    exp.Boolean,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.Literal,
    exp.Column,
    exp.Identifier,
    exp.Tuple,
)
_REMEDY = (
    "use comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, arithmetic and DATE '…' over the variables"
)


def rebuild(condition: str, columns: Collection[str], where: str) -> str:
    """Return the condition as DuckDB SQL made from its parse tree.

    Raises:
        BadInput: it does not parse, holds anything but the allowed operators, or names an unknown variable.
    """
    try:
        trees = sqlglot.parse(condition, read="duckdb")
    except SqlglotError as error:
        raise BadInput(f"the row filter does not parse: {condition}", where=where, remedy=_REMEDY) from error
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise BadInput("the row filter is not one condition", where=where, remedy=_REMEDY)
    known = {column.lower() for column in columns}
    for node in tree.walk():
        _check(node, known, where)
    return tree.sql(dialect="duckdb", identify=True, comments=False)


def _check(node: exp.Expr, known: set[str], where: str) -> None:
    if isinstance(node, exp.Column):
        if node.table or node.name.lower() not in known:
            raise BadInput(
                f"the row filter names an unknown variable '{node.sql()}'",
                where=where,
                remedy=f"known: {', '.join(sorted(known))}",
            )
    elif isinstance(node, exp.Cast):
        if not (isinstance(node.this, exp.Literal) and node.this.is_string and node.to.is_type("date")):
            raise BadInput(f"the row filter may not hold '{node.sql()}'", where=where, remedy=_REMEDY)
    elif isinstance(node, exp.DataType):
        if not node.is_type("date"):
            raise BadInput(f"the row filter may not hold '{node.sql()}'", where=where, remedy=_REMEDY)
    elif isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
        raise BadInput("the row filter may not hold a query", where=where, remedy=_REMEDY)
    elif type(node) not in _ALLOWED:
        raise BadInput(f"the row filter may not hold '{node.sql()}'", where=where, remedy=_REMEDY)
