"""Chains of tables: sums and differences of more than two figures that leave a few people, or nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

CHAIN = "differencing.chain"


@pytest.fixture
def survey() -> pd.DataFrame:
    """1,200 people in four areas of 300; 2 of the 120 people of area A aged 80 and over are women."""
    size = 1_200
    frame = pd.DataFrame(
        {
            "person_id": [f"{number:032x}" for number in range(1, size + 1)],
            "area": np.repeat(["A", "B", "C", "D"], size // 4),
            "year": np.tile([2019, 2020, 2021], size // 3),
            "age": np.tile(np.arange(20, 80), size // 60),
            "sex": np.tile(["F", "M"], size // 2),
            "pay": np.random.default_rng(5).gamma(3, 8_000, size).round(2),
        }
    )
    old = frame.index[frame.area == "A"][:120]
    frame.loc[old, "age"] = 85
    frame.loc[old, "sex"] = ["F"] * 2 + ["M"] * 118
    return frame


def count(frame: pd.DataFrame, *by: str) -> pd.DataFrame:
    return frame.groupby(list(by)).size().rename("count").reset_index()


def declared(bench: Bench, file: str, frame: pd.DataFrame, *by: str, **more: Any) -> None:
    bench.declare(
        file, count(frame, *by).to_csv(index=False), data="claims", statistic="count", rows=list(by), **more
    )


def found(bench: Bench, **options: bool) -> set[str]:
    return set().union(*(rules(output) for output in bench.check(**options).outputs))


def test_three_tables_of_which_no_two_tell_anything(bench: Bench, survey: pd.DataFrame) -> None:
    """All of area A, its people under 80, and its men of 80 and over: what is left are two women."""
    bench.register(survey)
    area = survey[survey.area == "A"]
    declared(bench, "all.csv", area, "area", where="area = 'A'")
    declared(bench, "under.csv", area[area.age < 80], "area", where="area = 'A' AND age < 80")
    men = area[(area.age >= 80) & (area.sex == "M")]
    declared(bench, "men.csv", men, "area", where="area = 'A' AND age >= 80 AND sex = 'M'")
    result = bench.check()
    assert all(rules(output) == {CHAIN} for output in result.outputs)
    message = result.outputs[0].findings[-1].message
    assert "[area=A] of all.csv" in message
    assert "− [area=A] of under.csv" in message
    assert "− [area=A] of men.csv" in message
    assert "leaves 2 person_id" in message


def test_a_chain_through_the_ledger_names_the_releases(bench: Bench, survey: pd.DataFrame) -> None:
    bench.register(survey)
    area = survey[survey.area == "A"]
    declared(bench, "all.csv", area, "area", where="area = 'A'")
    declared(bench, "under.csv", area[area.age < 80], "area", where="area = 'A' AND age < 80")
    assert bench.check(commit=True).verdict.name == "PASS"
    bench.start()
    men = area[(area.age >= 80) & (area.sex == "M")]
    declared(bench, "men.csv", men, "area", where="area = 'A' AND age >= 80 AND sex = 'M'")
    output = bench.only(ledger=True)
    assert rules(output) == {CHAIN}
    assert "all.csv of release p1-" in output.findings[-1].message
    assert found(bench) == set()  # the door is open without the ledger


def test_two_ways_to_cut_the_same_people(bench: Bench, survey: pd.DataFrame) -> None:
    """A and B, less B, less A without three people."""
    survey["group"] = "many"
    survey.loc[survey.index[:3], "group"] = "few"
    bench.register(survey)
    keys: dict[str, Any] = {"data": "claims", "statistic": "count"}
    bench.declare("ab.csv", "count\n600\n", where="area IN ('A', 'B')", **keys)
    bench.declare("b.csv", "count\n300\n", where="area = 'B'", **keys)
    bench.declare("a.csv", "count\n297\n", where="area = 'A' AND \"group\" = 'many'", **keys)
    assert found(bench) == {CHAIN}


def test_shifted_bins_of_two_histograms(bench: Bench, survey: pd.DataFrame) -> None:
    """Two bins of the one, less a bin of the other: four people of 40."""
    forty = survey.index[survey.age == 40]
    survey.loc[forty[4:], "age"] = 41
    bench.register(survey)
    for file, edges in (("one.csv", [10.0, 40.0, 100.0]), ("two.csv", [10.0, 30.0, 40.5, 100.0])):
        counted = np.histogram(survey.age, bins=edges)[0]
        bins = zip(edges[:-1], edges[1:], counted, strict=True)
        text = "".join(f"{left},{right},{number}\n" for left, right, number in bins)
        keys = {"data": "claims", "statistic": "histogram", "value": "age", "bins": edges}
        bench.declare(file, f"left,right,count\n{text}", **keys)
    assert found(bench) >= {CHAIN} or found(bench) == {"differencing"}
    assert not [rule for rule in found(bench) if not rule.startswith("differencing")]


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([(("area",), ""), (("area", "sex"), "")], id="a table and its coarsening"),
        pytest.param([(("area",), "year = 2019"), (("area",), "year = 2020")], id="disjoint years"),
        pytest.param([(("area",), ""), (("year",), ""), (("sex",), "")], id="one table for each variable"),
        pytest.param([(("area",), ""), (("area",), "age < 60"), (("area",), "age < 40")], id="nested ages"),
        pytest.param(
            [(("area", "year"), ""), (("year", "sex"), ""), (("area", "sex"), "")], id="three crossings"
        ),
    ],
)
def test_what_is_safe_together(
    bench: Bench, survey: pd.DataFrame, tables: list[tuple[tuple[str, ...], str]]
) -> None:
    survey = survey.assign(sex=np.tile(["F", "M"], len(survey) // 2))  # nobody is rare
    bench.register(survey)
    for number, (by, where) in enumerate(tables):
        part = survey.query(where.replace(" = ", " == ")) if where else survey
        declared(bench, f"t{number}.csv", part, *by, **({"where": where} if where else {}))
    result = bench.check(commit=True)
    assert result.verdict.name == "PASS", [finding.message for o in result.outputs for finding in o.findings]


def test_counts_and_means_of_one_table(bench: Bench, survey: pd.DataFrame) -> None:
    bench.register(survey)
    declared(bench, "n.csv", survey, "area")
    means = survey.groupby("area").pay.mean()
    bench.declare("mean.csv", means, data="claims", statistic="mean", value="pay", rows=["area"])
    assert bench.check().verdict.name == "PASS"


def test_means_with_their_numbers_are_sums(bench: Bench, survey: pd.DataFrame) -> None:
    """The mean of all, of the old and of the young; four people of 49 are neither."""
    few = survey.index[survey.age == 49]
    survey.loc[few[4:], "age"] = 48
    bench.register(survey)
    for file, where in (
        ("all.csv", "age < 85"),
        ("old.csv", "age >= 50 and age < 85"),
        ("young.csv", "age < 49"),
    ):
        mean = float(survey.query(where).pay.mean())
        keys = {"data": "claims", "statistic": "mean", "value": "pay", "where": where}
        bench.declare(file, f"mean\n{mean!r}\n", **keys)
    assert found(bench) == {CHAIN}


def test_one_person_with_many_rows_is_one(bench: Bench, survey: pd.DataFrame) -> None:
    """Three tables of episodes; what they leave is twenty rows of one person."""
    rows = pd.concat([survey.assign(ward=survey.area)] * 2)
    many = survey.head(1).assign(ward="rare")
    rows = pd.concat([rows, *[many] * 20]).reset_index(drop=True)
    bench.register(rows)
    keys: dict[str, Any] = {"data": "claims", "statistic": "count"}
    bench.declare("all.csv", f"count\n{len(rows)}\n", **keys)
    for ward in ("A", "B"):
        bench.declare(
            f"{ward}.csv", f"count\n{(rows.ward == ward).sum()}\n", where=f"ward = '{ward}'", **keys
        )
    rest = rows.ward.isin(["C", "D"]).sum()
    bench.declare("rest.csv", f"count\n{rest}\n", where="ward IN ('C', 'D')", **keys)
    assert found(bench) == {CHAIN}


def test_rounded_counts_are_no_chain(bench: Bench, survey: pd.DataFrame) -> None:
    bench.register(survey)
    area = survey[survey.area == "A"]
    men = area[(area.age >= 80) & (area.sex == "M")]
    for file, part, where in (
        ("all.csv", area, "area = 'A'"),
        ("under.csv", area[area.age < 80], "area = 'A' AND age < 80"),
        ("men.csv", men, "area = 'A' AND age >= 80 AND sex = 'M'"),
    ):
        text = f"count\n{round(len(part) / 5) * 5}\n"
        bench.declare(file, text, data="claims", statistic="count", where=where, rounding=5)
    assert bench.check().verdict.name == "PASS"
