"""HMRC's employments and monthly pay."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.synth.arrays import Flags, Floats, Ints, missing_where
from linkage.synth.lives import PENSION_AGE, Lives, Runs, runs
from linkage.synth.people import People
from linkage.synth.period import MONTH_STARTS, MONTHS, NEVER, random_day
from linkage.synth.places import places

EMPLOYERS = 60_000  # a few large ones, many with a single employee in the deliveries
_SIZES = ((40, "250+"), (900, "50-249"), (7_000, "10-49"), (30_000, "2-9"), (EMPLOYERS, "1"))
_INDUSTRIES = np.array([
    "01110", "10710", "25620", "41202", "45200", "47110", "47190", "49410",
    "52103", "56101", "56302", "62012", "64191", "69102", "70229", "78200",
    "81210", "84110", "85200", "86101", "87300", "88910", "96020",
], dtype=object)  # fmt: skip
_REGION_WAGE = {
    "E12000007": 0.16,
    "E12000008": 0.06,
    "E12000001": -0.07,
    "W92000004": -0.06,
    "N92000002": -0.08,
}
_CHANGES_EMPLOYER = 0.009  # a month
_LASTING_LOSS = 0.015  # share of pay that each month of illness costs from then on, up to six
_ALLOWANCE, _BASIC_RATE = 104_750, 0.20  # pence a month, share


@dataclass(frozen=True)
class Work:
    """A block's employments and, one row per month and correction, their pay; `job` counts from 0."""

    employments: pd.DataFrame
    pay: pd.DataFrame


def make(people: People, lives: Lives, rng: np.random.Generator) -> Work:
    """Everyone's jobs: a run of months in work is cut where the employer changes."""
    jobs = _jobs(lives, rng)
    employer = (EMPLOYERS * rng.random(len(jobs)) ** 3).astype(np.int64)
    table = _employments(people, lives, jobs, employer, rng)
    return Work(table, _pay(people, lives, jobs, table, rng))


def _jobs(lives: Lives, rng: np.random.Generator) -> Runs:
    """Runs in work, cut in two months apart where people change employer, so that jobs do not touch."""
    cuts = (rng.random(lives.working.shape) < _CHANGES_EMPLOYER) & lives.working
    cuts[:, 0] = False
    whole = runs(lives.working)
    person, month = np.nonzero(cuts)
    inside = ~np.isin(person * MONTHS + month, whole.person * MONTHS + whole.first)
    person, month = person[inside], month[inside]
    first = np.concatenate([whole.first, month])
    who = np.concatenate([whole.person, person])
    order = np.lexsort((first, who))
    who, first = who[order], first[order]
    ends = np.sort(np.concatenate([whole.person * MONTHS + whole.last, person * MONTHS + month - 1]))
    return Runs(who, first, ends - who * MONTHS)


def _employments(
    people: People, lives: Lives, jobs: Runs, employer: Ints, rng: np.random.Generator
) -> pd.DataFrame:
    size = len(jobs)
    start = random_day(rng, jobs.first)
    end = np.maximum(start, random_day(rng, jobs.last))
    before = np.minimum(rng.gamma(1.3, 900, size), 365.25 * (lives.age[jobs.person, 0] - 16).clip(0)).astype(
        np.int64
    )
    start = np.where(jobs.first == 0, start - before, start)
    lasts = jobs.last == MONTHS - 1
    place, _ = people.lives(start, jobs.person)
    industry = _INDUSTRIES[(employer * 7919) % len(_INDUSTRIES)]
    return pd.DataFrame({
        "person": jobs.person,
        "employer": employer,
        "start_date": start,
        "end_date": np.where(lasts, NEVER, end),
        "tax_year": _tax_years(jobs.last),
        "leaving_reason": missing_where(lasts, _reasons(lives, jobs, rng)),
        "payroll_scheme_size": np.select(
            [employer < most for most, _ in _SIZES], [label for _, label in _SIZES], "1"
        ).astype(object),
        "region_of_work": places().region_code[place],
        "sic2007": missing_where(rng.random(size) < 0.02, industry),
    })  # fmt: skip


