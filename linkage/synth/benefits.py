"""DWP's benefit spells: out of work, ill, disabled, caring, retired; and a few of benefits long closed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from linkage.synth.arrays import Flags, Ints, Words, missing_where
from linkage.synth.lives import PENSION_AGE, Lives, Runs, runs
from linkage.synth.people import People
from linkage.synth.period import MONTHS, NEVER, random_day
from linkage.synth.places import lsoa_codes, places

# Weekly pence: typical award and most that is paid (the maximum of dwp_spells.toml).
AWARDS = {
    "JSA": (8480, 14245),
    "ESA": (12900, 21990),
    "IS": (9000, 14245),
    "IB": (11200, 16500),
    "SDA": (9300, 14000),
    "UC": (16500, 120000),
    "PIP": (11300, 18430),
    "DLA": (8200, 18430),
    "AA": (9100, 10855),
    "CA": (7690, 8190),
    "PC": (6900, 50000),
    "SP": (17800, 45000),
    "HB": (10500, 60000),
    "BB": (12400, 25000),
    "WB": (12100, 25000),
}
_CONDITIONS = np.array(
    [
        "MENTAL",
        "MUSCULO",
        "CIRCULATORY",
        "INJURY",
        "OTHER",
        "CIRCULATORY",
        "OTHER",
        "OTHER",
        "OTHER",
        "NERVOUS",
    ],
    dtype=object,
)
_WITH_CONDITION = ("ESA", "IB", "PIP")
_OUT_OF_WORK = ("JSA", "UC", "IS")


def _delayed(state: Flags, months: int) -> Flags:
    """A state from the month on in which it has lasted some months."""
    result = state.copy()
    for back in range(1, months + 1):
        result[:, back:] &= state[:, :-back]
    return result


def _states(people: People, lives: Lives, rng: np.random.Generator) -> Iterator[tuple[str, Flags]]:
    """Months in which each benefit is paid."""
    size = len(people)

    def some(share: float) -> Flags:
        return rng.random((size, 1)) < share

    age, alive = lives.age, lives.alive
    adult, retired = lives.of_working_age & alive, (age >= PENSION_AGE) & alive
    workless = _delayed(lives.seeking & adult, 1)
    sick = _delayed(lives.ill & ~lives.working & adult, 2)
    insured = some(0.2)
    yield "JSA", workless & ~sick & insured
    yield "UC", ((workless | sick) & ~insured & some(0.9)) | (lives.working & adult & some(0.03))
    yield "ESA", sick & insured
    yield "PIP", _delayed(lives.chronic & adult, 5) & some(0.45)
    yield "CA", adult & ~lives.working & some(0.06)
    yield "SP", retired & some(0.98)
    yield "PC", retired & some(0.12)
    yield "AA", (age >= 75) & _delayed(lives.chronic & alive, 3) & some(0.6)
    yield "HB", alive & (age >= 50) & (age[:, :1] >= 45) & some(0.05)
    yield "DLA", alive & (age < 16) & some(0.03)
    yield "IS", adult & ~lives.working & (age[:, :1] > 20) & some(0.012)
    yield "IB", adult & ~lives.working & (age[:, :1] > 45) & some(0.006)
    yield "SDA", alive & (age[:, :1] > 55) & some(0.0012)
    yield "BB", adult & people.female[:, None] & (age[:, :1] > 40) & some(0.004)
    yield "WB", adult & people.female[:, None] & (age[:, :1] > 50) & some(0.002)


def spells(people: People, lives: Lives, rng: np.random.Generator) -> pd.DataFrame:
    """Spells of a block: columns of dwp_spells.toml but for the keys; `person` is the row in the block."""
    lone_parent = (
        (rng.random(len(people)) < 0.07) & people.female & (lives.age[:, 0] > 18) & (lives.age[:, 0] < 55)
    )
    disabled = lives.chronic.any(axis=1) & (rng.random(len(people)) < 0.8)
    unsaid = rng.random(len(people)) < 0.12
    frames = [
        _spells_of(benefit, runs(state), people, lives, rng) for benefit, state in _states(people, lives, rng)
    ]
    table = pd.concat(frames, ignore_index=True)
    who = table["person"].to_numpy()
    table["lone_parent"] = np.where(lone_parent[who] & table["benefit"].isin(_OUT_OF_WORK), "Y", "N")
    table["ethnic_group"] = missing_where(unsaid[who], people.ethnic[who])
    table["disability_indicator"] = np.where(disabled[who], "Y", "N")
    conditions, ailing = _CONDITIONS[lives.condition[who]], table["benefit"].isin(_WITH_CONDITION)
    table["primary_condition"] = missing_where(~ailing, conditions)
    return table


def _spells_of(
    benefit: str, found: Runs, people: People, lives: Lives, rng: np.random.Generator
) -> pd.DataFrame:
    size, who = len(found), found.person
    start, end = random_day(rng, found.first), random_day(rng, found.last)
    end = np.where(found.first == found.last, np.maximum(start, end), end)
    before = (rng.gamma(1.2, 500, size)).astype(np.int64)
    start = np.where(found.first == 0, np.maximum(start - np.minimum(before, 9000), people.birth[who]), start)
    live = found.last == MONTHS - 1
    place, area = people.lives(start, who)
    duration = (end - start).astype(np.int64) + 1
    out_of_work = benefit in _OUT_OF_WORK
    sanctions = (
        rng.poisson(np.minimum(duration / 900, 1.5), size) if out_of_work else np.zeros(size, dtype=np.int64)
    )
    works = lives.working[who, np.minimum(found.last + 1, MONTHS - 1)]
    return pd.DataFrame({
        "person": who,
        "benefit": np.full(size, benefit, dtype=object),
        "start_date": start,
        "end_date": np.where(live, NEVER, end),
        "claim_type": rng.choice(np.array(["NEW", "REPEAT", "MOVED"], dtype=object), size, p=(0.7, 0.2, 0.1)),
        "la_code": places().la_code[place],
        "lsoa_code": lsoa_codes(place, area),
        "jcp_district": np.char.mod("JC%02d", 1 + place % 37).astype(object),
        "weekly_award": _awards(benefit, size, found, rng),
        "duration_days": pd.array(np.where(live, 0, duration), dtype="Int64"),
        "end_reason": missing_where(live, _reasons(people, lives, found, works, rng)),
        "sanctions": np.minimum(sanctions, 12),
    }).assign(duration_days=lambda table: table["duration_days"].mask(table["end_date"].isna()))  # fmt: skip


def _awards(benefit: str, size: int, found: Runs, rng: np.random.Generator) -> Ints:
    typical, most = AWARDS[benefit]
    spread = 0.55 if benefit in {"UC", "HB", "PC"} else 0.10
    uprated = typical * 1.03 ** (found.last / 12)
    pence: Ints = np.clip(np.rint(uprated * rng.lognormal(0, spread, size) / 5) * 5, 100, most).astype(
        np.int64
    )
    return pence


def _reasons(people: People, lives: Lives, found: Runs, works: Flags, rng: np.random.Generator) -> Words:
    following = np.minimum(found.last + 1, MONTHS - 1)
    died = ~lives.alive[found.person, following]
    pensioner = (lives.age[found.person, following] >= PENSION_AGE) & (
        lives.age[found.person, found.last] < PENSION_AGE
    )
    other = rng.choice(
        np.array(["INCOME", "FAILED", "MOVED", "FIT", "OTHER"], dtype=object),
        len(found),
        p=(0.3, 0.2, 0.2, 0.1, 0.2),
    )
    reasons: Words = np.select([died, pensioner, works], ["DIED", "AGE", "WORK"], other)
    return reasons
