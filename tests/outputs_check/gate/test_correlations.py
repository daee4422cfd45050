"""Correlation matrices, as `DataFrame.corr()` writes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

NAMES = ["pay", "age", "hours"]
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    random = np.random.default_rng(13)
    size = 800
    age = random.integers(18, 70, size)
    return pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(size)],
            "age": age,
            "pay": (random.gamma(3, 8_000, size) + 100 * age).round(2),
            "hours": np.where(random.random(size) < 0.2, np.nan, random.normal(35, 5, size)),
            "employed": random.random(size) < 0.6,
            "trained": (random.random(size) < 0.3).astype(int),
        }
    )


def corr(data: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return data[names].astype(float).corr()


SAFE: dict[str, tuple[list[str], Callable[[pd.DataFrame], pd.DataFrame], dict[str, float]]] = {
    "three variables, some values missing": (NAMES, lambda c: c, {}),
    "to two decimals": (NAMES, lambda c: c.round(2), {"rounding": 0.01}),
    "flags": (["pay", "employed", "trained"], lambda c: c, {}),
    "one half of it": (NAMES, lambda c: c.where(np.tril(np.ones(c.shape, dtype=bool))), {}),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe_matrices_pass(bench: Bench, people: pd.DataFrame, case: str) -> None:
    names, change, declared = SAFE[case]
    bench.register(people, "people")
    made = change(corr(people, names))
    bench.declare("c.csv", made, data="people", statistic="correlation", columns=names, **declared)
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set()), output.findings


def few(data: pd.DataFrame, size: int) -> pd.Series:
    return pd.Series(np.arange(len(data)) < size, index=data.index)


DISCLOSIVE: dict[str, tuple[Change, list[str], str]] = {
    "nine people with both values": (
        lambda d: d.assign(hours=d.hours.fillna(30).where(few(d, 9))), ["pay", "hours"], "threshold.people",
    ),
    "eleven people with both values": (
        lambda d: d.assign(hours=d.hours.fillna(30).where(few(d, 11))), ["pay", "hours"],
        "freedom.residual",
    ),
    "a flag of three": (
        lambda d: d.assign(trained=few(d, 3) * 1), ["pay", "trained"], "correlation.cells",
    ),
    "two flags that four people share": (
        lambda d: d.assign(trained=(few(d, 4) | (~d.employed & (d.trained == 1))) * 1,
                           employed=d.employed | few(d, 4)),
        ["trained", "employed"], "correlation.cells",
    ),
    "two flags that nobody has both of": (
        lambda d: d.assign(trained=(~d.employed & (d.trained == 1)) * 1), ["trained", "employed"],
        "correlation.cells",
    ),
    "hours that few people have": (
        lambda d: d.assign(hours=d.hours.fillna(30).where(few(d, 6), 0.0)), ["pay", "hours"],
        "correlation.cells",
    ),
    "one person of all the pay": (
        lambda d: d.assign(pay=d.pay.where(~few(d, 1), 1e12)), ["pay", "age"], "model.dominance",
    ),
    "one variable twice": (lambda d: d.assign(tax=d.pay * 0.2), ["pay", "tax"], "correlation.perfect"),
    "one variable turned round": (lambda d: d.assign(left=70 - d.age), ["age", "left"],
                                  "correlation.perfect"),
    "pseudonyms": (lambda d: d.assign(person_id=np.arange(len(d))), ["person_id", "age"],
                   "declaration.column"),
}  # fmt: skip


@pytest.mark.parametrize("case", DISCLOSIVE)
def test_disclosive_matrices_are_blocked(bench: Bench, people: pd.DataFrame, case: str) -> None:
    change, names, rule = DISCLOSIVE[case]
    data = change(people)
    bench.register(data, "people")
    bench.declare("c.csv", corr(data, names), data="people", statistic="correlation", columns=names)
    output = bench.only()
    assert rule in rules(output), output.findings
    assert output.verdict.name == "BLOCK"


def test_a_constant_has_no_correlation_to_show(bench: Bench, people: pd.DataFrame) -> None:
    data = people.assign(age=40)
    bench.register(data, "people")
    declared = {"data": "people", "statistic": "correlation", "columns": ["pay", "age"]}
    bench.declare("c.csv", corr(data, ["pay", "age"]), **declared)
    assert bench.only().verdict.name == "PASS"
    bench.start()
    bench.declare("c.csv", corr(data, ["pay", "age"]).fillna(0.25), **declared)
    assert "figure.differs" in rules(bench.only())


def test_people_are_counted_and_not_their_rows(bench: Bench, people: pd.DataFrame) -> None:
    rows = people.assign(person_id="p" + (people.index % 9).astype(str))
    bench.register(rows, "people")
    bench.declare("c.csv", corr(rows, ["pay", "age"]), data="people", statistic="correlation",
                  columns=["pay", "age"])  # fmt: skip
    assert "threshold.people" in rules(bench.only())


def test_all_and_all_but_one(bench: Bench, people: pd.DataFrame) -> None:
    declared = {"data": "people", "statistic": "correlation"}
    bench.register(people.assign(kept=people.person_id != "p7"), "people")
    bench.declare("c.csv", corr(people, NAMES), columns=NAMES, **declared)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    fewer = corr(people[people.person_id != "p7"], ["age", "pay"])
    bench.declare("c.csv", fewer, columns=["age", "pay"], where="kept", **declared)
    assert rules(bench.only(ledger=True)) == {"differencing"}
    bench.start()
    bench.declare("c.csv", corr(people, ["pay", "trained"]), columns=["pay", "trained"], **declared)
    assert bench.only(ledger=True).verdict.name == "PASS"
