"""How votes become a decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.base.errors import BadInput
from outputs_check.review.ballots import Ballot, Choice, all_in, decide, outcome
from outputs_check.review.transitions import Action

APPROVE, CHANGES, REJECT = Choice.APPROVE, Choice.CHANGES, Choice.REJECT


def cast(*choices: Choice) -> list[Ballot]:
    return [Ballot(f"checker-{number}", choice, "why") for number, choice in enumerate(choices)]


@pytest.mark.parametrize("choice", [CHANGES, REJECT])
@pytest.mark.parametrize("comment", ["", " \n"])
def test_what_is_not_an_approval_says_why(choice: Choice, comment: str) -> None:
    with pytest.raises(BadInput, match="comment"):
        Ballot("carl", choice, comment)
    assert Ballot("carl", APPROVE, comment).choice is APPROVE


@pytest.mark.parametrize(
    ("votes", "by_itself", "when_closed"),
    [
        ([], None, None),
        ([APPROVE], None, None),
        ([APPROVE, APPROVE], APPROVE, APPROVE),
        ([REJECT, REJECT], REJECT, REJECT),
        ([APPROVE, CHANGES], None, CHANGES),
        ([APPROVE, REJECT], None, REJECT),
        ([CHANGES, REJECT], None, REJECT),
        ([APPROVE, APPROVE, REJECT], None, REJECT),
    ],
)
def test_votes_of_two_on_one_output(
    votes: list[Choice], by_itself: Choice | None, when_closed: Choice | None
) -> None:
    ballots = {"t.csv": cast(*votes)}
    assert decide(ballots, 2) == (by_itself and {"t.csv": by_itself})
    assert decide(ballots, 2, close=True) == (when_closed and {"t.csv": when_closed})


def test_nothing_falls_before_every_output_has_its_votes() -> None:
    ballots = {"a.csv": cast(APPROVE, APPROVE), "b.csv": cast(APPROVE)}
    assert not all_in(ballots, 2)
    assert decide(ballots, 2, close=True) is None


def test_no_output_is_no_decision() -> None:
    assert decide({}, 2, close=True) is None


@pytest.mark.parametrize(
    ("choices", "action"),
    [
        ([APPROVE, REJECT], Action.APPROVE),
        ([CHANGES, REJECT], Action.ASK_CHANGES),
        ([REJECT, REJECT], Action.REJECT),
    ],
)
def test_what_the_decisions_do_to_the_submission(choices: list[Choice], action: Action) -> None:
    assert outcome({str(number): choice for number, choice in enumerate(choices)}) is action


votes = st.lists(
    st.builds(Ballot, st.sampled_from(["carl", "cora", "chris"]), st.sampled_from(Choice), st.just("why")),
    max_size=4,
    unique_by=lambda ballot: ballot.voter,
)


@given(st.dictionaries(st.sampled_from("abc"), votes), st.integers(1, 3), st.booleans())
def test_approved_means_enough_people_and_nobody_against(
    ballots: dict[str, list[Ballot]], checkers: int, close: bool
) -> None:
    for file, choice in (decide(ballots, checkers, close=close) or {}).items():
        if choice is APPROVE:
            assert {ballot.choice for ballot in ballots[file]} == {APPROVE}
            assert len({ballot.voter for ballot in ballots[file]}) >= checkers
