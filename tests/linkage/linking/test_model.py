"""The arithmetic between weights and links, and what the model says when it cannot be trained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import probabilistic

KEY_LINKS = "key_links(left_entity BIGINT, right_entity BIGINT, method VARCHAR)"
edges = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(1e-6, 1e6)),
    min_size=1,
    max_size=30,
    unique_by=lambda edge: edge[:2],
)


@given(edges)
def test_one_to_one_probabilities_of_a_record_never_sum_beyond_one(
    pairs: list[tuple[int, int, float]],
) -> None:
    left, right, odds = (np.array(column) for column in zip(*pairs, strict=True))
    probability = probabilistic._posterior(odds, left, right, True)
    for side in (left, right):
        assert np.bincount(side, probability).max() <= 1 + 1e-9


@given(edges)
def test_what_is_more_likely_than_not_is_one_to_one(pairs: list[tuple[int, int, float]]) -> None:
    left, right, odds = (np.array(column) for column in zip(*pairs, strict=True))
    chosen = probabilistic._posterior(odds, left, right, True) > 0.5
    for side in (left, right):
        assert len(set(side[chosen])) == chosen.sum()


@given(st.lists(st.floats(0, 1), max_size=50), st.floats(0.001, 0.5))
def test_the_threshold_keeps_the_stated_rate(values: list[float], rate: float) -> None:
    probability = np.array(values)
    kept = probability[probability >= probabilistic._threshold(probability, rate)]
    assert (1 - kept).sum() <= rate * len(kept) + 1e-9


def test_two_equal_candidates_set_each_other_aside() -> None:
    odds, left, right = np.array([1e4, 1e4]), np.array([0, 0]), np.array([0, 1])
    assert probabilistic._posterior(odds, left, right, True).max() < 0.5
    assert probabilistic._posterior(odds, left, right, False).min() > 0.99


def test_too_few_records_to_train_on_is_said(people, con) -> None:  # type: ignore[no-untyped-def]
    rows = [{"forename": "Ann", "surname": f"Lee{n}", "date_of_birth": "1980-05-20"} for n in range(20)]
    people("l", rows)
    people("r", rows)
    con.execute(f"CREATE TEMP TABLE {KEY_LINKS}")
    result = probabilistic.link(con, "l", "r", one_to_one=True, false_match_rate=0.01, seed=1)
    assert not result.used
    assert result.reason == "20 records are too few to train a model on; it takes 300 on each side"
    assert con.execute("SELECT count(*) FROM model_links").fetchall() == [(0,)]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_makes_the_same_model(people, con, capfd, seed: int) -> None:  # type: ignore[no-untyped-def]
    names = np.random.default_rng(7)
    rows = [
        {"forename": forename, "surname": surname, "date_of_birth": f"19{year}-0{month}-1{day}"}
        for forename, surname, year, month, day in zip(
            names.choice(["Ann", "Bea", "Cat", "Dan", "Eli", "Fay", "Gus", "Hal"], 600),
            names.choice([f"{a}{b}son" for a in "BCDFGHJK" for b in ("ar", "el", "in", "or", "un")], 600),
            names.integers(40, 99, 600),
            names.integers(1, 9, 600),
            names.integers(0, 9, 600),
            strict=True,
        )
    ]
    people("l", rows)
    people("r", [{**row, "forename": row["forename"] + "x"} for row in rows])
    found = []
    for _ in range(2):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE key_links(left_entity BIGINT, right_entity BIGINT, method VARCHAR)"
        )
        result = probabilistic.link(con, "l", "r", one_to_one=True, false_match_rate=0.01, seed=seed)
        found.append((result, con.execute("FROM model_links ORDER BY ALL").fetchall()))
    assert found[0] == found[1]
    right = [left for left, other, _ in found[0][1] if left == other]
    assert len(right) >= 0.95 * len(found[0][1]) > 400
    assert capfd.readouterr().out == ""
