"""People who do not exist, in households: the truth that three suppliers each see a part of."""

from dataclasses import dataclass

import numpy as np

from linkage.synth import names, numbers
from linkage.synth.arrays import Flags, Ints, Words
from linkage.synth.period import END, NEVER, START, Days
from linkage.synth.places import SMALL_AREAS, places, postcodes

BLOCK = 5_000  # people made at a time: a constant, so that the same seed makes the same people at any size
_LONDON = "E12000007"
_ETHNIC = (
    (("W1", "W2", "W3"), (0.972, 0.025, 0.003)),
    (("A1", "A2", "A3", "A4", "A9"), (0.36, 0.30, 0.14, 0.05, 0.15)),
    (("B1", "B2", "B9", "M1", "M2"), (0.50, 0.25, 0.10, 0.12, 0.03)),
    (("W9", "O1", "O9", "M9", "M3"), (0.66, 0.08, 0.12, 0.09, 0.05)),
)


@dataclass(frozen=True)
class Home:
    """Where each person lives from a day on: place, small area, postcode."""

    place: Ints
    small_area: Ints
    postcode: Words


@dataclass(frozen=True)
class People:
    """A block of people, one array element each, ordered by household.

    `surname` is the one at birth or before a marriage, `married` the one after `married_on`; who never
    changes it or moves has NaT there. `index` counts people over all blocks.
    """

    index: Ints
    household: Ints
    female: Flags
    birth: Days
    death: Days
    origin: Ints
    ethnic: Words
    forename: Words
    surname: Words
    married: Words
    married_on: Days
    home: Home
    home_after: Home
    moved_on: Days
    nino: Words
    nhs_number: Words

    def __len__(self) -> int:
        return len(self.index)

    def lives(self, when: Days, which: Ints) -> tuple[Ints, Ints]:
        """Place and small area of the people `which` on given days."""
        after = self.moved_on[which] <= when
        place = np.where(after, self.home_after.place[which], self.home.place[which])
        area = np.where(after, self.home_after.small_area[which], self.home.small_area[which])
        return place, area


def make(block: int, seed: int) -> People:
    """Make one block of BLOCK people."""
    rng = np.random.default_rng([seed, block, 0])
    index = block * BLOCK + np.arange(BLOCK, dtype=np.int64)
    position, head = _households(rng)
    birth = _births(rng, position, head)
    female = _sexes(rng, position, head)
    home = _home(rng, np.arange(BLOCK), head)
    origin = _origins(rng, home.place)[head]
    forename = _twins_and_namesakes(
        rng, position, head, female, birth, names.draw_forenames(rng, origin, female)
    )
    surname, married, married_on = _surnames(rng, origin, position, head, female, birth)
    moved_on, home_after = _moves(rng, birth, home)
    return People(
        index=index,
        household=index[head],
        female=female,
        birth=birth,
        death=_deaths(rng, birth),
        origin=origin,
        ethnic=_ethnic(rng, origin),
        forename=forename,
        surname=surname,
        married=married,
        married_on=married_on,
        home=home,
        home_after=home_after,
        moved_on=moved_on,
        nino=numbers.ninos(index).astype(object),
        nhs_number=numbers.nhs_numbers(index).astype(object),
    )


