"""Filters that researchers write, in SQL and as the mask of pandas that means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from tests.corpus.case import Case, safe, table

Mask = Callable[[pd.DataFrame], "pd.Series[bool]"]

FILTERS: dict[str, Mask] = {
    "age >= 30": lambda d: d.age >= 30,
    "age >= 30 AND age < 60": lambda d: (d.age >= 30) & (d.age < 60),
    "age BETWEEN 30 AND 59": lambda d: d.age.between(30, 59),
    "NOT (sex = 'F')": lambda d: d.sex != "F",
    "sex <> 'F'": lambda d: d.sex != "F",
    "sex != 'F'": lambda d: d.sex != "F",
    "region IN ('Wales', 'London')": lambda d: d.region.isin(["Wales", "London"]),
    "region NOT IN ('Wales')": lambda d: ~d.region.isin(["Wales"]),
    "region = 'Wales' OR region = 'London'": lambda d: d.region.isin(["Wales", "London"]),
    "benefit = 'Jobseeker''s Allowance'": lambda d: d.benefit == "Jobseeker's Allowance",
    "benefit LIKE 'Job%'": lambda d: d.benefit.str.startswith("Job"),
    "benefit NOT LIKE '%Credit'": lambda d: ~d.benefit.str.endswith("Credit"),
    "lower(benefit) LIKE '%credit%'": lambda d: d.benefit.str.contains("Credit"),
    "code = '01'": lambda d: d.code == "01",
    "area = 'Ynys Môn'": lambda d: d.area == "Ynys Môn",
    "pay IS NOT NULL": lambda d: d.pay.notna(),
    "pay IS NULL": lambda d: d.pay.isna(),
    "sanction IS NULL": lambda d: d.sanction.isna(),
    "grade IS NOT NULL": lambda d: d.grade.notna(),
    "employed": lambda d: d.employed,
    "NOT employed": lambda d: ~d.employed,
    "employed = TRUE": lambda d: d.employed,
    "employed AND age > 30": lambda d: d.employed & (d.age > 30),
    "employed IS TRUE": lambda d: d.employed,
    "disabled = 1": lambda d: d.disabled == 1,
    "profit > 0": lambda d: d.profit > 0,
    "profit <= -10.5": lambda d: d.profit <= -10.5,
    "abs(profit) > 1000": lambda d: d.profit.abs() > 1000,
    "round(age / 10) >= 4": lambda d: np.floor(d.age / 10 + 0.5) >= 4,
    "weekly * 52 > 5000": lambda d: d.weekly * 52 > 5000,
    "weekly / months > 10": lambda d: d.weekly / d.months > 10,
    "hours % 2 = 0": lambda d: d.hours % 2 == 0,
    "hours + age > 60": lambda d: d.hours + d.age > 60,
    "year = 2022": lambda d: d.year == 2022,
    "year IN (2021, 2022)": lambda d: d.year.isin([2021, 2022]),
    "extract(year FROM started) = 2022": lambda d: d.started.dt.year == 2022,
    "year(started) = 2022": lambda d: d.started.dt.year == 2022,
    "month(started) <= 6": lambda d: d.started.dt.month <= 6,
    "date_part('month', started) = 3": lambda d: d.started.dt.month == 3,
    "quarter(started) = 1": lambda d: d.started.dt.quarter == 1,
    "started >= DATE '2022-04-06'": lambda d: d.started >= "2022-04-06",
    "started >= '2022-04-06'": lambda d: d.started >= "2022-04-06",
    "started BETWEEN DATE '2022-04-06' AND DATE '2023-04-05'": lambda d: d.started.between(
        "2022-04-06", "2023-04-05"
    ),
    "started >= CAST('2022-04-06' AS DATE)": lambda d: d.started >= "2022-04-06",
    "seen > TIMESTAMP '2023-05-01 10:00:00'": lambda d: d.seen > "2023-05-01 10:00",
    "CASE WHEN sex = 'F' THEN age >= 30 ELSE age >= 40 END": lambda d: np.where(
        d.sex == "F", d.age >= 30, d.age >= 40
    ),
    "CASE WHEN age < 30 THEN 'young' WHEN age < 60 THEN 'middle' ELSE 'old' END = 'middle'": lambda d: (
        d.age.between(30, 59)
    ),
    "CASE region WHEN 'Wales' THEN 1 ELSE 0 END = 1": lambda d: d.region == "Wales",
    "(age > 20 AND (sex = 'F' OR disabled = 1)) OR year = 2021": lambda d: (
        ((d.age > 20) & ((d.sex == "F") | (d.disabled == 1))) | (d.year == 2021)
    ),
    "weekly / disabled > 50": lambda d: d.weekly / d.disabled > 50,
    "\"region\" = 'Wales'": lambda d: d.region == "Wales",
    "person_id IS NOT NULL": lambda d: d.person_id.notna(),
    "Age >= 30": lambda d: d.age >= 30,
    "age >= 30\n  AND age < 60": lambda d: d.age.between(30, 59),
    "age = 30 OR age = 31 OR age = 32 OR age = 33 OR age = 34 OR age = 35": lambda d: d.age.between(30, 35),
    "TRUE": lambda d: d.age > 0,
    "age IN (30, 31, 32, 33, 34, 35)": lambda d: d.age.between(30, 35),
    "band_category = '25-49'": lambda d: d.band == "25-49",
    "grade >= 2": lambda d: d.grade >= 2,
    "started < DATE '2022-01-01' AND month(started) IN (1, 2, 3)": lambda d: (
        (d.started < "2022-01-01") & d.started.dt.month.isin([1, 2, 3])
    ),
}


def cases() -> Iterator[Case]:
    yield from _filters()


def _filters() -> Iterator[Case]:
    for text, mask in FILTERS.items():
        yield safe(
            "declarations",
            f"where {text}",
            table(
                lambda d, mask=mask: d[mask(d)].groupby("sex").size(),
                statistic="count",
                rows=["sex"],
                where=text,
            )
            if "sex" not in text
            else table(
                lambda d, mask=mask: d[mask(d)].groupby("year").size(),
                statistic="count",
                rows=["year"],
                where=text,
            ),
        )
