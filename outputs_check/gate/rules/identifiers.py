"""Rulebook, "Identifiers": the decisive test needs no pattern: is a token one of the project's pseudonyms?

What looks like an identifier is BLOCK where chance does not explain it, REVIEW where it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.base.identifiers import EMAIL, IDENTIFYING_NAMES, NINO, NINO_NEVER_ISSUED, NINO_SUFFIX, POSTCODE
from outputs_check.gate.data import DataFolder, quoted
from outputs_check.gate.figures import SUPPRESSED, read_figure
from outputs_check.gate.layout import Rows
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict

PSEUDONYM = Rule(
    "identifier.pseudonym", "Rulebook, 'Identifiers'", "take the pseudonyms out; they belong to single people"
)
_TOKEN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_LEAST_MIXED, _LEAST_PLAIN = 5, 8


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
        wanted = sorted(tokens(texts))
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
    "identifier.pattern",
    "Rulebook, 'Identifiers'; national insurance number, CHI and UTR [K]",
    "take the identifiers out",
)


@dataclass(frozen=True)
class _Look:
    """What one kind of identifier looks like in a text, and how much it says."""

    name: str
    pattern: re.Pattern[str]
    verdict: Verdict


_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4})"
_IN_TEXT = (
    _Look("e-mail addresses", re.compile(EMAIL), Verdict.BLOCK),
    _Look(
        "national insurance numbers",
        re.compile(rf"\b(?!{'|'.join(NINO_NEVER_ISSUED)}){NINO}{NINO_SUFFIX}\b", re.I),
        Verdict.BLOCK,
    ),
    _Look(
        "dates of birth",
        re.compile(rf"\b(?:born|birth|dob|d\.o\.b\.?)\b\W{{0,5}}(?:on|is|was)?\W{{0,3}}{_DATE}", re.I),
        Verdict.BLOCK,
    ),
    _Look("full postcodes", re.compile(rf"\b{POSTCODE}\b"), Verdict.REVIEW),
    _Look("NHS numbers", re.compile(r"\b\d{3}[ -]\d{3}[ -]\d{4}\b"), Verdict.REVIEW),
    _Look(
        "CHI numbers, UTRs or UPRNs",
        re.compile(r"\b(?:chi|utr|uprn)\b\D{0,20}\d{8,12}\b", re.I),
        Verdict.REVIEW,
    ),
)
_TEN_DIGITS = re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b")
# One random number in eleven has a valid check digit: five of five are chance once in 160,000 times.
_LEAST_NUMBERS, _VALID_SHARE = 5, 0.8


def in_texts(texts: Iterable[str]) -> list[Finding]:
    """What looks like identifiers in titles, labels, file names, prose and source."""
    text = "\n".join(texts)
    findings = []
    for look in _IN_TEXT:
        found = [
            match for match in look.pattern.findall(text) if look.name != "NHS numbers" or _is_nhs(match)
        ]
        if found:
            findings.append(PATTERN.finding(look.verdict, f"{len(found)} look like {look.name}"))
    return [*findings, *_nhs_numbers(_TEN_DIGITS.findall(text), "the text")]


# Heading, what stands below it, what it is.
_BY_HEADING = (
    (
        re.compile(r"nhs_?(no|num|number|id)?|chi(_?(no|number))?|utr|unique_?tax\w*"),
        r"\d{10}",
        "ten-digit identifiers",
    ),
    (re.compile(r"uprn|usrn"), r"\d{1,12}", "property references"),
    (re.compile(r"dob|date_?of_?birth|birth_?date"), rf"{_DATE}( [\d:]+)?", "dates of birth"),
    (
        re.compile(r"nino|ni_?(no|number)|national_?insurance\w*"),
        rf"(?i:{NINO}({NINO_SUFFIX})?)",
        "national insurance numbers",
    ),
)


def in_table(rows: Rows) -> list[Finding]:
    """What looks like identifiers in a table: by its labels, by its columns, by their headings.

    Figures are looked at as columns only: a total of ten digits is an ordinary figure.
    """
    findings = in_texts(cell for row in rows for cell in row if read_figure(cell) is None)
    for name, column in zip(rows[0], zip(*rows[1:], strict=True), strict=False):
        values = [cell for cell in column if cell not in SUPPRESSED]
        findings += _nhs_numbers(
            [cell for cell in values if re.fullmatch(r"\d{10}", cell)], f"column '{name[:60]}'"
        )
        findings += _by_heading(name, values)
    return findings


def _by_heading(name: str, values: Sequence[str]) -> list[Finding]:
    heading = re.sub(r"\W+", "_", name.strip().lower())
    for pattern, value, words in _BY_HEADING:
        shaped = [cell for cell in values if re.fullmatch(value, cell)]
        if shaped and pattern.fullmatch(heading):
            return [PATTERN.block(f"column '{name[:60]}' has {len(shaped)} {words}")]
    words_below = [cell for cell in values if read_figure(cell) is None]
    if heading in IDENTIFYING_NAMES and len(words_below) > len(values) / 2:
        return [PATTERN.review(f"column '{name[:60]}' is an identifier by its name")]
    return []


def _nhs_numbers(candidates: Sequence[str], place: str) -> list[Finding]:
    numbers = {re.sub(r"\D", "", candidate) for candidate in candidates}
    valid = [number for number in numbers if is_nhs_number(number)]
    if len(valid) >= _LEAST_NUMBERS and len(valid) >= _VALID_SHARE * len(numbers):
        return [PATTERN.block(f"{len(valid)} of {len(numbers)} ten-digit numbers in {place} are NHS numbers")]
    return []


def _is_nhs(text: str) -> bool:
    return is_nhs_number(re.sub(r"\D", "", text))


def is_nhs_number(digits: str) -> bool:
    """Check digit modulo 11, weights 10 to 2 (NHS Data Dictionary); 999… is the range for tests."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == 10 and int(digits[9]) == (0 if rest == 11 else rest)
