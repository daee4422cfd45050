"""Model formulas: a small part of patsy's language, so that no formula can run anything."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.rule import Blocked

FAMILIES = ("ols", "logit", "probit", "poisson")
_FACTOR = re.compile(r"(?:(C|log|np\.log)\(\s*([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*))")
_MAX_TERMS = 60


@dataclass(frozen=True)
class Formula:
    """text: what patsy is given. outcome: left side. columns: every column. terms: columns of each term.

    coded: columns that stand in C().
    """

    text: str
    outcome: str
    columns: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    coded: frozenset[str]


def read_formula(text: str, columns: Collection[str]) -> Formula:
    """Read `y ~ a + C(b) + log(c) + a:b + a*b`, with `- 1`, `+ 0` or `+ 1` for the intercept.

    Raises:
        Blocked: anything else, or a column that the data does not have.
    """
    sides = text.split("~")
    if len(sides) != 2:
        raise _refused("it needs one ~")
    coded: set[str] = set()
    left = sides[0].strip()
    outcome = _factor(left, columns, coded)
    if coded:
        raise _refused("its outcome is a category")
    written, terms = [], []
    for part in re.sub(r"-\s*1\s*(?=$|\+)", "+ 0 ", sides[1]).split("+"):
        term = part.strip()
        if term in {"0", "1"}:
            written.append(term)
            continue
        factors = [factor.strip() for factor in re.split(r"[:*]", term)]
        terms.append(tuple(_factor(factor, columns, coded) for factor in factors))
        written.append(term)
    if len(terms) > _MAX_TERMS:
        raise _refused("it has too many terms")
    names = tuple(dict.fromkeys([outcome, *(name for term in terms for name in term)]))
    return Formula(f"{left} ~ {' + '.join(written)}", outcome, names, tuple(terms), frozenset(coded))


def _factor(text: str, columns: Collection[str], coded: set[str]) -> str:
    match = _FACTOR.fullmatch(text)
    if match is None:
        raise _refused(f"'{text[:40]}' is not allowed in it")
    name = match.group(2) or match.group(3)
    if name not in columns:
        raise Blocked(rules.COLUMN.block(f"'model' names '{name[:60]}', which the data does not have"))
    if match.group(1) == "C":
        coded.add(name)
    return name


def _refused(reason: str) -> Blocked:
    return Blocked(rules.MODEL.block(f"'model' is refused: {reason}"))
