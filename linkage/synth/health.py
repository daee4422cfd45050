"""NHS hospital episodes, primary care events and fit notes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.synth.arrays import Words, missing_where
from linkage.synth.lives import Lives
from linkage.synth.people import People
from linkage.synth.period import END, NEVER, random_day
from linkage.synth.places import deprivation_deciles, lsoa_codes


def _words(text: str) -> Words:
    return np.array(text.split(), dtype=object)


# By condition: mental, musculoskeletal, respiratory, injury, symptoms, circulatory, digestive, genitourinary,
# neoplasms, nervous system (the order of lives.py).
_CHAPTER = _words("V XIII X XIX XVIII IX XI XIV II VI")
_RARE_CHAPTERS = _words("I III IV VII VIII XII XV XVII XXI XXII")
_ICD10 = _words("F329 M545 J459 S525 R69X I10X K219 N390 C509 G439")
_SECONDARY = _words("I10X E119 J449 F419 Z720 E785 N183 M179")
_SPECIALTY = _words("710 110 340 110 300 320 100 100 800 300")
_OPERATION = _words("X999 W371 E852 W201 X559 K634 J183 M459 B283 A559")
_SNOMED = _words(
    "35489007 279039007 195967001 64859006 271649006 38341003 235595009 68566005 363406005 37796009"
)
_BLOOD_PRESSURE, _BODY_MASS, _DIABETES = "271649006", "60621009", "44054006"
_PROVIDERS = np.array(
    [f"R{letter}{digit}" for letter in "ABCDEGHJKLMN" for digit in "0123456789"], dtype=object
)
_ETHNIC = {
    "W1": "A", "W2": "B", "W3": "C", "W9": "C", "M1": "D", "M2": "E", "M3": "F", "M9": "G", "A1": "H",
    "A2": "J", "A3": "K", "A4": "R", "A9": "L", "B1": "N", "B2": "M", "B9": "P", "O1": "S", "O9": "S",
}  # fmt: skip


@dataclass(frozen=True)
class Health:
    """A block's records; `person` is the row in the block."""

    episodes: pd.DataFrame
    events: pd.DataFrame
    fitnotes: pd.DataFrame


def make(people: People, lives: Lives, rng: np.random.Generator) -> Health:
    """Everyone's records of six years."""
    practice = np.char.mod("P%05d", 10_000 + people.home.place * 100 + people.home.small_area % 12).astype(
        object
    )
    return Health(
        episodes=_episodes(people, lives, rng),
        events=_events(people, lives, practice, rng),
        fitnotes=_fitnotes(lives, practice, rng),
    )


def _fitnotes(lives: Lives, practice: Words, rng: np.random.Generator) -> pd.DataFrame:
    """Illness of people of working age raises fit notes, one a month at most."""
    noted = lives.ill & lives.of_working_age & (rng.random(lives.ill.shape) < 0.45)
    who, month = np.nonzero(noted)
    size = len(who)
    issued = random_day(rng, month)
    start = issued - (rng.random(size) < 0.3) * rng.integers(1, 7, size)
    days = np.where(
        lives.chronic[who, month], rng.choice([28, 56, 91], size), rng.choice([5, 7, 14, 28], size)
    )
    fit = rng.random(size) < 0.09
    rare = rng.random(size) < 0.02
    advice = rng.choice(_words("PHASED HOURS DUTIES WORKPLACE"), size, p=(0.45, 0.25, 0.2, 0.1))
    return pd.DataFrame({
        "person": who,
        "issued_date": issued,
        "from_date": start,
        "to_date": start + days - 1,
        "may_be_fit": np.where(fit, "Y", "N"),
        "adaptations": missing_where(~fit, advice),
        "diagnosis_group": np.where(rare, rng.choice(_RARE_CHAPTERS, size), _CHAPTER[lives.condition[who]]),
        "duration_days": days,
        "practice_code": practice[who],
    })  # fmt: skip


def _episodes(people: People, lives: Lives, rng: np.random.Generator) -> pd.DataFrame:
    """Stays in hospital, each of one to three consultant episodes."""
    maternal = people.female[:, None] & (lives.age > 19) & (lives.age < 43)
    risk = 0.004 + 0.0002 * np.maximum(lives.age - 50, 0) + 0.07 * lives.ill + 0.005 * maternal
    who, month = np.nonzero(lives.alive & (rng.random(risk.shape) < risk))
    birth = maternal[who, month] & (rng.random(len(who)) < 0.6) & ~lives.ill[who, month]
    stays = pd.DataFrame(
        {"person": who, "month": month, "birth": birth, "admission_date": random_day(rng, month)}
    )
    stays["discharge_date"] = stays["admission_date"] + pd.to_timedelta(
        rng.geometric(0.3, len(who)) - 1, unit="D"
    )
    stays["spell"] = np.arange(len(stays))
    stays["admission_method"] = _methods(stays, lives, rng)
    times = rng.choice([1, 2, 3], len(stays), p=(0.85, 0.12, 0.03))
    table = stays.loc[stays.index.repeat(times)].reset_index(drop=True)
    table["episode_order"] = table.groupby("spell").cumcount() + 1
    return _described(table, people, lives, rng)


