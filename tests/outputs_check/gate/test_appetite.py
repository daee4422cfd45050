"""The strictest value of every field wins."""

from itertools import combinations

import pytest

from outputs_check.gate.appetite import known_owners, strictest
from outputs_check.gate.verdict import Evidence, Verdict


def test_defaults() -> None:
    appetite = strictest([])
    assert (appetite.threshold, appetite.residual_dof, appetite.p_percent) == (10, 10, 10)
    assert (appetite.dominance_one, appetite.dominance_two) == (0.5, 0.67)
    assert (appetite.rounding_base, appetite.checkers) == (5, 2)
    assert [appetite.best(level) for level in Evidence] == [
        Verdict.PASS,
        Verdict.REVIEW,
        Verdict.REVIEW,
        Verdict.BLOCK,
    ]


@pytest.mark.parametrize("pair", list(combinations(sorted(known_owners()), 2)))
def test_together_is_never_laxer_than_alone(pair: tuple[str, str]) -> None:
    both = strictest(pair)
    for owner in pair:
        alone = strictest([owner])
        assert both.threshold >= alone.threshold
        assert both.dominance_one <= alone.dominance_one
        assert both.rounding_obligatory >= alone.rounding_obligatory
        assert both.zero_counts >= alone.zero_counts
        assert all(both.best(level) >= alone.best(level) for level in Evidence)


def test_the_digest_names_the_appetite() -> None:
    assert strictest(["dwp", "nhs"]).digest == strictest(["nhs", "dwp", "dwp"]).digest
    assert strictest(["dwp"]).digest != strictest(["nhs"]).digest
