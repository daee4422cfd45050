"""Six years month by month: who is ill, who works, who claims what.

The causes are few and written down here, so that an analysis finds something true: age, deprivation and a
spring like that of 2020 put people out of work; illness costs people their job and keeps them from the next;
being out of work or long ill leads to a claim. Shapes are (people, 72) unless said otherwise.
"""

from dataclasses import dataclass

import numpy as np

from linkage.synth.arrays import Flags, Floats, Ints
from linkage.synth.people import People
from linkage.synth.period import MONTH_STARTS, MONTHS, age_by_month
from linkage.synth.places import places

PENSION_AGE = 66.0
_SLUMP = range(12, 18)  # April to September 2020


@dataclass(frozen=True)
class Lives:
    """States by month. `chronic` lasts years; `skill` and `condition` are fixed, shape (people,)."""

    age: Floats
    alive: Flags
    ill: Flags
    chronic: Flags
    seeking: Flags
    working: Flags
    skill: Floats
    condition: Ints

    @property
    def of_working_age(self) -> Flags:
        return (self.age >= 16) & (self.age < PENSION_AGE)


def simulate(people: People, rng: np.random.Generator) -> Lives:
    """Walk everyone through the 72 months."""
    count = len(people)
    age = age_by_month(people.birth)
    alive = ~(people.death[:, None] <= MONTH_STARTS[None, :MONTHS])
    deprived = places().deprivation[people.home.place]
    ill, chronic = _illness(rng, age, alive, deprived)
    skill = rng.normal(0, 0.35, count) - 0.12 * deprived
    seeking, working = _work(rng, age, alive, ill, chronic, deprived, skill)
    return Lives(age, alive, ill, chronic, seeking, working, skill, rng.choice(10, size=count, p=_CONDITIONS))


# Shares of the conditions of health.py: mental, musculoskeletal, respiratory, injury, symptoms, circulatory,
# digestive, genitourinary, neoplasms, nervous system.
_CONDITIONS = (0.34, 0.22, 0.10, 0.09, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01)


def _illness(rng: np.random.Generator, age: Floats, alive: Flags, deprived: Floats) -> tuple[Flags, Flags]:
    count = len(age)
    ill = np.zeros((count, MONTHS), dtype=bool)
    chronic = np.zeros((count, MONTHS), dtype=bool)
    now = rng.random(count) < 0.02 + 0.0012 * np.maximum(age[:, 0] - 25, 0)
    long = now & (rng.random(count) < 0.5)
    for month in range(MONTHS):
        risk = 0.007 * np.exp(0.018 * (age[:, month] - 40)) * (1 + 0.6 * deprived)
        stays = np.where(long, 0.985, 0.62)
        draw = rng.random(count)
        begins = ~now & (draw < risk)
        long = np.where(begins, rng.random(count) < 0.12, long)
        now = np.where(now, draw < stays, begins)
        long &= now
        ill[:, month], chronic[:, month] = now, long
    return ill & alive, chronic & alive


def _work(
    rng: np.random.Generator,
    age: Floats,
    alive: Flags,
    ill: Flags,
    chronic: Flags,
    deprived: Floats,
    skill: Floats,
) -> tuple[Flags, Flags]:
    """Who looks for work and who has it; the inactive (students, carers, early retired) do neither."""
    count = len(age)
    attached = rng.random(count) < 0.86
    finishes = 16 + rng.gamma(2.0, 1.6, count)
    leaves = PENSION_AGE + rng.normal(-2.5, 3.5, count)
    seeking = np.zeros((count, MONTHS), dtype=bool)
    working = np.zeros((count, MONTHS), dtype=bool)
    has_job = rng.random(count) < 0.93 - 0.05 * deprived - 0.5 * chronic[:, 0]
    for month in range(MONTHS):
        active = attached & alive[:, month] & (age[:, month] > finishes) & (age[:, month] < leaves)
        slump = 2.5 if month in _SLUMP else 1.0
        young = np.where(age[:, month] < 25, 1.8, 1.0)
        loses = 0.0055 * slump * young * (1 + 0.5 * deprived) * np.exp(-0.8 * skill)
        loses = loses + 0.03 * ill[:, month] + 0.03 * chronic[:, month]
        finds = 0.15 / slump * (1 - 0.35 * deprived) * np.exp(0.8 * skill)
        finds = finds * np.where(chronic[:, month], 0.10, np.where(ill[:, month], 0.4, 1.0))
        draw = rng.random(count)
        has_job = np.where(has_job, draw >= loses, draw < finds)
        working[:, month] = active & has_job
        seeking[:, month] = active & ~has_job
    return seeking, working


@dataclass(frozen=True)
class Runs:
    """Unbroken runs of months of a state: person, first and last month (both within it)."""

    person: Ints
    first: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.person)

    def where(self, keep: Flags) -> "Runs":
        """Only some of the runs."""
        return Runs(self.person[keep], self.first[keep], self.last[keep])


def runs(state: Flags) -> Runs:
    """The runs of a state, by person and time."""
    edges = np.diff(np.pad(state, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    person, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1] - 1
    return Runs(person, first, last)
