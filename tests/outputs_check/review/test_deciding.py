"""Who may vote, what a vote is bound to, who sees it, and when the decision falls."""

import pytest
from simulated_gate import PROJECT, TABLE, Submit
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.errors import BadInput, NotFound, NotPermitted
from lab.registry import people, projects
from lab.registry.view import Role
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import close, vote, withdraw
from outputs_check.review.intake import intake
from outputs_check.review.models import DecisionRow
from outputs_check.review.station import Station
from outputs_check.review.transitions import State

YES, NO = Choice.APPROVE, Choice.REJECT


@pytest.fixture
def name(station: Station, submit: Submit) -> str:
    """A submission in review: two tables, one output blocked."""
    made = submit({"a.csv": TABLE, "b.csv": TABLE + b"East,20,30\n", "block.csv": b"x\n"})
    intake(station)
    return made


def say(station: Station, name: str, file: str, voter: str, choice: Choice = YES, why: str = "") -> State:
    return vote(station, name, file, Ballot(voter, choice, why))


def test_two_checkers_agree_and_the_decision_falls_with_the_last_vote(station: Station, name: str) -> None:
    assert say(station, name, "a.csv", "carl") is State.IN_REVIEW
    assert say(station, name, "b.csv", "carl", NO, "too fine") is State.IN_REVIEW
    assert say(station, name, "a.csv", "cora") is State.IN_REVIEW
    assert say(station, name, "b.csv", "cora", NO, "too fine for me") is State.APPROVED
    with station.db.read() as session:
        kept = {row.file: row.outcome for row in session.scalars(select(DecisionRow))}
    assert kept == {"a.csv": "approve", "b.csv": "reject", "block.csv": "blocked"}


@pytest.mark.parametrize(
    ("voter", "reason"),
    [
        ("rita", "only output checkers"),
        ("mallory", "only output checkers"),
        ("adam", "only output checkers"),
        ("nobody", "only output checkers"),
    ],
)
def test_only_checkers_vote(station: Station, name: str, voter: str, reason: str) -> None:
    with pytest.raises(NotPermitted, match=reason):
        say(station, name, "a.csv", voter)
    assert reading.submission(station, name, "carl").outputs[0].cast == 0


def test_nobody_votes_on_what_she_submitted(station: Station, name: str) -> None:
    people.ensure_role(station.db, "rita", Role.CHECKER, actor="adam")
    with pytest.raises(NotPermitted, match="nobody decides on what she submitted"):
        say(station, name, "a.csv", "rita")


def test_nobody_on_the_project_votes_now_or_when_it_was_submitted(station: Station, name: str) -> None:
    people.ensure_role(station.db, "rob", Role.CHECKER, actor="adam")
    with pytest.raises(NotPermitted, match="belongs to the project"):
        say(station, name, "a.csv", "rob")
    projects.end_membership(station.db, PROJECT, "rob", actor="adam")
    with pytest.raises(NotPermitted, match="or did when this was submitted"):
        say(station, name, "a.csv", "rob")
    projects.ensure_member(station.db, PROJECT, "chris", actor="adam")
    with pytest.raises(NotPermitted, match="belongs to the project"):
        say(station, name, "a.csv", "chris")


def test_a_vote_of_somebody_who_joins_the_project_no_longer_counts(station: Station, name: str) -> None:
    for file in ("a.csv", "b.csv"):
        say(station, name, file, "carl")
    projects.ensure_member(station.db, PROJECT, "carl", actor="adam")
    for file in ("a.csv", "b.csv"):
        assert say(station, name, file, "cora") is State.IN_REVIEW
    say(station, name, "a.csv", "chris")
    assert say(station, name, "b.csv", "chris") is State.APPROVED


def test_there_is_no_way_past_block(station: Station, name: str) -> None:
    for choice in Choice:
        with pytest.raises(NotPermitted, match="blocked"):
            say(station, name, "block.csv", "carl", choice, "please")


