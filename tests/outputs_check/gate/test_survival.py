"""Survival tables: how they are read, what makes them safe, what stops them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from outputs_check.gate.survival import Lives

KM = {"data": "trial", "statistic": "km", "value": "months", "event": "died"}
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    """5,000 people in two arms, followed for twelve months; about 400 leave in each."""
    random = np.random.default_rng(3)
    size = 5_000
    months = np.minimum(random.integers(1, 15, size), 12)
    return pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(size)],
            "arm": random.choice(["new drug", "placebo"], size),
            "months": months,
            "died": ((random.random(size) < 0.7) & (months < 12)).astype(int),
        }
    )


def table(data: pd.DataFrame, grid: Sequence[float] | None = None) -> pd.DataFrame:
    """As an honest researcher makes it: event counts per month, survival from statsmodels."""
    fit = SurvfuncRight(data.months, data.died)
    times = np.sort(data.months.unique()) if grid is None else np.asarray(grid)
    rows = []
    before = -np.inf
    for time in times:
        step = data[(data.months > before) & (data.months <= time)]
        known = fit.surv_prob[fit.surv_times <= time]
        rows.append(
            {
                "time": time,
                "at_risk": int((data.months > before).sum()),
                "events": int(step.died.sum()),
                "censored": int((1 - step.died).sum()),
                "survival": known[-1] if known.size else 1.0,
            }
        )
        before = time
    return pd.DataFrame(rows)


def by_arm(data: pd.DataFrame, grid: Sequence[float] | None = None) -> pd.DataFrame:
    return pd.concat(
        [table(part, grid).assign(arm=arm)[["arm", *table(part, grid).columns]]
         for arm, part in data.groupby("arm")]
    )  # fmt: skip


def text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False)


def midpoint(counts: pd.Series) -> pd.Series:
    return np.ceil(counts / 6) * 6 - 3 * (counts > 0)


def in_sixes(data: pd.DataFrame) -> pd.DataFrame:
    """As OpenSAFELY's Kaplan-Meier action: midpoint 6 of the running sums, survival from those."""
    made = table(data)
    events, censored = midpoint(made.events.cumsum()), midpoint(made.censored.cumsum())
    everyone = float(np.ceil(len(data) / 6) * 6 - 3)
    made["at_risk"] = everyone - (events + censored).shift(fill_value=0)
    made["events"], made["censored"] = events.diff().fillna(events), censored.diff().fillna(censored)
    return made.assign(survival=(1 - made.events / made.at_risk).cumprod().round(4))


SAFE: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame | str], dict[str, Any]]] = {
    "400 a step": (lambda d: text(table(d)), {}),
    "a frame with its default index": (table, {}),
    "by arm": (lambda d: text(by_arm(d)), {"rows": ["arm"]}),
    "from time 0": (lambda d: text(table(d, [0, *range(1, 13)])), {}),
    "steps of three months": (lambda d: text(table(d, [3, 6, 9, 12])), {}),
    "steps, and survival from the steps": (
        lambda d: text(
            table(d, [3, 6, 9, 12]).assign(survival=lambda t: (1 - t.events / t.at_risk).cumprod())
        ),
        {},
    ),
    "at risk at the time itself": (
        lambda d: text(
            table(d, [0, 3, 6, 9, 12]).assign(at_risk=[int((d.months >= t).sum()) for t in (0, 3, 6, 9, 12)])
        ),
        {},
    ),
    "at risk only": (lambda d: text(table(d)[["time", "at_risk"]]), {}),
    "survival to three decimals": (
        lambda d: text(table(d).assign(survival=lambda t: t.survival.round(3))),
        {"rounding": 0.001},
    ),
    "counts rounded to 5": (
        lambda d: text(
            table(d).assign(
                at_risk=lambda t: (t.at_risk / 5).round() * 5, events=lambda t: (t.events / 5).round() * 5,
                censored=lambda t: (t.censored / 5).round() * 5, survival=lambda t: t.survival.round(3),
            )
        ),
        {"rounding": 5},
    ),
    "midpoint 6": (
        lambda d: text(
            table(d).assign(
                at_risk=lambda t: midpoint(t.at_risk), events=lambda t: midpoint(t.events),
                censored=lambda t: midpoint(t.censored),
                survival=lambda t: (1 - midpoint(t.events) / midpoint(t.at_risk)).cumprod(),
            )
        ),
        {"rounding": 6},
    ),
    "midpoint 6 of the running sums": (lambda d: text(in_sixes(d)), {"rounding": 6}),
    "some of it": (lambda d: text(table(d[d.arm == "placebo"])), {"where": "arm = 'placebo'"}),
}  # fmt: skip


