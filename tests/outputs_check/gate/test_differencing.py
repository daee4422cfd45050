"""Two safe tables that are not safe together, in one submission and across releases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from gate_bench import LEDGER, Bench, rules

from lab.base.errors import BadInput
from outputs_check.gate.check import check_submission, release_submission
from outputs_check.gate.linked import Linked

BY_SEX = {"data": "claims", "statistic": "count", "rows": ["sex"]}


def counted(data: pd.DataFrame) -> pd.Series:
    return data.groupby("sex").size()


@pytest.fixture
def without_one(mainland: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Everyone but the only person of an age, and the `where` that says so."""
    data = mainland.assign(age=mainland.age.where(mainland.index != 0, 99))
    return data, "age < 99"


def test_two_tables_that_differ_by_one_person(bench: Bench, without_one: tuple[pd.DataFrame, str]) -> None:
    data, where = without_one
    bench.register(data)
    bench.declare("all.csv", counted(data), **BY_SEX)
    bench.declare("young.csv", counted(data[data.age < 99]), **BY_SEX, where=where)
    first, second = bench.check().outputs
    assert rules(first) == rules(second) == {"differencing"}
    assert "young.csv" in first.findings[-1].message
    assert "leaves 1" in first.findings[-1].message


def test_the_ledger_remembers_and_names_the_earlier_release(
    bench: Bench, without_one: tuple[pd.DataFrame, str]
) -> None:
    data, where = without_one
    bench.register(data)
    bench.declare("all.csv", counted(data), **BY_SEX)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    bench.declare("young.csv", counted(data[data.age < 99]), **BY_SEX, where=where)
    assert bench.only().verdict.name == "PASS"  # without the ledger nothing is known
    output = bench.only(ledger=True)
    assert rules(output) == {"differencing"}
    assert "all.csv of release p1-" in output.findings[-1].message


def test_means_that_differ_by_one_person(bench: Bench, without_one: tuple[pd.DataFrame, str]) -> None:
    data, where = without_one
    mean = {"data": "claims", "statistic": "mean", "value": "pay"}
    bench.register(data)
    bench.declare("all.csv", f"mean\n{float(data.pay.mean())!r}\n", **mean)
    bench.declare("young.csv", f"mean\n{float(data[data.age < 99].pay.mean())!r}\n", **mean, where=where)
    assert all("differencing" in rules(output) for output in bench.check().outputs)


def test_models_that_differ_by_one_person(bench: Bench, without_one: tuple[pd.DataFrame, str]) -> None:
    import statsmodels.formula.api as smf

    data, where = without_one
    bench.register(data)
    for file, part, extra in (("a.csv", data, {}), ("b.csv", data[data.age < 99], {"where": where})):
        fit = smf.ols("pay ~ employed", part).fit()
        table = pd.DataFrame({"coef": fit.params, "std_err": fit.bse}).rename_axis("term")
        bench.declare(file, table, data="claims", statistic="ols", model="pay ~ employed", **extra)
    assert all("differencing" in rules(output) for output in bench.check().outputs)


