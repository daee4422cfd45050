"""How closely a suppressed cell can be bounded from what is shown, and what to suppress as well."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules

INTERVAL = "suppression.interval"
KEYS = {"data": "claims", "statistic": "count", "rows": ["area"], "columns": ["sex"]}


def people(table: dict[str, dict[str, int]]) -> pd.DataFrame:
    """As many people as a table says, one row each."""
    rows = [
        (area, sex) for area, cells in table.items() for sex, number in cells.items() for _ in range(number)
    ]
    frame = pd.DataFrame(rows, columns=["area", "sex"])
    return frame.assign(person_id=[f"{number:032x}" for number in range(1, len(frame) + 1)])


def shown(frame: pd.DataFrame, hidden: list[tuple[str, str]], margins: bool = True) -> pd.DataFrame:
    table = pd.crosstab(frame.area, frame.sex, margins=margins).astype(object)
    for area, sex in hidden:
        table.loc[area, sex] = "*"
    return table


FEW = {"A": {"F": 4, "M": 40, "X": 30}, "B": {"F": 30, "M": 25, "X": 20}, "C": {"F": 50, "M": 60, "X": 35}}


@pytest.mark.parametrize(
    ("hidden", "verdict"),
    [
        pytest.param([("A", "F")], "BLOCK", id="one cell: the margins give it back"),
        pytest.param([("A", "F"), ("A", "M")], "BLOCK", id="two in a row: the columns give them back"),
        pytest.param(
            [("A", "F"), ("A", "M"), ("B", "F"), ("B", "M")], "PASS", id="two in each row and column"
        ),
    ],
)
def test_a_table_with_margins(bench: Bench, hidden: list[tuple[str, str]], verdict: str) -> None:
    frame = people(FEW)
    bench.register(frame)
    bench.declare("t.csv", shown(frame, hidden), **KEYS)
    assert bench.only().verdict.name == verdict


def test_small_cells_that_can_be_others(bench: Bench) -> None:
    """Hidden 4, 6, 6 and 4 people, 10 in each line: each can be 0 to 10, and only 4 - 4 is known."""
    frame = people({**FEW, "A": {"F": 4, "M": 6, "X": 30}, "B": {"F": 6, "M": 4, "X": 20}})
    bench.register(frame)
    bench.declare("t.csv", shown(frame, [("A", "F"), ("A", "M"), ("B", "F"), ("B", "M")]), **KEYS)
    assert bench.only().verdict.name == "PASS"


def test_a_line_of_small_cells_is_a_small_group(bench: Bench) -> None:
    frame = people({**FEW, "A": {"F": 4, "M": 3, "X": 30}})
    bench.register(frame)
    bench.declare("t.csv", shown(frame, [("A", "F"), ("A", "M"), ("B", "F"), ("B", "M")]), **KEYS)
    assert bench.only().verdict.name == "BLOCK"


def test_the_finding_says_the_interval_and_what_to_suppress(bench: Bench) -> None:
    """Rounded figures: nothing is exact, and what is left for the cell is at most 5."""
    frame = people({"A": {"F": 1, "M": 41}, "B": {"F": 30, "M": 25}, "C": {"F": 50, "M": 60}})
    bench.register(frame)
    table = shown(frame, [("A", "F")])
    for area in ("A", "B", "C", "All"):
        for sex in ("F", "M", "All"):
            if table.loc[area, sex] != "*":
                table.loc[area, sex] = int(np.round(int(table.loc[area, sex]) / 5) * 5)
    bench.declare("t.csv", table, **KEYS, rounding=5)
    output = bench.only()
    assert rules(output) == {INTERVAL}
    (finding,) = [finding for finding in output.findings if finding.rule == INTERVAL]
    assert "[area=A, sex=F] of t.csv is between 0 and 5" in finding.message
    assert finding.cells == ("area=A, sex=F",)
    assert finding.remedy == "suppress [area=B, sex=F] and [area=A, sex=M] as well"


def test_a_later_margin_reveals_what_an_earlier_release_withheld(bench: Bench) -> None:
    frame = people(FEW)
    bench.register(frame)
    bench.declare("t.csv", shown(frame, [("A", "F")], margins=False), **KEYS)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    bench.declare("m.csv", frame.groupby("area").size(), data="claims", statistic="count", rows=["area"])
    assert bench.only().verdict.name == "PASS"
    output = bench.only(ledger=True)
    assert output.verdict.name == "BLOCK"
    assert "t.csv of release p1-" in output.findings[-1].message


def test_large_cells_may_be_derived(bench: Bench) -> None:
    frame = people({"A": {"F": 40, "M": 40}, "B": {"F": 30, "M": 25}})
    bench.register(frame)
    bench.declare("t.csv", shown(frame, [("A", "F")]), **KEYS)
    assert bench.only().verdict.name == "PASS"


def test_a_table_that_leaves_rows_out_withholds_them(bench: Bench) -> None:
    """No star, just no line for the small group: its area's total has it all the same."""
    frame = people(FEW)
    bench.register(frame)
    keys = {"data": "claims", "statistic": "count", "rows": ["area", "sex"]}
    listed = frame.groupby(["area", "sex"]).size().rename("count").reset_index()
    bench.declare("t.csv", listed[listed["count"] >= 10].to_csv(index=False), **keys)
    bench.declare("m.csv", frame.groupby("area").size(), **{**keys, "rows": ["area"]})
    assert [output.verdict.name for output in bench.check().outputs] == ["BLOCK", "BLOCK"]


@pytest.mark.parametrize("pound", [1.0, 1e6, 1e12])
def test_the_size_of_the_figures_hides_nothing(bench: Bench, pound: float) -> None:
    """Area B earns next to nothing, so that the totals of area A and of each sex show A's cells."""
    frame = people({"A": {"F": 5, "M": 5}, "B": {"F": 5, "M": 5}, "C": {"F": 200, "M": 200}})
    pay = np.random.default_rng(2).uniform(900, 1_100, len(frame)) * pound
    frame = frame.assign(pay=np.where(frame.area == "B", pay / 1_000, pay))
    bench.register(frame)
    table = frame.pivot_table(index="area", columns="sex", values="pay", aggfunc="sum", margins=True)
    table.loc[["A", "B"], ["F", "M"]] = np.nan
    bench.declare("t.csv", table, **{**KEYS, "statistic": "sum", "value": "pay"})
    output = bench.only()
    assert output.verdict.name == "BLOCK"
    assert INTERVAL in rules(output)


def test_a_table_beyond_the_limit_is_for_a_person_to_judge(bench: Bench) -> None:
    """300 wards by 200 ages are more cells than are examined; the margins bound those that are hidden."""
    sizes = {
        f"W{ward}": {f"{(7 * ward + step) % 200}": size for step, size in enumerate((8, 9, 12, 13))}
        for ward in range(300)
    }
    frame = people(sizes)
    bench.register(frame)
    cells = frame.groupby(["area", "sex"]).size().reset_index(name="count").astype({"count": object})
    cells.loc[cells["count"] < 10, "count"] = "*"
    totals = frame.groupby("area").size().reset_index(name="count").assign(sex="All")
    table = pd.concat([cells, totals])[["area", "sex", "count"]]
    bench.declare("t.csv", table.to_csv(index=False), data="claims", statistic="count", rows=["area", "sex"])
    output = bench.only()
    assert output.verdict.name == "REVIEW"
    assert rules(output) == {INTERVAL}
