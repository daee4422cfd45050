"""The life of a submission, as one table. Checks, tests and the picture in the docs derive from it.

Learned from OpenSAFELY airlock, where the same knowledge is spread over five tables. A draft lives in
the researcher's workspace and is no state of ours.
"""

from dataclasses import dataclass
from enum import StrEnum

from lab.base.errors import NotPermitted


class State(StrEnum):
    """Where a submission stands."""

    SUBMITTED = "submitted"
    CHECKING = "checking"
    RETURNED = "returned"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to a submission."""

    RECEIVE = "receive"
    CHECK = "check"
    OPEN = "open"
    RETURN = "return"
    VOTE = "vote"
    APPROVE = "approve"
    REJECT = "reject"
    ASK_CHANGES = "ask_changes"
    BEGIN_RELEASE = "begin_release"
    RECHECK = "recheck"
    RELEASE = "release"
    WITHDRAW = "withdraw"


class Who(StrEnum):
    """Who may take a step."""

    KEEPER = "keeper"  # the session's keeper, by way of the inbox
    GATE = "gate"
    CHECKER = "checker"  # independent: not the submitter, and never on the project
    VOTES = "votes"  # falls when the checkers' votes are in, by the last of them
    SUBMITTER = "submitter"


@dataclass(frozen=True)
class Transition:
    """One row: from, action, to, who, audit event. `source` is None where a submission begins."""

    source: State | None
    action: Action
    target: State
    who: Who
    event: str


TRANSITIONS = (
    Transition(None, Action.RECEIVE, State.SUBMITTED, Who.KEEPER, "submission.received"),
    Transition(State.SUBMITTED, Action.CHECK, State.CHECKING, Who.GATE, "submission.checking"),
    Transition(State.CHECKING, Action.OPEN, State.IN_REVIEW, Who.GATE, "submission.opened"),
    Transition(State.CHECKING, Action.RETURN, State.RETURNED, Who.GATE, "submission.returned"),
    Transition(State.IN_REVIEW, Action.VOTE, State.IN_REVIEW, Who.CHECKER, "submission.voted"),
    Transition(State.IN_REVIEW, Action.APPROVE, State.APPROVED, Who.VOTES, "submission.approved"),
    Transition(State.IN_REVIEW, Action.REJECT, State.REJECTED, Who.VOTES, "submission.rejected"),
    Transition(
        State.IN_REVIEW, Action.ASK_CHANGES, State.RETURNED, Who.VOTES, "submission.changes_requested"
    ),
    Transition(State.APPROVED, Action.BEGIN_RELEASE, State.APPROVED, Who.CHECKER, "release.begun"),
    Transition(State.APPROVED, Action.RECHECK, State.CHECKING, Who.GATE, "submission.rechecking"),
    Transition(State.APPROVED, Action.RELEASE, State.RELEASED, Who.CHECKER, "submission.released"),
    Transition(State.SUBMITTED, Action.WITHDRAW, State.WITHDRAWN, Who.SUBMITTER, "submission.withdrawn"),
    Transition(State.IN_REVIEW, Action.WITHDRAW, State.WITHDRAWN, Who.SUBMITTER, "submission.withdrawn"),
    Transition(State.APPROVED, Action.WITHDRAW, State.WITHDRAWN, Who.SUBMITTER, "submission.withdrawn"),
)

_BY_STEP = {(row.source, row.action): row for row in TRANSITIONS}


def step(state: State | None, action: Action) -> Transition:
    """Return the row that allows an action in a state.

    Raises:
        NotPermitted: the table has no such row.
    """
    found = _BY_STEP.get((state, action))
    if found is None:
        allowed = sorted(row.source.value for row in TRANSITIONS if row.action is action and row.source)
        standing = f"is {state.value.replace('_', ' ')}" if state else "does not exist yet"
        raise NotPermitted(
            f"cannot {action.value.replace('_', ' ')} a submission that {standing}",
            remedy=f"possible only when {' or '.join(allowed).replace('_', ' ')}" if allowed else "",
        )
    return found


def actions(state: State) -> frozenset[Action]:
    """Return what can be done in a state."""
    return frozenset(row.action for row in TRANSITIONS if row.source is state)


def is_final(state: State) -> bool:
    """Return whether nothing can happen to a submission any more."""
    return not actions(state)


def mermaid() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for row in TRANSITIONS:
        source = row.source.value if row.source else "[*]"
        lines.append(f"    {source} --> {row.target.value}: {row.action.value} ({row.who.value})")
    lines += [f"    {state.value} --> [*]" for state in State if is_final(state)]
    return "\n".join(lines) + "\n"
