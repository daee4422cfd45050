"""The transition table: every pair of state and action, and the properties the workflow stands on."""

import re

import pytest

from lab.base.errors import NotPermitted
from outputs_check.review.transitions import TRANSITIONS, Action, State, Who, actions, is_final, mermaid, step


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", [None, *State])
def test_exactly_the_rows_of_the_table_are_allowed(state: State | None, action: Action) -> None:
    rows = [row for row in TRANSITIONS if (row.source, row.action) == (state, action)]
    assert len(rows) <= 1, "a step must have one outcome"
    if rows:
        assert step(state, action) is rows[0]
    else:
        with pytest.raises(NotPermitted):
            step(state, action)


def test_every_state_is_reached_from_the_beginning() -> None:
    reached: set[State | None] = {None}
    while True:
        further = {row.target for row in TRANSITIONS if row.source in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == {None, *State}


def test_released_is_reached_from_approved_only_and_approved_from_votes_only() -> None:
    assert {row.source for row in TRANSITIONS if row.target is State.RELEASED} == {State.APPROVED}
    into_approved = [row for row in TRANSITIONS if row.target is State.APPROVED and row.source != row.target]
    assert [(row.source, row.who) for row in into_approved] == [(State.IN_REVIEW, Who.VOTES)]


def test_nothing_happens_after_an_end() -> None:
    ends = {state for state in State if is_final(state)}
    assert ends == {State.RETURNED, State.REJECTED, State.RELEASED, State.WITHDRAWN}
    assert all(not actions(state) for state in ends)


def test_every_row_has_an_audit_event_and_a_state_changes_under_one_name() -> None:
    assert all(re.fullmatch(r"(submission|release)\.[a-z_]+", row.event) for row in TRANSITIONS)
    names = {(row.action, row.event) for row in TRANSITIONS}
    assert len(names) == len(Action)


def test_the_picture_shows_every_row_and_nothing_else() -> None:
    lines = [line.strip() for line in mermaid().splitlines()]
    assert lines[0] == "stateDiagram-v2"
    drawn = {line for line in lines[1:] if not line.endswith("[*]")}
    assert drawn == {
        f"{row.source or '[*]'} --> {row.target}: {row.action} ({row.who})" for row in TRANSITIONS
    }
