"""What honest researchers hand in beside plain tables: several units, owners, models, charts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.corpus.case import Case, safe, table
from tests.corpus.honest.linked import CELLS, COUNT, MEAN
from tests.corpus.tabulated import regression, with_margins


def cases() -> Iterator[Case]:
    yield from _units_and_owners()
    yield from _models()
    yield from _histograms()
    yield from _survival()
    yield from _structural()


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
