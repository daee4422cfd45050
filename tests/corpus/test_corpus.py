"""Every case of the corpus has the verdict that is wanted, or stands among the known blind spots."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.corpus.blind_spots import KNOWN, reason
from tests.corpus.case import Case
from tests.corpus.cases import every_case
from tests.corpus.verdicts import Outcome, outcomes


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest) -> Mapping[str, Outcome]:
    """The selected cases, judged together."""
    chosen = [item.callspec.params["case"] for item in request.session.items if _is_case(item)]
    return {outcome.case.id: outcome for outcome in outcomes(chosen)}


def _is_case(item: pytest.Item) -> bool:
    return (
        "case" in getattr(getattr(item, "callspec", None), "params", {})
        and item.path.name == "test_corpus.py"
    )


@pytest.mark.parametrize("case", every_case(), ids=lambda case: case.id)
def test_the_verdict_is_the_wanted_one(case: Case, judged: Mapping[str, Outcome]) -> None:
    outcome = judged[case.id]
    if not outcome.right and (why := reason(case.id)):
        pytest.xfail(why)
    assert outcome.right, (
        f"wanted {'PASS' if case.safe else 'not PASS'}: {outcome.rules} {outcome.messages[:3]}"
    )


def test_every_known_blind_spot_is_of_a_case() -> None:
    ids = [case.id for case in every_case()]
    patterns = {pattern for pattern in KNOWN if not any(reason(name) == KNOWN[pattern] for name in ids)}
    assert not patterns