@pytest.mark.parametrize("case", SAFE)
def test_safe_tables_pass(bench: Bench, trial: pd.DataFrame, case: str) -> None:
    make, declared = SAFE[case]
    bench.register(trial, "trial")
    bench.declare("km.csv", make(trial), **KM, **declared)
    output = bench.only()
    assert (output.verdict.name, rules(output)) == ("PASS", set()), output.findings
    assert output.evidence.name == "A"


def same(data: pd.DataFrame) -> pd.DataFrame:
    return data


def one_death_at_seven(data: pd.DataFrame) -> pd.DataFrame:
    """In month seven one dies, and dozens move away."""
    first = data.index == data.index[data.months == 7][0]
    return data.assign(died=data.died.where(data.months != 7, first * 1))


def few_stay(data: pd.DataFrame) -> pd.DataFrame:
    """Three people are still observed in month 20, after nearly everyone left by 12."""
    return data.assign(months=data.months.where(data.index >= 3, 20))


def small_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(arm=data.arm.where(data.index >= 9, "pilot"))


def thin(data: pd.DataFrame) -> pd.DataFrame:
    """A single person leaves in each month of a small trial."""
    return data.head(60).assign(months=range(1, 61))


def with_rows(made: pd.DataFrame, rows: Sequence[int], figure: object) -> pd.DataFrame:
    made = made.astype(object)
    made.iloc[list(rows), 1:] = figure
    return made


DISCLOSIVE: dict[str, tuple[Change, Callable[[pd.DataFrame], pd.DataFrame], dict[str, Any], str]] = {
    "one person a step": (thin, table, {}, "km.step"),
    "one person a step, survival alone": (
        thin, lambda d: table(d)[["time", "survival"]], {}, "km.step",
    ),
    "one person a step, at risk alone": (thin, lambda d: table(d)[["time", "at_risk"]], {}, "km.step"),
    "one person a step, survival to two decimals": (
        thin, lambda d: table(d)[["time", "survival"]].round(2), {"rounding": 0.01}, "km.step",
    ),
    "a single event among many censorings": (one_death_at_seven, table, {}, "km.event"),
    "three people left at the end": (few_stay, table, {}, "km.at_risk"),
    "three people left after the end": (few_stay, lambda d: table(d).iloc[:-1], {}, "km.step"),
    "an arm of nine people": (small_arm, by_arm, {"rows": ["arm"]}, "km.at_risk"),
    "a suppressed step between two shown ones": (
        lambda d: few_stay(d).assign(months=lambda d: d.months.replace(20, 12).where(d.index >= 3, 2.5)),
        lambda d: with_rows(table(d), [2], "*"), {}, "km.step",
    ),
    "a step told apart by at risk at the time itself": (
        lambda d: d.assign(months=d.months.where(~d.months.isin([5]) | (d.index < 40), 4)),
        lambda d: table(d, [3, 5, 12]).assign(at_risk=[int((d.months >= t).sum()) for t in (3, 5, 12)]),
        {}, "km.step",
    ),
    "an event more than there was": (same, lambda d: table(d).assign(events=lambda t: t.events + 1), {},
                                     "figure.differs"),
    "a curve of its own": (same, lambda d: table(d).assign(survival=np.linspace(1, 0.5, 12)), {},
                           "figure.differs"),
    "times of single people": (
        lambda d: d.assign(months=d.months + np.arange(len(d)) / 1e5),
        lambda d: table(d, [*np.sort(d.months)[99:4900:500], d.months.max()]), {}, "km.times",
    ),
    "an arm that does not exist": (same, lambda d: by_arm(d).replace("placebo", "sugar"), {"rows": ["arm"]},
                                   "table.label"),
    "times that fall": (same, lambda d: table(d).iloc[::-1], {}, "table.layout"),
    "another heading": (same, lambda d: table(d).rename(columns={"events": "names"}), {}, "table.layout"),
    "an event of three kinds": (lambda d: d.assign(died=d.died * 2), table, {}, "declaration.value"),
}  # fmt: skip


