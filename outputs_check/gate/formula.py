"""Model formulas: a small part of patsy's language, so that no formula can run anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.rule import Blocked

FAMILIES = ("ols", "logit", "probit", "poisson")
TRANSFORMS = ("log", "log1p", "sqrt", "exp")
_NAME = r"([A-Za-z_]\w*)"
_NUMBER = r"-?\d{1,9}(?:\.\d{1,9})?"
_REFERENCE = rf"""(?:"[^"\\]{{0,200}}"|'[^'\\]{{0,200}}'|{_NUMBER})"""
_PLAIN = re.compile(_NAME)
_CODED = re.compile(rf"C\(\s*{_NAME}\s*(?:,\s*Treatment\(\s*(?:reference\s*=\s*)?{_REFERENCE}\s*\)\s*)?\)")
_TRANSFORMED = re.compile(rf"(?:np\.)?({'|'.join(TRANSFORMS)})\(\s*{_NAME}\s*\)")
_POWER = re.compile(rf"I\(\s*{_NAME}\s*(?:\*\*\s*[2-4]|[*/]\s*{_NUMBER})\s*\)")
_MAX_TERMS = 60


@dataclass(frozen=True)
class Formula:
    """text: what patsy is given. outcome: left side. columns: every column. terms: columns of each term.

    coded: columns that stand in C(). transformed: (function, column) of every transformed column.
    """

    text: str
    outcome: str
    columns: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    coded: frozenset[str]
    transformed: frozenset[tuple[str, str]]

    @property
    def signature(self) -> str:
        """The same for every spelling of the same model."""
        parts = sorted(":".join(sorted(term)) for term in self.terms)
        return f"{self.outcome}~{'+'.join(parts)}"


@dataclass
class _Seen:
    columns: Collection[str]
    coded: set[str] = field(default_factory=set)
    transformed: set[tuple[str, str]] = field(default_factory=set)


def read_formula(text: str, columns: Collection[str]) -> Formula:
    """Read `y ~ a + C(b) + log(c) + I(d ** 2) + a:b + a*b`, with `- 1`, `+ 0` or `+ 1` for the intercept.

    A category may name what it is compared with: `C(b, Treatment("x"))`.

    Raises:
        Blocked: anything else, or a column that the data does not have.
    """
    sides = list(_split(text, "~"))
    if len(sides) != 2:
        raise _refused("it needs one ~")
    seen = _Seen(columns)
    left = sides[0].strip()
    outcome = _factor(left, seen)
    if seen.coded:
        raise _refused("its outcome is a category")
    written, terms = [], []
    for part in _split(sides[1], "+"):
        term = part.strip()
        if without := re.fullmatch(r"(.*)-\s*1", term, re.DOTALL):
            written.append("0")
            term = without.group(1).strip()
        if term in {"0", "1"}:
            written.append(term)
        elif term or not without:
            terms.append(tuple(_factor(factor.strip(), seen) for factor in _split(term, ":*")))
            written.append(term)
    if len(terms) > _MAX_TERMS:
        raise _refused("it has too many terms")
    names = tuple(dict.fromkeys([outcome, *(name for term in terms for name in term)]))
    return Formula(
        f"{left} ~ {' + '.join(written)}", outcome, names, tuple(terms), frozenset(seen.coded),
        frozenset(seen.transformed),
    )  # fmt: skip


def _split(text: str, separators: str) -> Iterator[str]:
    """Split where no bracket and no quotation is open."""
    depth, quote, start = 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character in separators and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _factor(text: str, seen: _Seen) -> str:
    if match := _TRANSFORMED.fullmatch(text):
        seen.transformed.add((match.group(1), match.group(2)))
        name = match.group(2)
    elif match := _CODED.fullmatch(text):
        seen.coded.add(match.group(1))
        name = match.group(1)
    elif match := (_PLAIN.fullmatch(text) or _POWER.fullmatch(text)):
        name = match.group(1)
    elif text.startswith("offset"):
        raise _refused("offsets, exposures and weights are not recomputed")
    else:
        raise _refused(f"'{text[:40]}' is not allowed in it")
    if name not in seen.columns:
        raise Blocked(rules.COLUMN.block(f"'model' names '{name[:60]}', which the data does not have"))
    return str(name)


def _refused(reason: str) -> Blocked:
    return Blocked(rules.MODEL.block(f"'model' is refused: {reason}"))
