"""Rulebook, "md, txt, log" and "ipynb": what a text carries beside its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from outputs_check.gate.result import Finding
from outputs_check.gate.rules.rowlevel import microdata_in_text
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict

NUMBERS = Rule(
    "text.review", "Rulebook, 'text, logs, notebooks'", "read every line; every number is an output"
)
ENCODED = Rule("text.encoded", "Rulebook, 'Files': base64 refused", "take the encoded bytes out")
DIGITS = Rule("text.digits", "Rulebook, 'Files': precision limited", "round the figures")
LISTING = Rule(
    "text.listing", "Rulebook, 'md, txt, log': every number", "submit the figures as a declared table"
)
TITLE = Rule(
    "text.title",
    "Rulebook, 'text, logs, notebooks': every number is an output",
    "leave the figures out of it",
)
_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?%?(?![\w])")
# Base64, base85's letters and hexadecimal: a word that no language has.
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}|(?:[0-9a-fA-F]{2}[ :]){24,}")
_DATA_URI = re.compile(r"data:[\w/+.-]{0,60};base64,", re.I)
_RUN = re.compile(r"\d{13,}")
_LONG_BLOB, _LONG_RUN = 200, 30
_SEPARATED = 20  # a path or a name of words has a separator at least as often
_LISTED, _LONG_LIST = 20, 100
_FIGURE_DIGITS = 5
_LONG_WORD = re.compile(r"[^\s|:=*_.#-]{300,}")


def in_text(text: str) -> list[Finding]:
    """List every number of a text, and what in it is no sentence."""
    return [_numbers(text), *smuggled(text)]


def smuggled(text: str) -> list[Finding]:
    """BLOCK for records and long encoded words, REVIEW for short ones, digit runs and lists of figures."""
    return [*microdata_in_text(text), *_encoded(text), *_digits(text), *_listing(text)]


def in_title(text: str) -> list[Finding]:
    """REVIEW for figures of a title: it leaves with the table, and nothing recomputes it.

    Years, ages, codes and round limits are short or end in zeros; a figure has five digits or more.
    """
    figures = [number for _, number in numbers(text) if _is_figure(number)]
    told = [TITLE.review(f"a title with figures: {', '.join(figures[:5])}")] if figures else []
    return [*told, *smuggled(text)]


def _is_figure(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return len(digits) >= _FIGURE_DIGITS and not digits.endswith("00")


def numbers(text: str) -> list[tuple[int, str]]:
    """Return (line from 1, number as written) of every number."""
    lines = enumerate(text.splitlines(), start=1)
    return [(line, found) for line, words in lines for found in _NUMBER.findall(words)]


def _numbers(text: str) -> Finding:
    found = numbers(text)
    cells = [f"line {line}: {number}" for line, number in found]
    return NUMBERS.finding(
        Verdict.REVIEW, f"text with {len(found)} numbers: a person has to read it", cells=cells
    )


def _encoded(text: str) -> list[Finding]:
    words = [word for word in _BLOB.findall(text) if _is_encoded(word)]
    size = sum(map(len, words))
    if _DATA_URI.search(text) or size >= _LONG_BLOB or _LONG_WORD.search(text):
        return [ENCODED.block(f"{max(size, _LONG_BLOB)} or more characters look like encoded bytes")]
    return [ENCODED.review(f"{size} characters look like encoded bytes")] if words else []


def _is_encoded(word: str) -> bool:
    """Not a rule of dashes, a path or an identifier of words: digits among letters of any case."""
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(word))
    cases = any(letter.isupper() for letter in word) and any(letter.islower() for letter in word)
    separators = word.count("/") + word.count("-") + word.count("_")
    return separators * _SEPARATED <= len(word) and (changes >= 4 or cases)


def _digits(text: str) -> list[Finding]:
    runs = [len(run) for run in _RUN.findall(text)]
    if not runs:
        return []
    verdict = Verdict.BLOCK if max(runs) >= _LONG_RUN else Verdict.REVIEW
    return [DIGITS.finding(verdict, f"{len(runs)} numbers have {min(runs)} to {max(runs)} digits on end")]


def _listing(text: str) -> list[Finding]:
    longest = max(_per_line(text), default=0)
    if longest < _LISTED:
        return []
    verdict = Verdict.BLOCK if longest >= _LONG_LIST else Verdict.REVIEW
    return [LISTING.finding(verdict, f"one line lists {longest} numbers")]


def _per_line(text: str) -> Iterator[int]:
    return (len(_NUMBER.findall(line)) for line in text.splitlines())
