"""The facts of cells against plain pandas: random data, every kind of margin, every statistic."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outputs_check.gate.data import DataFolder
from outputs_check.gate.facts import CellFacts, Facts
from outputs_check.gate.facts_sql import Asked
from outputs_check.gate.query import Query
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.single_values import SingleValue
from outputs_check.sdc.concentration import Holdings, gini

NUMBERS = st.sampled_from([-3.0, -1.0, 0.0, 0.1, 1.0, 2.0, 2.0, 1e6]) | st.floats(-1e6, 1e6)
MISSING = st.none()
ROW = st.fixed_dictionaries(
    {
        "person": st.sampled_from("ABCDEFGHI") | MISSING,
        "region": st.sampled_from(["North", "South"]) | MISSING,
        "year": st.sampled_from([2020, 2021]),
        "pay": NUMBERS | MISSING,
        "flag": st.sampled_from([0.0, 1.0]),
        "weight": st.floats(0.1, 10),
        "hours": st.sampled_from([0.0, -2.0, 10.0, 40.0]) | MISSING,
    }
)
FRAMES = st.lists(ROW, min_size=1, max_size=40)
DIMENSIONS = ("region", "year")
unhurried = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def facts_of(frame: pd.DataFrame, unit: str = "person", asked: Asked | None = None, **query: Any) -> Any:
    """Facts of every cell and margin: {(region or None, year or None): CellFacts}."""
    with tempfile.TemporaryDirectory() as folder:
        frame.to_parquet(Path(folder) / "d.parquet")
        with DataFolder(Path(folder)) as data:
            dataset = data.dataset("d")
            asking = Query(dataset, data.columns(dataset), **{"dimensions": DIMENSIONS, **query})
            facts = Facts(data, asking, unit, asked)
            names = [(None, *range(len(labels.names))) for labels in facts.labels]
            return {
                tuple(
                    None if index is None else labels.names[index]
                    for labels, index in zip(facts.labels, key, strict=True)
                ): facts.cell(key)
                for key in itertools.product(*names)
            }


def rows_of(frame: pd.DataFrame) -> Iterator[tuple[tuple[str | None, ...], pd.DataFrame, pd.DataFrame]]:
    """Every cell and margin with its rows, and the rows of its line (region)."""
    known = frame[frame.region.notna()]
    regions, years = sorted(set(known.region)), sorted(set(known.year))
    for region, year in itertools.product([None, *regions], [None, *years]):
        line = known if region is None else known[known.region == region]
        cell = line if year is None else line[line.year == year]
        yield (region, None if year is None else str(year)), cell, line


def held(sums: pd.Series) -> Holdings:
    return Holdings.of(sums.to_numpy(dtype=float))


def close(first: float, second: float) -> bool:
    return first == pytest.approx(second, rel=1e-10, abs=1e-9, nan_ok=True)


def as_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(("pay", "flag", "weight", "hours"), float))


@unhurried
@given(FRAMES, st.booleans())
def test_people_and_totals(rows: list[dict[str, Any]], alone: bool) -> None:
    """Of people with one row each as of people with several: two ways through the database."""
    frame = as_frame(rows)
    if alone:
        frame["person"] = [f"p{number}" for number in range(len(frame))]
    found = facts_of(frame, value="pay", weight="weight", denominator="hours")
    for key, cell, _ in rows_of(frame):
        facts: CellFacts = found[key]
        valued = cell[cell.pay.notna()]
        by_person = valued.groupby(valued.person.fillna("nobody"))
        everybody = cell.groupby(cell.person.fillna("nobody"))
        assert facts.rows == len(cell)
        assert facts.valid == len(valued)
        assert facts.everyone == cell.person.nunique()
        assert facts.people == valued.person.nunique()
        assert facts.nonzero == valued[valued.pay != 0].person.nunique()
        assert facts.having == valued[valued.pay == 1].person.nunique()
        assert facts.lacking == valued[valued.pay == 0].person.nunique()
        assert facts.positive == (valued.pay == 1).sum()
        assert facts.flags == valued.pay.isin((0, 1)).sum()
        assert facts.weighing == valued.person.nunique()
        assert facts.based == cell[cell.hours.fillna(0) != 0].person.nunique()
        assert close(facts.low, valued.pay.min())
        assert close(facts.high, valued.pay.max())
        assert close(facts.total, valued.pay.sum())
        assert close(facts.weight, valued.weight.sum())
        assert close(facts.weighted, (valued.weight * valued.pay).sum())
        assert close(facts.base, cell.hours.sum())
        product = valued.assign(product=valued.weight * valued.pay).groupby(valued.person.fillna("nobody"))
        for holdings, sums in (
            (facts.of_total, by_person.pay.sum()),
            (facts.of_weight, by_person.weight.sum()),
            (facts.of_weighted, product["product"].sum()),
            (facts.of_base, everybody.hours.sum()),
        ):
            true = held(sums)
            assert close(holdings.size, true.size)
            assert close(holdings.first, true.first)
            assert close(holdings.second, true.second)


@unhurried
@given(FRAMES)
def test_people_beyond_a_share(rows: list[dict[str, Any]]) -> None:
    """Whole are those who have no row in the line outside of the cell."""
    frame = as_frame(rows)
    found = facts_of(frame, asked=Asked(base=(True, False)))
    for key, cell, line in rows_of(frame):
        outside = line.drop(cell.index)
        assert found[key[0], None].everyone - found[key].whole == len(set(outside.person.dropna()))
        assert found[key].whole == len(set(cell.person.dropna()) - set(outside.person.dropna()))


FIGURES = {
    "median": lambda values: values.median(),
    "percentile": lambda values: values.quantile(0.9),
    "std": lambda values: values.std(),
    "min": lambda values: values.min(),
    "max": lambda values: values.max(),
    "mode": lambda values: values.mode().iloc[0],
    "gini": lambda values: gini(values.to_numpy()),
}


@unhurried
@given(FRAMES, st.booleans(), st.sampled_from(sorted(FIGURES)))
def test_single_values(rows: list[dict[str, Any]], alone: bool, statistic: str) -> None:
    frame = as_frame(rows)
    if alone:
        frame["person"] = [f"p{number}" for number in range(len(frame))]
    if statistic == "gini":
        frame["pay"] = frame.pay.abs()
    quantile = 0.9 if statistic == "percentile" else 0.5
    found = facts_of(frame, asked=Asked(SingleValue(statistic, quantile)), value="pay")
    for key, cell, _ in rows_of(frame):
        values = cell.pay.dropna()
        if values.empty:
            assert np.isnan(found[key].figure)
            continue
        figure = FIGURES[statistic](values)
        assert close(found[key].figure, figure)
        if not np.isnan(figure):
            slack = 1e-9 * abs(figure)
            assert found[key].below == cell[cell.pay <= figure + slack].person.nunique()
            assert found[key].above == cell[cell.pay >= figure - slack].person.nunique()
            assert found[key].sharing == cell[np.isclose(cell.pay, figure, 1e-9, 1e-12)].person.nunique()


def test_a_small_deviation_around_a_large_mean_keeps_its_digits() -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"person": range(10_000), "pay": 1e9 + random.normal(0, 1, 10_000)})
    found = facts_of(frame, dimensions=(), value="pay", asked=Asked(SingleValue("std")))
    assert found[()].figure == pytest.approx(frame.pay.std(), rel=1e-10)


@pytest.mark.parametrize(
    ("values", "rounding", "stepped"),
    [
        ([100, 200, 300], 100, True),
        ([100, 200, 300], 10, True),
        ([100, 200, 301], 100, False),
        ([100, 200, 301], 1, True),
        ([0.25, 0.5], 0.01, True),
        ([0.25, 0.5], 0.1, False),
        ([0.001234567], 0.001, False),
    ],
)
def test_a_rounding_as_fine_as_the_data_is_seen(values: list[float], rounding: float, stepped: bool) -> None:
    frame = pd.DataFrame({"person": range(len(values)), "pay": values})
    asked = Asked(SingleValue("median", rounding=rounding))
    assert facts_of(frame, dimensions=(), value="pay", asked=asked)[()].stepped is stepped


WIDE = {
    "truth": pd.Series([True, False, True]),
    "small": pd.Series([100, 100, 100], dtype="int8"),
    "huge": pd.Series([2**62, 2**62, 2**62]),
    "unsigned": pd.Series([2**64 - 1, 2**64 - 1, 0], dtype="uint64"),
    "nullable": pd.Series([1, None, 3], dtype="Int64"),
    "single": pd.Series([0.5, np.nan, 0.25], dtype="float32"),
}


@pytest.mark.parametrize("kind", WIDE)
def test_values_of_every_type_add_up(kind: str) -> None:
    frame = pd.DataFrame({"person": ["a", "b", "b"], "pay": WIDE[kind]})
    found = facts_of(frame, dimensions=(), value="pay")[()]
    assert found.total == pytest.approx(float(sum(map(float, WIDE[kind].dropna()))), rel=1e-10)
    assert found.valid == WIDE[kind].notna().sum()


@pytest.mark.parametrize("column", ["pay", "weight", "hours"])
def test_infinite_values_are_a_finding(column: str) -> None:
    frame = pd.DataFrame({"person": range(3), "pay": 1.0, "weight": 1.0, "hours": 1.0})
    facts_of(frame, dimensions=(), value="pay", weight="weight", denominator="hours")
    frame.loc[1, column] = -np.inf
    with pytest.raises(Blocked, match="infinite"):
        facts_of(frame, dimensions=(), value="pay", weight="weight", denominator="hours")


@pytest.mark.parametrize(
    "values",
    [
        [["a", "b"], ["a"], ["a"]],
        [b"a", b"a", b"c"],
        [2**60, 2**60 + 1, 3],
        [pd.Timestamp("2020-01-01", tz="Europe/London")] * 3,
    ],
)
def test_dimensions_of_unusual_types_have_names(values: list[Any]) -> None:
    frame = pd.DataFrame({"person": range(3), "kind": values})
    found = facts_of(frame, dimensions=("kind",))
    assert found[(None,)].rows == 3
    assert sum(facts.rows for key, facts in found.items() if key != (None,)) == 3