def _tax_years(month: Ints) -> NDArray[np.object_]:
    labels = np.array([f"{2019 + year}-{20 + year}" for year in range(6)], dtype=object)
    found: NDArray[np.object_] = labels[month // 12]
    return found


def _reasons(lives: Lives, jobs: Runs, rng: np.random.Generator) -> NDArray[np.object_]:
    following = np.minimum(jobs.last + 1, MONTHS - 1)
    died = ~lives.alive[jobs.person, following]
    old = lives.age[jobs.person, jobs.last] > PENSION_AGE - 4
    sick = lives.chronic[jobs.person, jobs.last]
    other = rng.choice(
        np.array(["LEFT", "REDUNDANT", "FIXED", "OTHER"], dtype=object), len(jobs), p=(0.6, 0.2, 0.1, 0.1)
    )
    reasons: NDArray[np.object_] = np.select([died, sick, old], ["DIED", "HEALTH", "RETIRED"], other)
    return reasons


def _pay(
    people: People, lives: Lives, jobs: Runs, table: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Pay of each month in the job; a month of illness is paid in part, and pay stays lower after it."""
    months = jobs.last - jobs.first + 1
    job = np.repeat(np.arange(len(jobs)), months)
    month = np.arange(len(job)) - np.repeat(np.cumsum(months) - months, months) + jobs.first[job]
    who = jobs.person[job]
    age = lives.age[who, month]
    part_time = rng.random(len(jobs)) < np.where(people.female[jobs.person], 0.38, 0.12)
    wage = _log_wage(people, lives, jobs, table, part_time, rng)
    growth = 0.034 / 12 * month
    gross = np.exp(wage[job] + growth + rng.normal(0, 0.05, len(job)))
    gross *= np.where(lives.ill[who, month], 0.62, 1.0)
    gross *= 1 - _LASTING_LOSS * np.minimum(np.cumsum(lives.ill, axis=1)[who, month], 6)
    pay = np.rint(gross * 100).astype(np.int64)
    hours = np.where(part_time, rng.choice(np.array(["A", "B", "C"], dtype=object), len(jobs)), "D")
    frame = pd.DataFrame({
        "job": job,
        "pay_period": MONTH_STARTS[month],
        "taxable_pay": pay,
        "tax": _tax(pay),
        "ni_category": np.select([age >= PENSION_AGE, age < 21], ["C", "M"], "A"),
        "hours_band": hours[job],
        "is_correction": np.full(len(job), "N", dtype=object),
    })  # fmt: skip
    return pd.concat([frame, _corrections(frame, rng)], ignore_index=True)


def _log_wage(
    people: People, lives: Lives, jobs: Runs, table: pd.DataFrame, part_time: Flags, rng: np.random.Generator
) -> Floats:
    """Log of monthly pounds: experience, skill, region, hours, a gap between men and women, the job."""
    age = lives.age[jobs.person, jobs.first].clip(16, 70)
    region = table["region_of_work"].map(_REGION_WAGE).fillna(0.0).to_numpy()
    wage: Floats = 7.62 + 0.028 * (age - 16) - 0.00042 * (age - 16) ** 2 + region + lives.skill[jobs.person]
    wage = wage - 0.08 * people.female[jobs.person] - 0.62 * part_time + rng.normal(0, 0.12, len(jobs))
    return wage - 0.10 * lives.chronic[jobs.person, jobs.first]


def _tax(pay: Ints) -> Ints:
    return np.rint(np.maximum(pay - _ALLOWANCE, 0) * _BASIC_RATE).astype(np.int64)


def _corrections(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Three returns in a thousand are corrected later, mostly downwards."""
    chosen = frame[rng.random(len(frame)) < 0.003].copy()
    share = rng.normal(-0.15, 0.15, len(chosen))
    chosen["taxable_pay"] = np.rint(chosen["taxable_pay"] * share).astype(np.int64)
    chosen["tax"] = np.rint(chosen["tax"] * share).astype(np.int64)
    chosen["is_correction"] = "Y"
    return chosen