@pytest.mark.parametrize("case", DISCLOSIVE)
def test_disclosive_tables_are_blocked(bench: Bench, trial: pd.DataFrame, case: str) -> None:
    change, make, declared, rule = DISCLOSIVE[case]
    data = change(trial)
    bench.register(data, "trial")
    bench.declare("km.csv", text(make(data)), **KM, **declared)
    output = bench.only()
    assert rule in rules(output), output.findings
    assert output.verdict.name == "BLOCK"


def test_people_are_counted_and_not_their_episodes(bench: Bench, trial: pd.DataFrame) -> None:
    """Hundreds of episodes in month six, of three people."""
    data = trial.assign(
        person_id=trial.person_id.where(trial.months != 6, "p" + (trial.index % 3).astype(str))
    )
    bench.register(data, "trial")
    bench.declare("km.csv", text(table(data)), **KM)
    output = bench.only()
    (found,) = [finding for finding in output.findings if finding.rule == "km.step"]
    assert (found.cells, found.at) == (("everyone, time=6",), ((6, 0),))
    assert "(3)" in found.message


def test_two_curves_that_differ_by_three_people(bench: Bench, trial: pd.DataFrame) -> None:
    kept = ~trial.person_id.isin(["p1", "p2", "p3"])
    bench.register(trial.assign(kept=kept), "trial")
    bench.declare("km.csv", text(table(trial)), **KM)
    assert bench.only(commit=True).verdict.name == "PASS"
    bench.start()
    bench.declare("km.csv", text(table(trial[kept])), **KM, where="kept")
    assert "differencing" in rules(bench.only(ledger=True))


def test_the_same_curve_again_passes_and_comes_out_unchanged(bench: Bench, trial: pd.DataFrame) -> None:
    bench.register(trial, "trial")
    bench.declare("km.csv", text(by_arm(trial)), **KM, rows=["arm"])
    first = bench.only(commit=True)
    bench.start()
    bench.declare("km.csv", first.canonical, **KM, rows=["arm"])
    again = bench.only(ledger=True)
    assert (again.verdict.name, again.canonical) == ("PASS", first.canonical)


observations = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40
)


@given(observations)
def test_the_estimate_is_that_of_statsmodels(seen: list[tuple[int, bool, int]]) -> None:
    time, event, unit = (np.array(column) for column in zip(*seen, strict=True))
    lives = Lives.of(time.astype(float), event.astype(int), {"unit": unit.astype(np.uint64)})
    grid = np.unique(time).astype(float)
    peer = SurvfuncRight(time, event.astype(int))
    ours = dict(zip(grid, lives.survival(grid), strict=True))
    for at, probability in zip(peer.surv_times, peer.surv_prob, strict=True):
        assert ours[at] == pytest.approx(probability, abs=1e-12)
    assert (
        lives.entering(grid).tolist() == lives.before(grid).tolist() == [int((time >= t).sum()) for t in grid]
    )
    assert (lives.events(grid) + lives.censored(grid)).tolist() == [int((time == t).sum()) for t in grid]
    people = [len(set(unit[np.argsort(time, kind="stable")][first:]) - {0}) for first in range(time.size + 1)]
    assert lives.people_from("unit", np.arange(time.size + 1)).tolist() == people