def _methods(stays: pd.DataFrame, lives: Lives, rng: np.random.Generator) -> Words:
    size = len(stays)
    ill = lives.ill[stays["person"], stays["month"]]
    emergency = rng.choice(_words("21 22 24 2A 28"), size, p=(0.75, 0.12, 0.06, 0.04, 0.03))
    elective = rng.choice(_words("11 12 13"), size, p=(0.5, 0.3, 0.2))
    urgent = ill & (rng.random(size) < 0.7)
    methods: Words = np.select([stays["birth"], urgent], ["31", emergency], elective)
    return methods


def _described(table: pd.DataFrame, people: People, lives: Lives, rng: np.random.Generator) -> pd.DataFrame:
    """Diagnoses, operations, specialty, area: what an episode says beyond its dates."""
    size, who = len(table), table["person"].to_numpy()
    condition = lives.condition[who]
    table["diagnosis_01"] = np.where(table["birth"], "O809", _ICD10[condition])
    told = rng.geometric(0.55, size)
    for number in range(2, 7):
        table[f"diagnosis_0{number}"] = missing_where(told < number, rng.choice(_SECONDARY, size))
    operated = np.where(rng.random(size) < 0.4, rng.geometric(0.7, size), 0)
    for number in range(1, 5):
        table[f"operation_0{number}"] = missing_where(operated < number, rng.choice(_OPERATION, size))
    table["main_specialty"] = np.where(table["birth"], "501", _SPECIALTY[condition])
    place, area = people.lives(table["admission_date"].to_numpy(), who)
    table["provider_code"] = _PROVIDERS[place % len(_PROVIDERS)]
    table["lsoa_code"] = lsoa_codes(place, area)
    table["ethnic_category"] = np.where(
        rng.random(size) < 0.08, "Z", np.array([_ETHNIC[code] for code in people.ethnic], dtype=object)[who]
    )
    table["imd_decile"] = pd.array(deprivation_deciles(place, area), dtype="Int64")
    table.loc[table["lsoa_code"].isna(), "imd_decile"] = pd.NA
    unfinished = table["discharge_date"] > END
    table["episode_status"] = np.where(unfinished, "1", "3")
    table.loc[unfinished, "discharge_date"] = NEVER
    return table.drop(columns=["month", "birth"])


def _events(people: People, lives: Lives, practice: Words, rng: np.random.Generator) -> pd.DataFrame:
    """Measurements at routine visits and a coded problem in some months of illness."""
    visits = lives.alive & (rng.random(lives.alive.shape) < 0.012 + 0.0009 * lives.age)
    problems = lives.ill & (rng.random(lives.ill.shape) < 0.5)
    parts = [_measurements(lives, visits, rng), _problems(lives, problems, rng)]
    table = pd.concat(parts, ignore_index=True)
    who = table["person"].to_numpy()
    table["event_date"] = random_day(rng, table.pop("month").to_numpy())
    table["practice_code"] = practice[who]
    return table


def _measurements(lives: Lives, visits: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    who, month = np.nonzero(visits)
    size, age = len(who), lives.age[who, month]
    pressure = rng.random(size) < 0.65
    value = np.where(
        pressure, 112 + 0.35 * age + rng.normal(0, 11, size), 26 + 0.02 * age + rng.normal(0, 4.2, size)
    )
    return pd.DataFrame({
        "person": who,
        "month": month,
        "snomed_code": np.where(pressure, _BLOOD_PRESSURE, _BODY_MASS).astype(object),
        "value": np.round(np.maximum(value, 12.0), 1),
        "unit": np.where(pressure, "mm[Hg]", "kg/m2").astype(object),
    })  # fmt: skip


def _problems(lives: Lives, problems: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    who, month = np.nonzero(problems)
    diabetic = rng.random(len(who)) < 0.04
    return pd.DataFrame(
        {
            "person": who,
            "month": month,
            "snomed_code": np.where(diabetic, _DIABETES, _SNOMED[lives.condition[who]]),
            "value": np.full(len(who), np.nan),
            "unit": np.full(len(who), None, dtype=object),
        }
    )
