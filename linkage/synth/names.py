"""Names as frequent as names are: a few common, a long tail, by origin and sex."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.synth.arrays import Ints, Words

ORIGINS = ("british", "asian", "black", "other")
_HERE = Path(__file__).parent
_STEMS = (
    "Ash Black Brad Brook Clay Crow Dun East Elm Fair Green Had Hart Hather Hol King Lang Lin Mar Mil "
    "Nor Oak Pem Rad Red Sal Stan Thorn Wal Whit Win Wood"
)
_ENDINGS = "bourne bridge bury by combe croft dale den field ford gate ham ley more side ton well wick worth"
_TAIL = 0.35  # share of British surnames from the long tail


def _read(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def forenames() -> Mapping[tuple[str, str], Words]:
    """Forenames by (origin, sex M or F), commonest first."""
    rows = _read("forenames.csv")
    keys = {(row["origin"], row["sex"]) for row in rows}
    return {
        key: np.array([row["name"] for row in rows if (row["origin"], row["sex"]) == key], dtype=object)
        for key in keys
    }


@cache
def surnames() -> Mapping[str, Words]:
    """Surnames by origin, commonest first."""
    rows = _read("surnames.csv")
    return {
        origin: np.array([row["name"] for row in rows if row["origin"] == origin], dtype=object)
        for origin in ORIGINS
    }


@cache
def nicknames() -> Mapping[str, str]:
    """What some people are called instead of their forename."""
    return {row["name"]: row["nickname"] for row in _read("nicknames.csv")}


@cache
def rare_surnames() -> Words:
    """Surnames of the long tail, made of an English place name's parts."""
    return np.array([stem + ending for stem in _STEMS.split() for ending in _ENDINGS.split()], dtype=object)


def draw(rng: np.random.Generator, words: Words, count: int) -> Words:
    """Draw words with a frequency that falls with their rank (Zipf-Mandelbrot)."""
    weights = 1 / (np.arange(len(words)) + 6.0)
    drawn: Words = words[rng.choice(len(words), size=count, p=weights / weights.sum())]
    return drawn


def draw_forenames(rng: np.random.Generator, origin: Ints, female: NDArray[np.bool_]) -> Words:
    """A forename for each person."""
    result = np.empty(len(origin), dtype=object)
    for number, name in enumerate(ORIGINS):
        for letter, sex in (("F", female), ("M", ~female)):
            here = (origin == number) & sex
            result[here] = draw(rng, forenames()[name, letter], int(here.sum()))
    return result


def draw_surnames(rng: np.random.Generator, origin: Ints) -> Words:
    """A surname for each person; two in a hundred are double-barrelled."""
    result = np.empty(len(origin), dtype=object)
    for number, name in enumerate(ORIGINS):
        here = origin == number
        result[here] = draw(rng, surnames()[name], int(here.sum()))
    rare = (origin == 0) & (rng.random(len(origin)) < _TAIL)
    result[rare] = rng.choice(rare_surnames(), size=int(rare.sum()))
    double = rng.random(len(origin)) < 0.02
    result[double] = result[double] + "-" + draw(rng, surnames()["british"], int(double.sum()))
    return result
