"""What honest researchers hand in beside single tables: filters, linked tables, models, charts, units."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from tests.corpus.case import Case, safe, submission, table
from tests.corpus.tabulated import regression, with_margins, withheld

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
    yield from _linked()
    yield from _suppressed()
    yield from _units_and_owners()
    yield from _models()
    yield from _histograms()
    yield from _survival()
    yield from _structural()


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


REGION = {"rows": ["region"]}
CELLS = {"rows": ["region"], "columns": ["sex"]}
COUNT = {"statistic": "count"}
MEAN = {"statistic": "mean", "value": "pay"}


def _linked() -> Iterator[Case]:
    family = "two tables"
    yield safe(family, "means and the counts behind them", table(**MEAN, **CELLS), table(**COUNT, **CELLS))
    yield safe(
        family,
        "mean, median and deviation of one table",
        table(**MEAN, **REGION),
        table(statistic="median", value="pay", rounding=100, **REGION),
        table(statistic="std", value="pay", **REGION),
        table(**COUNT, **REGION),
    )
    yield safe(
        family,
        "a total beside its breakdown",
        table(**COUNT),
        table(**COUNT, **REGION),
        table(**COUNT, **CELLS),
    )
    yield safe(
        family, "a mean beside its breakdown", table(**MEAN), table(**MEAN, **REGION), table(**MEAN, **CELLS)
    )
    yield safe(
        family,
        "shares beside counts",
        table(**COUNT, **CELLS),
        table(statistic="proportion", normalize="index", **CELLS),
    )
    yield safe(
        family,
        "a table of each year",
        *(table(**COUNT, **CELLS, where=f"year = {year}") for year in (2021, 2022, 2023)),
    )
    yield safe(
        family,
        "means of each year",
        *(table(**MEAN, **REGION, where=f"year = {year}") for year in (2021, 2022, 2023)),
    )
    yield safe(
        family,
        "women, and men",
        table(**COUNT, **REGION, where="sex = 'F'"),
        table(**COUNT, **REGION, where="sex = 'M'"),
    )
    yield safe(
        family, "all, and those over 50", table(**COUNT, **REGION), table(**COUNT, **REGION, where="age > 50")
    )
    yield safe(
        family,
        "adult ages in three bands",
        *(
            table(**COUNT, **REGION, where=where)
            for where in ("age < 30", "age BETWEEN 30 AND 59", "age >= 60")
        ),
    )
    yield safe(
        family,
        "the working age and the population",
        *(table(**MEAN, **REGION, where=where) for where in ("age >= 16", "age BETWEEN 20 AND 64")),
    )
    yield safe(
        family,
        "several breakdowns of one population",
        *(table(**COUNT, rows=[name]) for name in ("region", "sex", "band", "benefit", "year", "employed")),
    )
    yield safe(
        family,
        "single and grouped regions",
        table(**COUNT, **REGION),
        table(**COUNT, **REGION, where="region IN ('Wales', 'London')"),
    )
    for name, keys in {"counts": {**COUNT, **CELLS}, "means": {**MEAN, **CELLS}, "one mean": MEAN}.items():
        yield safe(family, f"{name}: the same again", table(**keys), after=(submission(table(**keys)),))
        yield safe(
            family,
            f"{name}: the same from another project",
            table(**keys),
            after=(submission(table(**keys), project="p2"),),
        )
    yield safe(
        family,
        "last year's table, then this year's",
        table(**COUNT, **CELLS, where="year = 2023"),
        after=(
            submission(table(**COUNT, **CELLS, where="year = 2022")),
            submission(table(**COUNT, **CELLS, where="year = 2021")),
        ),
    )
    yield safe(
        family, "more detail after a total", table(**COUNT, **CELLS), after=(submission(table(**COUNT)),)
    )
    yield safe(
        family,
        "the same counts, rounded",
        table(**COUNT, **CELLS, rounding=5),
        after=(submission(table(**COUNT, **CELLS)),),
    )
    yield safe(
        family,
        "rounded counts with and without nine people",
        table(**COUNT, data="rare", **CELLS, rounding=5),
        table(**COUNT, data="rare", **CELLS, rounding=5, where="nine = 0"),
    )
    yield safe(
        family,
        "three datasets",
        table(**COUNT, **CELLS),
        table(
            **COUNT,
            data="episodes",
            rows=["hospital"],
            columns=["sex"],
            where="ward <> 'Burns' AND ward <> 'Spinal'",
        ),
        table(**COUNT, data="jobs", rows=["sex"], where="sector <> 'Mining'"),
    )


def _suppressed() -> Iterator[Case]:
    """Primary cells withheld, and enough others that nothing can be solved for; the rest is large."""
    family = "suppressed cells"
    keys = {"data": "rare", "statistic": "count", "rows": ["region"], "columns": ["few_have"]}
    for mark in ("", "*", "[c]"):
        yield safe(
            family,
            f"primary and secondary cells as '{mark}', with margins",
            table(lambda d, mark=mark: withheld(d, keys, mark=mark, London=[0, 1], Wales=[0, 1]), **keys),
        )
    district = {"data": "rare", "statistic": "count", "rows": ["district"]}
    for mark in ("", "*", "[c]"):
        yield safe(
            family,
            f"small districts as '{mark}', no total",
            table(lambda d, mark=mark: _one_column(d, mark), **district),
        )
    mean = {**keys, "statistic": "mean", "value": "spread"}
    yield safe(
        family,
        "means, primary and secondary",
        table(lambda d: withheld(d, mean, London=[0, 1], Wales=[0, 1]), **mean),
    )
    yield safe(
        family,
        "small districts withheld by sex, no margins",
        table(
            lambda d: withheld(d, {**district, "columns": ["sex"]}).drop(columns="All").drop(index="All"),
            **district,
            columns=["sex"],
        ),
    )
    yield safe(
        family,
        "withheld together with its total",
        table(lambda d: withheld(d, keys, London=[0, 1, "All"], All=[0, 1, "All"]), **keys),
    )


def _one_column(frame: pd.DataFrame, mark: str) -> pd.Series:
    counts = frame.district.value_counts().sort_index()
    return counts.astype(str).where(counts >= 10, mark)


def _units_and_owners() -> Iterator[Case]:
    wards = {"data": "episodes", "where": "ward IN ('Medical', 'Surgical')"}
    for rows in (["ward"], ["ward", "hospital"], ["hospital", "year"]):
        for keys in (
            COUNT,
            {"statistic": "mean", "value": "cost"},
            {"statistic": "sum", "value": "cost"},
            {"statistic": "std", "value": "cost"},
            {"statistic": "proportion", "value": "emergency"},
            {"statistic": "median", "value": "cost", "rounding": 100},
        ):
            yield safe(
                "people, not rows",
                f"{keys['statistic']} by {' and '.join(rows)}",
                table(**wards, **keys, rows=rows),
            )
    jobs = {"data": "jobs", "where": "sector IN ('Care', 'Retail', 'Transport', 'Building')"}
    for keys in (
        COUNT,
        {"statistic": "mean", "value": "pay"},
        {"statistic": "sum", "value": "pay"},
        {"statistic": "std", "value": "pay"},
        {"statistic": "proportion", "value": "full_time"},
        {"statistic": "median", "value": "pay", "rounding": 1_000},
    ):
        yield safe("several units", f"{keys['statistic']} by sector", table(**jobs, **keys, rows=["sector"]))
        yield safe(
            "several units",
            f"{keys['statistic']} by sector and sex",
            table(**jobs, **keys, rows=["sector"], columns=["sex"]),
        )
    yield safe(
        "several units",
        "the employer is the declared unit",
        table(**jobs, **COUNT, rows=["sector"]),
        unit="employer_id",
    )
    ward = {"data": "ward", **COUNT, **CELLS, "rounding": 5}
    yield safe("frequencies", "the owner's rounding", table(**ward))
    yield safe("frequencies", "the owner's rounding, coarser", table(**{**ward, "rounding": 10}))
    yield safe(
        "sums, means, ratios",
        "means under an owner who asks for rounded counts",
        table(data="ward", **MEAN, **CELLS, rounding=0.01),
    )
    yield safe(
        "declarations", "an owner added who asks for the same", table(**COUNT, **CELLS), owners=["dwp"]
    )
    yield safe("declarations", "two owners added", table(**COUNT, **CELLS), owners=["dwp", "hmrc"])


FORMULAS = {
    "ols": [
        "pay ~ age",
        "pay ~ age + sex",
        "pay ~ age + C(region)",
        "pay ~ age + C(region) + C(year)",
        "weekly ~ age * sex",
        "weekly ~ C(region):sex",
        "log(pay) ~ age + employed",
        "np.log(pay) ~ log(age)",
        "weekly ~ age + disabled + hours + months",
        "weekly ~ age + C(code)",
        "pay ~ C(benefit)",
        "weekly ~ sanction + age",
        "weekly ~ age + grade",
        "weekly ~ C(grade)",
        "pay ~ age - 1",
        "weekly ~ C(sex_code) + C(band)",
        "weekly ~ 1",
    ],
    "logit": ["disabled ~ age", "disabled ~ age + sex + C(region)", "employed ~ age + hours"],
    "probit": ["disabled ~ age + sex"],
    "poisson": ["hours ~ age + sex", "months ~ C(region)"],
}


def _models() -> Iterator[Case]:
    family = "regression"
    for statistic, formulas in FORMULAS.items():
        for model in formulas:
            yield safe(family, f"{statistic}: {model}", table(statistic=statistic, model=model))
        yield safe(
            family, f"{statistic}: rounded", table(statistic=statistic, model=formulas[0], rounding=0.001)
        )
    for columns in (["t", "p"], ["t", "p", "ci_low", "ci_high"]):
        yield safe(
            family,
            f"ols with {', '.join(columns)}",
            table(
                lambda d, columns=columns: regression(
                    d, {"statistic": "ols", "model": "pay ~ age + sex"}, *columns
                ),
                statistic="ols",
                model="pay ~ age + sex",
            ),
        )
    yield safe(
        family,
        "logit with z, p and six decimals",
        table(
            lambda d: regression(d, {"statistic": "logit", "model": "disabled ~ age"}, "z", "p").round(6),
            statistic="logit",
            model="disabled ~ age",
            rounding=0.000001,
        ),
    )
    yield safe(family, "ols of a part", table(statistic="ols", model="pay ~ age", where="sex = 'F'"))
    yield safe(
        family,
        "two models that share their people",
        table(statistic="ols", model="pay ~ age"),
        table(statistic="ols", model="pay ~ age + sex + C(region)"),
    )
    yield safe(
        family,
        "the model of women and of men",
        *(table(statistic="ols", model="pay ~ age", where=f"sex = '{sex}'") for sex in "FM"),
    )
    yield safe(
        family,
        "episodes of many patients",
        table(data="episodes", statistic="ols", model="cost ~ days + C(hospital)"),
    )
    for columns in (["age", "pay"], ["age", "weekly", "hours", "profit"], ["disabled", "weekly"]):
        yield safe("correlation", f"{' and '.join(columns)}", table(statistic="correlation", columns=columns))
        yield safe(
            "correlation",
            f"{' and '.join(columns)}, rounded",
            table(statistic="correlation", columns=columns, rounding=0.001),
        )


def _histograms() -> Iterator[Case]:
    family = "histogram"
    for bins in ([0, 20_000, 40_000, 200_000], [0, 10_000, 20_000, 30_000, 200_000], [0, 200_000]):
        yield safe(
            family, f"pay in {len(bins) - 1} bins", table(statistic="histogram", value="pay", bins=bins)
        )
    edges = [0, 20_000, 30_000, 200_000]
    yield safe(family, "by region", table(statistic="histogram", value="pay", bins=edges, rows=["region"]))
    yield safe(
        family,
        "by region and sex",
        table(statistic="histogram", value="pay", bins=edges, rows=["region", "sex"]),
    )
    yield safe(
        family,
        "rounded to 5",
        table(statistic="histogram", value="pay", bins=edges, rows=["sex"], rounding=5),
    )
    yield safe(
        family,
        "fractional edges",
        table(statistic="histogram", value="weekly", bins=[9.5, 50.5, 100.25, 150, 200.5]),
    )
    yield safe(
        family,
        "negative values",
        table(statistic="histogram", value="profit", bins=[-20_000, -1_000, 0, 1_000, 20_000]),
    )
    yield safe(
        family, "a part of the range", table(statistic="histogram", value="age", bins=[20, 30, 40, 50, 60])
    )
    yield safe(
        family,
        "ages, whose extremes many share",
        table(statistic="histogram", value="age", bins=[16, 32, 48, 64, 79]),
    )
    yield safe(
        family,
        "of a year",
        table(statistic="histogram", value="hours", bins=[0, 10, 20, 30, 49], where="year = 2022"),
    )
    yield safe(
        family,
        "edges as numpy writes them",
        table(
            lambda d: pd.DataFrame(
                {
                    "left": [0.0, 20.0, 40.0],
                    "right": [20.0, 40.0, 80.0],
                    "count": np.histogram(d.age, [0, 20, 40, 80])[0],
                }
            ).to_csv(index=False),
            statistic="histogram",
            value="age",
            bins=[0, 20, 40, 80],
        ),
    )


def _survival() -> Iterator[Case]:
    family = "Kaplan-Meier"
    keys = {"statistic": "km", "value": "months", "event": "left"}
    yield safe(family, "months", table(**keys))
    yield safe(family, "months, rounded", table(**keys, rounding=0.001))
    yield safe(family, "months by sex", table(**keys, rows=["sex"]))
    yield safe(family, "months of women", table(**keys, where="sex = 'F'"))
    yield safe(
        family,
        "days, from a time of 0",
        table(
            lambda d: f"time,at_risk,events,censored,survival\n0,{len(d)},0,0,1.0\n" + _curve(d),
            data="rare",
            statistic="km",
            value="days",
            event="left",
        ),
    )


def _curve(frame: pd.DataFrame) -> str:
    from tests.corpus.tabulated import survival

    return survival(frame, {"value": "days", "event": "left"}).to_csv(index=False, header=False)


def _structural() -> Iterator[Case]:
    yield safe(
        "frequencies",
        "a structural zero that is declared",
        table(
            lambda d: pd.crosstab(d.region, d.not_in_wales),
            data="rare",
            statistic="count",
            rows=["region"],
            columns=["not_in_wales"],
            structural_zeros=[{"region": "Wales", "not_in_wales": "b"}],
        ),
    )
    keys = {"statistic": "count", **CELLS}
    yield safe("frequencies", "margins by hand", table(lambda d: with_margins(d, keys), **keys))