def _households(rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Place of each person in the household (0 the head) and the number of its head."""
    starts = rng.random(BLOCK) < 0.42
    starts[0] = True
    head = np.maximum.accumulate(np.where(starts, np.arange(BLOCK), 0))
    return np.arange(BLOCK) - head, head


def _births(rng: np.random.Generator, position: Ints, head: Ints) -> Days:
    own = np.clip(rng.gamma(7.0, 7.3, BLOCK), 19, 96)
    partner = own[head] + rng.normal(0, 4, BLOCK)
    child = own[head] - rng.uniform(19, 42, BLOCK)
    age = np.select([position == 0, position == 1], [own, np.maximum(partner, 18)], child)
    age = np.where(age < 0.1, rng.uniform(0.1, 18, BLOCK), age)
    return START - (age * 365.25).astype(np.int64)


def _sexes(rng: np.random.Generator, position: Ints, head: Ints) -> Flags:
    female = rng.random(BLOCK) < 0.507
    couple = (position == 1) & (rng.random(BLOCK) < 0.93)
    return np.where(couple, ~female[head], female)


def _origins(rng: np.random.Generator, place: Ints) -> Ints:
    diverse = np.where(places().region_code[place] == _LONDON, 2.6, 1.0) * np.where(
        places().deprivation[place] > 0.5, 1.5, 1.0
    )
    draw = rng.random(BLOCK) / diverse
    return np.select([draw < 0.07, draw < 0.105, draw < 0.16], [1, 2, 3], 0)


def _ethnic(rng: np.random.Generator, origin: Ints) -> Words:
    codes = np.empty(BLOCK, dtype=object)
    for number, (choices, shares) in enumerate(_ETHNIC):
        here = origin == number
        codes[here] = rng.choice(np.array(choices, dtype=object), size=int(here.sum()), p=shares)
    return codes


def _twins_and_namesakes(
    rng: np.random.Generator, position: Ints, head: Ints, female: Flags, birth: Days, forename: Words
) -> Words:
    """Give some children their elder sibling's birthday (in place) and some sons their father's name."""
    twin = np.flatnonzero((position >= 3) & (rng.random(BLOCK) < 0.04))
    birth[twin] = birth[twin - 1]
    same = (position >= 2) & (female == female[head]) & (rng.random(BLOCK) < 0.02)
    return np.where(same, forename[head], forename)


def _surnames(
    rng: np.random.Generator, origin: Ints, position: Ints, head: Ints, female: Flags, birth: Days
) -> tuple[Words, Words, Days]:
    """Surname, surname after a marriage in the period, day of the marriage."""
    drawn = names.draw_surnames(rng, origin)
    family = (position >= 2) | ((position == 1) & (rng.random(BLOCK) < 0.75))
    surname = np.where(family, drawn[head], drawn)
    age = (START - birth).astype(np.int64) / 365.25
    marries = female & (age > 19) & (age < 50) & (rng.random(BLOCK) < 0.16)
    day = START + rng.integers(30, 2100, BLOCK)
    married = np.where(marries, names.draw_surnames(rng, origin), surname)
    return surname, married, np.where(marries, day, NEVER)


def _home(rng: np.random.Generator, who: Ints, head: Ints) -> Home:
    place = rng.choice(len(places().share), size=len(who), p=places().share)[head]
    area = rng.integers(SMALL_AREAS, size=len(who))[head]
    return Home(place, area, postcodes(rng, place, area)[head])


def _moves(rng: np.random.Generator, birth: Days, home: Home) -> tuple[Days, Home]:
    """One in ten moves in the period, the young more often; seven of ten stay in their local authority."""
    age = (START - birth).astype(np.int64) / 365.25
    moves = rng.random(BLOCK) < np.where((age > 17) & (age < 35), 0.20, 0.07)
    day = np.where(moves, START + rng.integers(30, 2150, BLOCK), NEVER)
    fresh = _home(rng, np.arange(BLOCK), np.arange(BLOCK))
    stays = rng.random(BLOCK) < 0.7
    place = np.where(stays, home.place, fresh.place)
    return day, Home(place, fresh.small_area, postcodes(rng, place, fresh.small_area))


def _deaths(rng: np.random.Generator, birth: Days) -> Days:
    """Day of death in the period by a Gompertz hazard (doubling every eight years of age), NaT if none."""
    age = (START - birth).astype(np.int64) / 365.25
    hazard = np.minimum(0.00035 * np.exp(0.088 * (age - 30)), 0.6)
    day = START + (rng.exponential(1 / hazard) * 365.25).clip(0, 10**5).astype(np.int64)
    return np.where(day < END, day, NEVER)