def test_the_first_turn_is_blind(station: Station, name: str) -> None:
    say(station, name, "a.csv", "carl", NO, "not this")
    seen = reading.submission(station, name, "cora")
    assert seen.blind
    assert (seen.outputs[0].votes, seen.outputs[0].cast) == ((), 1)
    own = reading.submission(station, name, "carl").outputs[0].votes
    assert [ballot.comment for ballot in own] == ["not this"]
    assert "not this" not in str(reading.as_json(seen))
    for file in ("a.csv", "b.csv"):
        say(station, name, file, "cora")
    say(station, name, "b.csv", "carl")
    seen = reading.submission(station, name, "cora")
    assert not seen.blind
    assert {ballot.voter for ballot in seen.outputs[0].votes} == {"carl", "cora"}


def test_others_votes_are_not_for_the_project(station: Station, name: str) -> None:
    for voter in ("carl", "cora"):
        say(station, name, "a.csv", voter, NO, "between us")
        say(station, name, "b.csv", voter, YES)
    people.ensure_role(station.db, "rob", Role.CHECKER, actor="adam")
    for viewer, sees in (
        ("chris", True),
        ("adam", True),
        ("rob", False),
        ("rita", False),
        ("mallory", False),
    ):
        shown = str(reading.as_json(reading.submission(station, name, viewer)))
        assert ("between us" in shown) is sees, viewer


def test_where_votes_differ_they_may_change_until_somebody_closes(station: Station, name: str) -> None:
    for voter, choice in (("carl", YES), ("cora", NO)):
        say(station, name, "a.csv", voter, choice, "hm")
        state = say(station, name, "b.csv", voter, YES)
    assert state is State.IN_REVIEW
    assert say(station, name, "a.csv", "carl", Choice.CHANGES, "merge it") is State.IN_REVIEW
    assert close(station, name, "carl") is State.APPROVED
    outcomes = {each.file: each.outcome for each in reading.submission(station, name, "carl").outputs}
    assert outcomes == {"a.csv": "reject", "b.csv": "approve", "block.csv": "blocked"}
    with pytest.raises(NotPermitted, match="is approved"):
        say(station, name, "a.csv", "cora", YES)


def test_closing_needs_the_votes_and_an_independent_checker(station: Station, name: str) -> None:
    say(station, name, "a.csv", "carl")
    with pytest.raises(NotPermitted, match="2 votes"):
        close(station, name, "carl")
    with pytest.raises(NotPermitted, match="only output checkers"):
        close(station, name, "rita")


def test_a_vote_is_for_what_was_looked_at(station: Station, name: str) -> None:
    with pytest.raises(NotPermitted, match="changed since you looked"):
        vote(station, name, "a.csv", Ballot("carl", YES), seen="0" * 64)


@pytest.mark.parametrize(
    ("submission", "file"), [("none-20260101T000000-000001", "a.csv"), (None, "none.csv")]
)
def test_unknown_names_are_one_clear_line(
    station: Station, name: str, submission: str | None, file: str
) -> None:
    with pytest.raises(NotFound):
        say(station, submission or name, file, "carl")


def test_a_refused_vote_leaves_nothing_behind(station: Station, name: str) -> None:
    before = station.db.verify_audit().events
    for bad in (("rita", "a.csv"), ("carl", "block.csv"), ("carl", "none.csv")):
        with pytest.raises((NotPermitted, NotFound)):
            say(station, name, bad[1], bad[0])
    with pytest.raises(BadInput):
        say(station, name, "a.csv", "carl", NO, " ")
    assert station.db.verify_audit().events == before


def test_every_vote_stands_in_the_log_the_changed_one_too(station: Station, name: str) -> None:
    say(station, name, "a.csv", "carl", YES)
    say(station, name, "a.csv", "carl", NO, "after all")
    query = select(AuditEvent.actor, AuditEvent.details).where(AuditEvent.action == "submission.voted")
    with station.db.read() as session:
        voted = session.execute(query.order_by(AuditEvent.seq)).all()
    assert [(row.actor, '"choice":"approve"' in row.details) for row in voted] == [
        ("carl", True),
        ("carl", False),
    ]


def test_the_submitter_and_nobody_else_takes_it_back(station: Station, name: str) -> None:
    for other in ("rob", "carl", "adam"):
        with pytest.raises(NotPermitted, match="only rita"):
            withdraw(station, name, other)
    withdraw(station, name, "rita")
    assert reading.submission(station, name, "carl").state is State.WITHDRAWN
    with pytest.raises(NotPermitted, match="is withdrawn"):
        say(station, name, "a.csv", "carl")
