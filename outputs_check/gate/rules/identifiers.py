"""Rulebook, "Identifiers": the decisive test needs no pattern: is a token one of the project's pseudonyms?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lab.base.identifiers import EMAIL, NINO, NINO_NEVER_ISSUED, NINO_SUFFIX, POSTCODE
from outputs_check.gate.data import DataFolder, quoted
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule

PSEUDONYM = Rule(
    "identifier.pseudonym", "Rulebook, 'Identifiers'", "take the pseudonyms out; they belong to single people"
)
_TOKEN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_LEAST_MIXED, _LEAST_PLAIN, _MOST = 5, 8, 200_000


def tokens(texts: Iterable[str]) -> frozenset[str]:
    """Tokens that are long enough to tell a pseudonym from a figure or a word."""
    found: set[str] = set()
    for text in texts:
        for token in [text.strip(), *_TOKEN.findall(text)]:
            mixed = any(letter.isdigit() for letter in token) and any(letter.isalpha() for letter in token)
            if len(token) >= (_LEAST_MIXED if mixed else _LEAST_PLAIN) and len(token) <= 128:
                found.add(token.lower())
    return frozenset(found)


class Pseudonyms:
    """The pseudonym columns of every registered dataset of the project."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._columns: list[tuple[str, str]] = []
        for name in data.names:
            dataset = data.dataset(name)
            known = data.columns(dataset)
            self._columns += [(name, column) for column in dataset.pseudonyms if column in known]

    def among(self, texts: Iterable[str]) -> int:
        """Return how many distinct pseudonyms stand in these texts."""
        wanted = sorted(tokens(texts))[:_MOST]
        if not wanted or not self._columns:
            return 0
        union = " UNION ALL ".join(
            f"SELECT lower(CAST({quoted(column)} AS VARCHAR)) AS p FROM {quoted(name)}"  # noqa: S608
            for name, column in self._columns
        )
        found = self._data.fetch(
            f"SELECT count(DISTINCT p) AS n FROM ({union}) WHERE p IN (SELECT unnest(?::VARCHAR[]))",  # noqa: S608
            [wanted],
        )
        return int(found["n"][0])

    def findings(self, texts: Iterable[str]) -> list[Finding]:
        """BLOCK where one pseudonym stands in the texts."""
        number = self.among(texts)
        return [PSEUDONYM.block(f"{number} pseudonyms of this project stand in the file")] if number else []


PATTERN = Rule(
    "identifier.pattern", "Rulebook, 'Identifiers'; national insurance number [K]", "take them out"
)
_PATTERNS = {
    "national insurance numbers": re.compile(
        rf"\b(?!{'|'.join(NINO_NEVER_ISSUED)}){NINO}{NINO_SUFFIX}\b", re.I
    ),
    "full postcodes": re.compile(rf"\b{POSTCODE}\b"),
    "e-mail addresses": re.compile(EMAIL),
}
_NHS_NUMBER = re.compile(r"\b\d{3} ?\d{3} ?\d{4}\b")
_NHS_COLUMN = 3  # one random number in eleven passes the check digit, so a single one says little


def patterns(rows: Iterable[Iterable[str]]) -> list[Finding]:
    """REVIEW where texts look like identifiers; without data it cannot be known whose they are."""
    text = "\n".join(cell for row in rows for cell in row)
    found = {name: len(pattern.findall(text)) for name, pattern in _PATTERNS.items()}
    numbers = [number.replace(" ", "") for number in _NHS_NUMBER.findall(text)]
    valid = [number for number in numbers if is_nhs_number(number)]
    if len(valid) >= _NHS_COLUMN and len(valid) > len(numbers) / 2:
        found["NHS numbers"] = len(valid)
    return [PATTERN.review(f"{number} look like {name}") for name, number in found.items() if number]


def is_nhs_number(digits: str) -> bool:
    """Check digit modulo 11, weights 10 to 2 (NHS Data Dictionary)."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == 10 and int(digits[9]) == (0 if rest == 11 else rest)
