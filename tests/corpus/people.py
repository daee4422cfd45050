"""The made-up people of the corpus: five datasets of one project, the same on every run.

claims: nothing is rare in it, every cross of two categories has dozens of people. rare: the same people
with one planted trap per column. episodes: several rows per person. jobs: a person works for an
employer, both are units. ward: claims under an owner who asks for rounded counts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

SIZE = 2_400
OWNERS = {
    "claims": ["dwp"],
    "rare": ["dwp"],
    "episodes": ["dwp"],
    "jobs": ["hmrc"],
    "ward": ["nhs"],
}
UNITS = {"jobs": ["person_id", "employer_id"]}
REGIONS = ["London", "North East", "Wales", "Yorkshire and the Humber"]
AREAS = ["Bournemouth, Christchurch and Poole", "King's Lynn", "Ynys Môn", 'the "Isles"']
BENEFITS = ["Jobseeker's Allowance", "Personal Independence Payment", "Universal Credit"]
BANDS = ["16-24", "25-49", "50-64", "65+"]


@cache
def frames() -> dict[str, pd.DataFrame]:
    """Every dataset by name."""
    claims = _claims()
    rare = _rare(claims)
    return {"claims": claims, "rare": rare, "episodes": _episodes(), "jobs": _jobs(), "ward": claims.copy()}


def _ids(random: np.random.Generator, size: int, letter: str) -> list[str]:
    return [f"{letter}{number:015x}" for number in random.choice(2**50, size, replace=False)]


def _claims() -> pd.DataFrame:
    random = np.random.default_rng(11)
    place = np.arange(SIZE)
    age = random.integers(16, 80, SIZE)
    pay = random.lognormal(10, 0.4, SIZE).round(2)
    frame = pd.DataFrame(
        {
            "person_id": _ids(random, SIZE, "a"),
            "region": np.array(REGIONS)[place % 4],
            "area": np.array(AREAS)[random.integers(0, 4, SIZE)],
            "code": np.array(["01", "02", "10"])[random.integers(0, 3, SIZE)],
            "sex": np.array(["F", "M"])[random.integers(0, 2, SIZE)],
            "sex_code": random.integers(1, 3, SIZE),
            "benefit": np.array(BENEFITS)[random.integers(0, 3, SIZE)],
            "band": np.array(BANDS)[np.searchsorted([25, 50, 65], age, side="right")],
            "year": random.integers(2021, 2024, SIZE),
            "grade": np.where(random.random(SIZE) < 0.1, np.nan, random.integers(1, 5, SIZE)),
            "step": random.choice([0.5, 1.0, 1.5], SIZE),
            "sanction": random.choice(np.array(["none", "low", "high", None], dtype=object), SIZE),
            "employed": random.random(SIZE) < 0.6,
            "disabled": random.integers(0, 2, SIZE),
            "never": 0,
            "quarter": pd.to_datetime(random.choice(["2023-01-01", "2023-04-01", "2023-07-01"], SIZE)),
            "started": pd.Timestamp("2021-01-01")
            + pd.to_timedelta(random.integers(0, 1_000, SIZE), unit="D"),
            "seen": pd.Timestamp("2023-05-01 09:30")
            + pd.to_timedelta(random.integers(0, 3, SIZE) * 3, unit="h"),
            "age": age,
            "pay": np.where(random.random(SIZE) < 0.05, np.nan, pay),
            "weekly": (random.integers(200, 4_000, SIZE) * 5 / 100).round(2),
            "hours": random.integers(0, 49, SIZE),
            "profit": random.normal(500, 2_000, SIZE).round(2),
            "weight": random.uniform(0.5, 2, SIZE).round(3),
            "months": random.integers(1, 13, SIZE),
        }
    )
    frame["band_category"] = pd.Categorical(frame["band"], categories=BANDS, ordered=True)
    frame["day"] = frame["quarter"].dt.date
    frame["small_int"] = frame["sex_code"].astype("uint8")
    frame["missing_int"] = frame["grade"].astype("Int64")
    frame["word"] = np.array(["=sum", "-", "N/A", "null", "+1 more"])[random.integers(0, 5, SIZE)]
    frame["step32"] = (frame["step"] / 5).astype("float32")
    frame["zoned"] = frame["quarter"].dt.tz_localize("UTC")
    frame["padded"] = np.array([" left", "right ", "Mo\u0302n"])[random.integers(0, 3, SIZE)]
    frame["scope"] = np.array(["All", "Some", ""])[random.integers(0, 3, SIZE)]
    frame["Home region (£)"] = frame["region"]
    frame["left"] = (random.random(SIZE) < 0.8).astype(int)
    return frame


def _rare(claims: pd.DataFrame) -> pd.DataFrame:
    """Claims, with traps: every column says in its name what it is a trap for."""
    random = np.random.default_rng(12)
    frame = claims.copy()
    order = random.permutation(SIZE)
    wales = np.flatnonzero(frame["region"] == "Wales")
    london = np.flatnonzero(frame["region"] == "London")

    def flag(places: np.ndarray) -> np.ndarray:
        return np.isin(np.arange(SIZE), places).astype(int)

    for name, size in {"one": 1, "three": 3, "nine": 9}.items():
        frame[name] = flag(order[:size])
    frame["district"] = np.array(["East", "Mid", "West"])[np.arange(SIZE) % 3]
    for name, first, last in (("Isle", 0, 4), ("Moor", 4, 13), ("Rock", 13, 14)):
        frame.loc[order[first:last], "district"] = name
    frame["all_in_wales"] = np.maximum(random.integers(0, 2, SIZE), flag(wales))
    frame["few_lack"] = np.where(flag(wales[9:]), 1, random.integers(0, 2, SIZE) * (1 - flag(wales)))
    frame["few_have"] = np.where(flag(london), flag(london[:3]), random.integers(0, 2, SIZE))
    frame["not_in_wales"] = np.where(flag(wales), "a", random.choice(["a", "b"], SIZE))
    frame["one_holds"] = np.where(flag(wales[:1]), 1e7, random.uniform(10, 100, SIZE).round(2))
    frame["two_hold"] = np.where(flag(wales[:2]), 25_000, random.uniform(10, 50, SIZE).round(2))
    frame["swings"] = np.where(flag(wales[:1]), -1e7, random.uniform(10, 100, SIZE).round(2))
    near = np.where(flag(wales[:1]), 1_000.0, 0.0)
    frame["estimable"] = np.where(flag(wales[1:2]), 900.0, near) + np.where(flag(wales[2:40]), 1.0, 0.0)
    frame.loc[frame["region"] != "Wales", "estimable"] = random.uniform(10, 100, SIZE)[
        frame["region"] != "Wales"
    ]
    frame["few_values"] = np.where(flag(london[3:]), np.nan, frame["hours"] + 0.25)
    frame["same_in_wales"] = np.where(flag(wales), 12_000.0, frame["weekly"])
    frame["nearly_same"] = np.where(flag(wales[5:]), 12_000.0, random.integers(1, 5, SIZE) * 1_000)
    frame["heavy"] = np.where(flag(wales[:1]), 1e6, frame["weight"])
    frame["born"] = pd.Timestamp("1960-01-01") + pd.to_timedelta(random.permutation(SIZE) * 5, unit="D")
    frame["twice_pay"] = frame["pay"] * 2
    frame["note"] = [f"earned {value}" for value in frame["weekly"]]
    frame["outcome_of_nine"] = frame["nine"]
    frame["separated"] = (frame["age"] >= 50).astype(int)
    frame["extreme"] = np.where(flag(order[:1]), 1e9, random.normal(0, 1, SIZE).round(4))
    frame["spread"] = random.gamma(3, 8_000, SIZE).round(2)
    # Ten categories of the same people, one of whom stands elsewhere in the second list.
    groups = np.arange(SIZE) % 6
    frame["fine"] = np.array([f"g{group}" for group in groups])
    moved = groups.copy()
    moved[order[0]] = (moved[order[0]] + 1) % 6
    frame["moved"] = np.array([f"g{group}" for group in moved])
    frame["coarse"] = np.array([f"h{group // 2}" for group in groups])
    frame["coarse_moved"] = np.array(
        [f"h{group // 2}" for group in np.where(flag(np.flatnonzero(groups == 0)[:3]), 5, groups)]
    )
    # Time under observation: in "lone" one person leaves on most days.
    frame["days"] = random.choice([30, 60, 90], SIZE)
    frame["lone_days"] = np.where(flag(order[:30]), np.arange(SIZE) % 200 + 100, frame["days"])
    frame["continuous"] = frame["weekly"] * np.pi
    return frame


def _episodes() -> pd.DataFrame:
    """400 patients, 1 to 8 episodes each; 12 rows of one patient, and a ward of 4 patients."""
    random = np.random.default_rng(13)
    people = np.repeat(np.arange(400), random.integers(1, 9, 400))
    size = people.size
    ids = np.array(_ids(random, 405, "e"))
    frame = pd.DataFrame(
        {
            "person_id": ids[people],
            "hospital": np.array(["City", "County", "Royal"])[random.integers(0, 3, size)],
            "ward": np.array(["Medical", "Surgical"])[random.integers(0, 2, size)],
            "sex": np.array(["F", "M"])[people % 2],
            "year": random.integers(2021, 2024, size),
            "cost": random.gamma(4, 400, size).round(2),
            "days": random.integers(0, 30, size),
            "emergency": random.integers(0, 2, size),
        }
    )
    few = frame.iloc[:52].copy()
    few["person_id"] = [*ids[np.repeat([400, 401, 402, 403], 10)], *[ids[404]] * 12]
    few["ward"] = ["Burns"] * 40 + ["Spinal"] * 12
    few["cost"] = random.gamma(4, 400, 52).round(2)
    return pd.concat([frame, few], ignore_index=True)


def _jobs() -> pd.DataFrame:
    """3,000 jobs with 120 employers; Mining has 2 employers, one employer pays most of Finance."""
    random = np.random.default_rng(14)
    size = 3_000
    employers = np.array(_ids(random, 120, "f"))
    employer = random.integers(0, 100, size)
    frame = pd.DataFrame(
        {
            "person_id": _ids(random, size, "c"),
            "employer_id": employers[employer],
            "sector": np.array(["Care", "Retail", "Transport", "Building"])[employer % 4],
            "sex": np.array(["F", "M"])[random.integers(0, 2, size)],
            "year": random.integers(2021, 2024, size),
            "pay": random.gamma(9, 3_000, size).round(2),
            "full_time": random.integers(0, 2, size),
        }
    )
    frame.loc[:199, "sector"], frame.loc[:199, "employer_id"] = "Mining", employers[110 + np.arange(200) % 2]
    banks = 100 + np.arange(300) % 12
    frame.loc[200:499, "sector"], frame.loc[200:499, "employer_id"] = (
        "Finance",
        employers[np.minimum(banks, 119)],
    )
    frame.loc[frame["employer_id"] == employers[100], "pay"] *= 60
    return frame
