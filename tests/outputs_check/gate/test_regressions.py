"""Regressions: what an honest researcher submits passes, what tells of single people does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from gate_bench import Bench, rules
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from outputs_check.gate.formula import read_formula
from outputs_check.gate.influence import influence
from outputs_check.gate.rules.rule import Blocked

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    random = np.random.default_rng(11)
    size = 1_500
    age = random.integers(18, 70, size)
    return pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(size)],
            "region": random.choice(["North", "South", "East"], size),
            "sex": random.choice(["F", "M"], size),
            "band": random.integers(1, 4, size),
            "age": age,
            "trained": random.random(size) < 0.4,
            "tenure": np.where(random.random(size) < 0.1, np.nan, random.gamma(2, 3, size)),
            "pay": (random.gamma(3, 8_000, size) + 100 * age).round(2),
            "employed": (random.random(size) < 0.3 + age / 200).astype(int),
            "visits": random.poisson(2, size),
        }
    )


def fitted(name: str, formula: str, data: pd.DataFrame, **options: Any) -> Any:
    return getattr(smf, name)(formula, data).fit(**({} if name == "ols" else {"disp": 0}), **options)


def table(fit: Any, *more: str) -> pd.DataFrame:
    columns = {"coef": fit.params, "std_err": fit.bse, "t": fit.tvalues, "p": fit.pvalues,
               "ci_low": fit.conf_int()[0], "ci_high": fit.conf_int()[1], "nobs": fit.nobs,
               "odds_ratio": np.exp(np.minimum(fit.params, 50))}  # fmt: skip
    return pd.DataFrame({name: columns[name] for name in ("coef", "std_err", *more)}).rename_axis("term")


# name: (model family, formula, from a fit to the file, further declaration)
Safe = tuple[str, str, Callable[[Any], pd.DataFrame | str], dict[str, Any]]
SAFE: dict[str, Safe] = {
    "least squares": ("ols", "pay ~ age + C(region)", table, {}),
    "every column": ("ols", "pay ~ age", lambda f: table(f, "t", "p", "ci_low", "ci_high", "nobs"), {}),
    "three decimals": ("ols", "pay ~ age + sex", lambda f: table(f, "p").round(3), {"rounding": 0.001}),
    "as the summary heads its columns": ("ols", "pay ~ age", lambda f: f.summary2().tables[1], {}),
    "a flag and a number": ("ols", "pay ~ trained + age", table, {}),
    "interactions": ("ols", "pay ~ age * C(region)", table, {}),
    "a category of numbers": ("ols", "pay ~ C(band) + age", table, {}),
    "missing values": ("ols", "pay ~ tenure + sex", table, {}),
    "logarithms": ("ols", "np.log(pay) ~ np.log(age) + sex", table, {}),
    "a square": ("ols", "pay ~ age + I(age ** 2)", table, {}),
    "no intercept": ("ols", "pay ~ C(region) + age - 1", table, {}),
    "another reference": ("ols", "pay ~ age + C(region, Treatment('South'))", table, {}),
    "a mean": ("ols", "pay ~ 1", table, {}),
    "a table of means": ("ols", "pay ~ region * sex", table, {}),
    "a linear probability": ("ols", "employed ~ age + sex", table, {}),
    "robust errors": ("ols", "pay ~ age + sex", lambda f: table(f.model.fit(cov_type="HC1"), "p"), {}),
    "logit": ("logit", "employed ~ age + sex", lambda f: table(f, "t", "p", "odds_ratio"), {}),
    "logit to four decimals": ("logit", "employed ~ age", lambda f: table(f).round(4), {"rounding": 1e-4}),
    "logit with robust errors": (
        "logit", "employed ~ age", lambda f: table(f.model.fit(disp=0, cov_type="HC0")), {},
    ),
    "probit": ("probit", "employed ~ age + sex", table, {}),
    "poisson": ("poisson", "visits ~ age + sex", table, {}),
    "one coefficient of several": ("ols", "pay ~ age + sex", lambda f: table(f).loc[["age"]], {}),
    "a suppressed intercept": (
        "ols", "pay ~ age", lambda f: table(f).astype(object).where(f.params.index.to_series() == "age", "*"),
        {},
    ),
    "terms in another order": ("ols", "pay ~ age:sex + age", lambda f: table(f).iloc[::-1], {}),
    "a constant of its own name": ("ols", "pay ~ age", lambda f: table(f).rename({"Intercept": "const"}), {}),
    "some of the people": ("ols", "pay ~ sex", lambda f: table(f), {"where": "age >= 40"}),
}  # fmt: skip


@pytest.mark.parametrize("case", SAFE)
def test_safe_models_pass(bench: Bench, people: pd.DataFrame, case: str) -> None:
    family, formula, make, declared = SAFE[case]
    bench.register(people, "people")
    sample = people[people.age >= 40] if "where" in declared else people
    made = make(fitted(family, formula, sample))
    bench.declare("m.csv", made, data="people", statistic=family, model=formula, **declared)
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set()), output.findings
    assert output.evidence.name == "A"
    assert (output.canonical or b"").startswith(b"term,coef,std_err")


def first(data: pd.DataFrame, size: int) -> pd.Series:
    return pd.Series(np.arange(len(data)) < size, index=data.index)


def almost_a_dummy(data: pd.DataFrame) -> pd.DataFrame:
    """Three people far away from all others, who are not quite at zero."""
    noise = np.random.default_rng(5).normal(0, 1e-6, len(data))
    return data.assign(mark=first(data, 3) * 1.0 + noise)


def one_person_often(data: pd.DataFrame) -> pd.DataFrame:
    """Twenty rows of one person, told apart from the rest by a flag."""
    return data.assign(person_id=data.person_id.where(~first(data, 20), "p0"), mark=first(data, 20) * 1)


# name: (what is done to the data, model family, formula, rule)
Case = tuple[Change, str, str, str]
DISCLOSIVE: dict[str, Case] = {
    "a category of one person": (
        lambda d: d.assign(region=d.region.where(~first(d, 1), "Isles")), "ols", "pay ~ age + region",
        "model.cells",
    ),
    "a number that is a dummy": (
        lambda d: d.assign(mark=first(d, 1) * 7), "ols", "pay ~ age + mark", "model.cells",
    ),
    "a number that few people have": (
        lambda d: d.assign(mark=first(d, 5) * d.age), "ols", "pay ~ sex + mark", "model.cells",
    ),
    "an interaction that few people have": (
        lambda d: d.assign(
            region=d.region.where(~first(d, 300) | ((d.sex == "F") & ~first(d, 12)), "Isles")
        ),
        "ols", "pay ~ age + region * sex", "model.cells",
    ),
    "an interaction of a number with a small category": (
        lambda d: d.assign(region=d.region.where(~first(d, 4), "Isles")), "ols", "pay ~ age:region",
        "model.cells",
    ),
    "a category for everyone": (lambda d: d, "ols", "pay ~ C(person)", "model.cells"),
    "almost a dummy": (almost_a_dummy, "ols", "pay ~ age + mark", "model.leverage"),
    "almost a dummy, and a logit": (almost_a_dummy, "logit", "employed ~ age + mark", "model.leverage"),
    "one person's many rows": (one_person_often, "ols", "pay ~ age + mark", "model.cells"),
    "one far away": (
        lambda d: d.assign(age=d.age.where(~first(d, 1), 10**7)), "ols", "pay ~ age", "model.leverage",
    ),
    "one rich": (
        lambda d: d.assign(pay=d.pay.where(~first(d, 1), 1e12)), "ols", "pay ~ age + sex", "model.dominance",
    ),
    "one rich and a mean": (
        lambda d: d.assign(pay=d.pay.where(~first(d, 1), 1e12)), "ols", "pay ~ 1", "model.mean",
    ),
    "a mean of nine": (lambda d: d.head(9), "ols", "pay ~ 1", "model.mean"),
    "identical pay in the North": (
        lambda d: d.assign(pay=d.pay.where(d.region != "North", 100.0)), "ols", "pay ~ region",
        "model.cells",
    ),
    "nobody in the North has it": (
        lambda d: d.assign(employed=d.employed.where(d.region != "North", 0)), "ols",
        "employed ~ age + region", "model.outcome",
    ),
    "odds of a group of whom all have it": (
        lambda d: d.assign(employed=d.employed.where(d.region != "North", 1)), "logit",
        "employed ~ age + region", "model.outcome",
    ),
    "an outcome of three": (
        lambda d: d.assign(employed=first(d, 3) * 1), "probit", "employed ~ age", "model.outcome",
    ),
    "a count that few people have": (
        lambda d: d.assign(visits=d.visits.where(d.region != "North", first(d, 12) * 1)), "poisson",
        "visits ~ region", "model.outcome",
    ),
    "an outcome that few people have": (
        lambda d: d.assign(pay=d.pay.where(first(d, 5), 0.0)), "ols", "pay ~ age", "model.cells",
    ),
    "separation by a number": (
        lambda d: d.assign(employed=(d.age > 40) * 1), "logit", "employed ~ age", "model.separation",
    ),
    "a perfect fit": (lambda d: d.assign(tax=d.pay * 0.2), "ols", "tax ~ pay + age", "model.separation"),
    "itself": (lambda d: d, "ols", "pay ~ pay", "model.separation"),
    "a constant": (lambda d: d.assign(pay=5.0), "ols", "pay ~ age", "model.constant"),
    "terms that follow from each other": (
        lambda d: d.assign(months=d.age * 12), "ols", "pay ~ age + months", "model.rank",
    ),
    "too many terms": (
        lambda d: d.head(14), "ols", "pay ~ age + employed + visits + band", "freedom.residual",
    ),
    "the logarithm of nothing": (
        lambda d: d.assign(pay=d.pay.where(~first(d, 3), 0.0)), "ols", "np.log(pay) ~ age",
        "declaration.model",
    ),
    "categories of people, by their name": (lambda d: d, "ols", "pay ~ C(person_id)", "declaration.column"),
    "an outcome of words": (lambda d: d, "ols", "sex ~ age", "declaration.model"),
    "an exposure": (lambda d: d, "poisson", "visits ~ sex + offset(log(age))", "declaration.model"),
}  # fmt: skip


@pytest.mark.parametrize("case", DISCLOSIVE)
def test_disclosive_models_are_blocked(bench: Bench, people: pd.DataFrame, case: str) -> None:
    change, family, formula, rule = DISCLOSIVE[case]
    data = change(people.assign(person=np.arange(len(people)) // 5)).reset_index(drop=True)
    bench.register(data, "people")
    try:
        made = table(fitted(family, formula, data))
    except Exception:  # statsmodels refuses too; the gate must still say why
        made = pd.DataFrame({"term": ["Intercept"], "coef": [1.0], "std_err": [1.0]}).set_index("term")
    bench.declare("m.csv", made, data="people", statistic=family, model=formula)
    output = bench.only()
    assert rule in rules(output), output.findings
    assert output.verdict.name == "BLOCK"


def test_categories_in_an_order_of_their_own(bench: Bench, people: pd.DataFrame) -> None:
    """A categorical column has its order from the frame: here the South comes first."""
    data = people.assign(region=pd.Categorical(people.region, ["South", "North", "East"]))
    bench.register(data, "people")
    made = table(fitted("ols", "pay ~ age + region", data))
    assert "region[T.East]" in made.index
    bench.declare("m.csv", made, data="people", statistic="ols", model="pay ~ age + region")
    assert bench.only().verdict.name == "PASS"


def test_a_forged_coefficient_is_named(bench: Bench, people: pd.DataFrame) -> None:
    made = table(fitted("ols", "pay ~ age + sex", people))
    made.loc["age", "coef"] *= 1.0001
    bench.register(people, "people")
    bench.declare("m.csv", made, data="people", statistic="ols", model="pay ~ age + sex")
    (found,) = [finding for finding in bench.only().findings if finding.rule == "figure.differs"]
    assert (found.cells, found.at) == (("age",), ((3, 1),))


def test_errors_of_an_unknown_covariance_say_what_is_recomputed(bench: Bench, people: pd.DataFrame) -> None:
    fit = fitted("ols", "pay ~ age", people, cov_type="HAC", cov_kwds={"maxlags": 3})
    bench.register(people, "people")
    bench.declare("m.csv", table(fit), data="people", statistic="ols", model="pay ~ age")
    (found,) = [finding for finding in bench.only().findings if finding.rule == "figure.differs"]
    assert "the coefficients agree" in found.message
    assert "nonrobust" in found.remedy


def test_errors_clustered_by_person(bench: Bench, people: pd.DataFrame) -> None:
    rows = pd.concat([people, people.assign(pay=people.pay * 1.02, age=people.age + 1)], ignore_index=True)
    groups = rows.person_id.factorize()[0]
    fit = fitted("ols", "pay ~ age + sex", rows, cov_type="cluster", cov_kwds={"groups": groups})
    bench.register(rows, "people")
    bench.declare("m.csv", table(fit, "p"), data="people", statistic="ols", model="pay ~ age + sex")
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set())


def test_freedom_is_counted_in_people(bench: Bench, people: pd.DataFrame) -> None:
    """Hundreds of rows of twelve people."""
    rows = people.assign(person_id="p" + (people.index % 12).astype(str))
    bench.register(rows, "people")
    made = table(fitted("ols", "pay ~ age + sex", rows))
    bench.declare("m.csv", made, data="people", statistic="ols", model="pay ~ age + sex")
    assert "freedom.residual" in rules(bench.only())


@pytest.mark.parametrize("spelling", ["pay ~ age + sex", "pay ~ sex + age", "pay ~ 1 + sex + age"])
def test_a_model_of_all_but_one_in_any_spelling(bench: Bench, people: pd.DataFrame, spelling: str) -> None:
    bench.register(people.assign(kept=people.person_id != "p7"), "people")
    made = table(fitted("ols", "pay ~ age + sex", people))
    bench.declare("m.csv", made, data="people", statistic="ols", model="pay ~ age + sex")
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    made = table(fitted("ols", spelling, people[people.person_id != "p7"]))
    bench.declare("m.csv", made, data="people", statistic="ols", model=spelling, where="kept")
    assert rules(bench.only(ledger=True)) == {"differencing"}


def test_a_model_that_is_a_table_against_the_table(bench: Bench, people: pd.DataFrame) -> None:
    bench.register(people.assign(kept=people.person_id != "p7"), "people")
    bench.declare("t.csv", people.groupby("region").pay.mean(), data="people", statistic="mean",
                  value="pay", rows=["region"])  # fmt: skip
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    made = table(fitted("ols", "pay ~ region", people[people.person_id != "p7"]))
    bench.declare("m.csv", made, data="people", statistic="ols", model="pay ~ region",
                  where="kept")  # fmt: skip
    assert "differencing" in rules(bench.only(ledger=True))


REFUSED = [
    "pay", "pay ~ age ~ sex", "pay ~ __import__('os')", "pay ~ age.__class__", "pay ~ I(age + sex)",
    "pay ~ C(region, Treatment(open('x')))", "pay ~ C(region, Treatment('a' + 'b'))", "pay ~ Q('age')",
    "pay ~ age + ", "pay ~ I(age ** 99)", "C(pay) ~ age", "pay ~ (age + sex)", "pay ~ log(log(age))",
    "pay ~ age - sex", "pay ~ C(region, Treatment('\\x41'))", "pay ~ eval(age)", "pay ~ nobody",
]  # fmt: skip


@pytest.mark.parametrize("formula", REFUSED)
def test_formulas_that_are_refused(formula: str) -> None:
    with pytest.raises(Blocked):
        read_formula(formula, {"pay", "age", "sex", "region"})


@given(st.text(alphabet="ayC()IT*:+-~ 'log1\"_.,", max_size=40))
def test_no_formula_breaks_the_reader(text: str) -> None:
    try:
        formula = read_formula(text, {"a", "y"})
    except Blocked:
        return
    assert set(formula.columns) <= {"a", "y"}


@settings(max_examples=50)
@given(arrays(float, (30, 2), elements=st.floats(-5, 5)), st.integers(2, 6))
def test_leverage_is_that_of_the_hat_matrix(numbers: np.ndarray, each: int) -> None:
    """The reference: the largest eigenvalue of every person's block of X (X'X)^-1 X'."""
    design = np.column_stack([np.ones(30), numbers + np.random.default_rng(0).normal(size=(30, 2))])
    hat = design @ np.linalg.solve(design.T @ design, design.T)
    person = np.arange(30) // each
    blocks = [np.linalg.eigvalsh(hat[np.ix_(person == p, person == p)]).max() for p in np.unique(person)]
    outcome = numbers[:, 0]
    found = influence(design, outcome, person.astype(np.uint64) + 1, few=2)
    assert found.leverage == pytest.approx(max(blocks), abs=1e-8)
    weights = np.linalg.pinv(design)
    for term in range(3):
        squares = np.bincount(person, weights[term] ** 2)
        assert found.decided[term] == pytest.approx(np.sort(squares)[-2:].sum() / squares.sum(), abs=1e-8)