def test_the_same_table_again_passes(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    for _ in range(3):
        bench.start()
        bench.declare("t.csv", counted(mainland), **BY_SEX)
        assert bench.only(commit=True).verdict.name == "PASS"


def test_rounded_counts_protect(bench: Bench, without_one: tuple[pd.DataFrame, str]) -> None:
    data, where = without_one
    bench.register(data)
    bench.declare("all.csv", (counted(data) / 5).round() * 5, **BY_SEX, rounding=5)
    young = counted(data[data.age < 99])
    bench.declare("young.csv", (young / 5).round() * 5, **BY_SEX, rounding=5, where=where)
    assert bench.check().verdict.name == "PASS"


def test_a_suppressed_table_and_its_margin_in_another_file(bench: Bench, mainland: pd.DataFrame) -> None:
    few = (mainland.region == "North") & (mainland.sex == "M")
    data = pd.concat([mainland[~few], mainland[few].head(6)])
    table = pd.crosstab(data.region, data.sex).astype(object)
    table.loc["North", "M"] = "*"
    bench.register(data)
    bench.declare("t.csv", table, data="claims", statistic="count", rows=["region"], columns=["sex"])
    assert bench.only().verdict.name == "PASS"
    bench.declare("m.csv", data.groupby("region").size(), data="claims", statistic="count", rows=["region"])
    first, second = bench.check().outputs
    assert rules(first) == rules(second) == {"differencing"}


def test_one_row_of_a_person_with_many_rows(bench: Bench, mainland: pd.DataFrame) -> None:
    """The same people in both tables, and one episode more of one of them."""
    rows = pd.concat([mainland.assign(day=day) for day in range(5)]).reset_index(drop=True)
    rows.loc[0, "day"] = 77
    bench.register(rows)
    bench.declare("a.csv", counted(rows), **BY_SEX)
    bench.declare("b.csv", counted(rows[rows.day < 70]), **BY_SEX, where="day < 70")
    assert all("differencing" in rules(output) for output in bench.check().outputs)


def test_what_is_blocked_spoils_nothing_else(
    bench: Bench, claims: pd.DataFrame, mainland: pd.DataFrame
) -> None:
    bench.register(claims)
    bench.declare("good.csv", counted(mainland), **BY_SEX, where="region <> 'Isles'")
    bench.declare("bad.csv", pd.crosstab(claims.region, claims.sex), data="claims", statistic="count",
                  rows=["region"], columns=["sex"])  # fmt: skip
    good, bad = bench.check().outputs
    assert (good.verdict.name, bad.verdict.name) == ("PASS", "BLOCK")


def test_only_pass_is_committed(bench: Bench, without_one: tuple[pd.DataFrame, str]) -> None:
    data, where = without_one
    bench.register(data)
    bench.declare("all.csv", counted(data) + 1, **BY_SEX)
    assert bench.only(commit=True).verdict.name == "BLOCK"
    bench.start()
    bench.declare("young.csv", counted(data[data.age < 99]), **BY_SEX, where=where)
    assert bench.only(ledger=True).verdict.name == "PASS"


def test_release_records_once_and_only_what_was_approved(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", counted(mainland), **BY_SEX)
    first = bench.only()
    place = {"ledger": bench.folder / LEDGER, "release": "r-1"}
    for _ in range(2):
        result = release_submission(bench.submission, bench.data, approved={"t.csv": first.sha256}, **place)
        assert result.verdict.name == "PASS"
    size = place["ledger"].stat().st_size
    release_submission(bench.submission, bench.data, approved={"t.csv": "0" * 64}, **place)
    assert place["ledger"].stat().st_size == size


def test_release_refuses_what_became_disclosive_since(
    bench: Bench, without_one: tuple[pd.DataFrame, str]
) -> None:
    data, where = without_one
    bench.register(data)
    bench.declare("young.csv", counted(data[data.age < 99]), **BY_SEX, where=where)
    approved = {"young.csv": bench.only().sha256}
    waiting = bench.submission
    bench.start()
    bench.declare("all.csv", counted(data), **BY_SEX)
    assert bench.only(commit=True).verdict.name == "PASS"
    place = bench.folder / LEDGER
    result = release_submission(waiting, bench.data, ledger=place, release="r-2", approved=approved)
    assert result.verdict.name == "BLOCK"


def test_a_file_that_is_no_ledger(bench: Bench, mainland: pd.DataFrame, tmp_path: Path) -> None:
    bench.register(mainland)
    (tmp_path / "book").write_text("this is no database, whatever its name says")
    with pytest.raises(BadInput, match="ledger"):
        check_submission(bench.submission, bench.data, ledger=tmp_path / "book")


@pytest.mark.parametrize("comparison", ["alone", "together"])
def test_a_comparison_that_breaks_off_blocks(
    bench: Bench, mainland: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, comparison: str
) -> None:
    """A solver that gives up, or a query that takes too long, is a finding and never a PASS."""

    def break_off(*_: object) -> None:
        raise ArithmeticError("singular matrix")

    monkeypatch.setattr(Linked, comparison, break_off)
    bench.register(mainland)
    bench.declare("t.csv", counted(mainland), **BY_SEX)
    output = bench.only()
    assert output.verdict.name == "BLOCK"
    assert rules(output) == {"gate.fault"}
