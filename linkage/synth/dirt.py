"""What a supplier's records make of people: missing, mistyped, out of date, twice (EXTRACTS.md, "Dirt").

Nothing is missing at random: the young, those who moved and some ethnic groups are missed more often.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.synth import names
from linkage.synth.arrays import Flags, Floats, Ints, Words, missing_where
from linkage.synth.people import People
from linkage.synth.period import END, START


@dataclass(frozen=True)
class Habits:
    """How one supplier keeps its records: what it holds, how it writes it, how often it is missing."""

    number: str
    number_missing: float
    postcode_missing: float
    letters: Callable[[str], str]
    sexes: tuple[str, str, str]
    slashed_dates: bool
    keeps_previous: bool
    keeps_address_date: bool


HABITS = {
    "dwp": Habits("nino", 0.07, 0.10, str.upper, ("M", "F", "U"), False, True, True),
    "hmrc": Habits("nino", 0.04, 0.17, str.title, ("M", "F", "U"), True, False, False),
    "nhs": Habits("nhs_number", 0.08, 0.08, lambda name: name, ("1", "2", "9"), False, True, True),
}


def identifiers(people: People, person: Ints, supplier: str, rng: np.random.Generator) -> pd.DataFrame:
    """One record per element of `person` (rows of the block; a duplicate stands twice), without its key."""
    habits = HABITS[supplier]
    size = len(person)
    moved = ~np.isnat(people.moved_on[person])
    more = _missed_more(people, person, moved)
    current = moved & (rng.random(size) < 0.75)
    forename, surname = _forenames(people, person, habits, rng), _surnames(people, person, supplier, rng)
    forename, surname = _swapped(forename, surname, rng)
    changed = people.married[person] != people.surname[person]
    postcode = np.where(current, people.home_after.postcode[person], people.home.postcode[person])
    columns: dict[str, Words] = {
        habits.number: _numbers(people, person, habits, more, rng),
        "forename": _blank(forename, 0.004 * more, rng),
        "surname": _blank(surname, 0.002 * more, rng),
        "date_of_birth": _dates_of_birth(people.birth[person], habits, rng),
        "sex": _sexes(people.female[person], habits, rng),
        "postcode": _postcodes(postcode, habits.postcode_missing * more, rng),
    }
    if habits.keeps_previous:
        shown = changed & (surname != _written(people.surname[person], habits)) & (rng.random(size) < 0.7)
        columns["previous_surname"] = missing_where(~shown, _written(people.surname[person], habits))
    if habits.keeps_address_date:
        since = START - rng.integers(100, 5000, size)
        day = np.where(current, np.minimum(people.moved_on[person], END), since)
        unknown = pd.isna(columns["postcode"]) | (rng.random(size) < 0.1)
        columns["postcode_from"] = missing_where(unknown, day.astype(str))
    return pd.DataFrame(columns)


def _missed_more(people: People, person: Ints, moved: Flags) -> Floats:
    age = (START - people.birth[person]).astype(np.int64) / 365.25
    factor: Floats = 1 + 0.9 * ((age > 15) & (age < 30)) + 0.8 * moved + 0.6 * (people.origin[person] > 0)
    return factor


def _blank(values: Words, chance: Floats | float, rng: np.random.Generator) -> Words:
    return missing_where(rng.random(len(values)) < chance, values)


def _some(
    values: Words, share: float, change: Callable[[str], str | None], rng: np.random.Generator
) -> Words:
    """Change a share of the values that are there."""
    result = values.copy()
    for row in np.flatnonzero(rng.random(len(values)) < share):
        if result[row] is not None:
            result[row] = change(result[row])
    return result


def _written(values: Words, habits: Habits) -> Words:
    return np.array([habits.letters(value) for value in values], dtype=object)


def _mistype(rng: np.random.Generator) -> Callable[[str], str]:
    """One slip of a finger: a letter dropped, doubled, replaced by another or swapped with the next."""

    def change(value: str) -> str:
        if len(value) < 3:
            return value
        at = int(rng.integers(1, len(value) - 1))
        other = "aeiourstnlm"[int(rng.integers(11))]
        slips = (
            value[:at] + value[at + 1 :],
            value[:at] + value[at] + value[at:],
            value[:at] + (other.upper() if value.isupper() else other) + value[at + 1 :],
            value[:at] + value[at + 1] + value[at] + value[at + 2 :],
        )
        return slips[int(rng.integers(len(slips)))]

    return change


def _plain(value: str) -> str:
    """As an old system keeps it: no hyphen, apostrophe or diacritic."""
    ascii_only = value.translate(str.maketrans("ëéèêáãçíñóöøüŞİ", "eeeeaacinooouSI"))
    return ascii_only.replace("'", "").replace("-", " ")


def _forenames(people: People, person: Ints, habits: Habits, rng: np.random.Generator) -> Words:
    names_now = people.forename[person].copy()
    names_now = _some(names_now, 0.05, lambda name: names.nicknames().get(name, name), rng)
    names_now = _some(names_now, 0.025, lambda name: name[0], rng)
    names_now = _some(names_now, 0.02, _mistype(rng), rng)
    names_now = _some(names_now, 0.5, _plain, rng)
    title = np.where(people.female[person], "Mrs ", "Mr ")
    titled = rng.random(len(person)) < 0.008
    names_now = np.where(titled, title + names_now, names_now)
    names_now = _some(names_now, 0.002, lambda _: ("Unknown", "Baby")[int(rng.integers(2))], rng)
    return _written(names_now, habits)


def _surnames(people: People, person: Ints, supplier: str, rng: np.random.Generator) -> Words:
    """Who married is known to each supplier by either name; HMRC hears of it last."""
    heard = rng.random(len(person)) < {"dwp": 0.8, "hmrc": 0.35, "nhs": 0.6}[supplier]
    surname = np.where(heard, people.married[person], people.surname[person])
    surname = _some(surname, 0.018, _mistype(rng), rng)
    surname = _some(surname, 0.5, _plain, rng)
    return _written(surname, HABITS[supplier])


def _swapped(forename: Words, surname: Words, rng: np.random.Generator) -> tuple[Words, Words]:
    swap = rng.random(len(forename)) < 0.004
    return np.where(swap, surname, forename), np.where(swap, forename, surname)


def _numbers(people: People, person: Ints, habits: Habits, more: Floats, rng: np.random.Generator) -> Words:
    if habits.number == "nhs_number":
        held = _some(people.nhs_number[person], 0.006, _swap_digits(rng, 3, 9), rng)
        return _blank(held, habits.number_missing * more, rng)
    shared = rng.random(len(person)) < 0.0008  # a relative's number, by error
    relative = np.where(people.household[person] != people.index[person], person - 1, person)
    held = people.nino[np.where(shared, relative, person)]
    held = _some(held, 0.018, _swap_digits(rng, 2, 7), rng)
    held = _some(held, 0.05, lambda number: number[:8], rng)
    held = _some(held, 0.004, lambda number: "TN" + number[2:8] + "FM"[int(rng.integers(2))], rng)
    age = (END - people.birth[person]).astype(np.int64) / 365.25
    return _blank(held, np.where(age < 16, 1.0, habits.number_missing * more), rng)


def _swap_digits(rng: np.random.Generator, low: int, high: int) -> Callable[[str], str]:
    """Mistype one digit, or swap two neighbours, from place `low` to before `high`."""

    def change(number: str) -> str:
        at = int(rng.integers(low, high - 1))
        if rng.random() < 0.5 and number[at] != number[at + 1]:
            return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        return number[:at] + str((int(number[at]) + int(rng.integers(1, 10))) % 10) + number[at + 1 :]

    return change


def _dates_of_birth(birth: NDArray[np.datetime64], habits: Habits, rng: np.random.Generator) -> Words:
    size = len(birth)
    iso = birth.astype(str).astype(object)
    iso = _some(iso, 0.012, lambda day: f"{day[:4]}-{day[8:]}-{day[5:7]}" if day[8:] <= "12" else day, rng)
    iso = _some(iso, 0.008, lambda day: f"{day[:4]}-01-01", rng)
    iso = _some(iso, 0.006, lambda day: day[:8] + f"{1 + int(rng.integers(28)):02d}", rng)
    iso = _some(iso, 0.003, lambda _: "1900-01-01", rng)
    slashed = rng.random(size) < (0.97 if habits.slashed_dates else 0.01)
    turned = np.array([f"{day[8:]}/{day[5:7]}/{day[:4]}" for day in iso], dtype=object)
    return _blank(np.where(slashed, turned, iso), 0.004, rng)


def _sexes(female: Flags, habits: Habits, rng: np.random.Generator) -> Words:
    male, woman, unknown = habits.sexes
    wrong = rng.random(len(female)) < 0.003
    codes = np.where(female ^ wrong, woman, male).astype(object)
    codes[rng.random(len(female)) < 0.008] = unknown
    return codes


def _postcodes(values: Words, missing: Floats, rng: np.random.Generator) -> Words:
    values = _some(values, 0.012, _swap_last_letters, rng)
    values = _some(values, 0.006, lambda _: ("ZZ99 3VZ", "ZZ99 3CZ", "ZZ99 3WZ")[int(rng.integers(3))], rng)
    values = _some(values, 0.06, lambda code: code.replace(" ", ""), rng)
    values = _some(values, 0.03, str.lower, rng)
    return _blank(values, missing, rng)


def _swap_last_letters(code: str) -> str:
    return code[:-2] + code[-1] + code[-2]
