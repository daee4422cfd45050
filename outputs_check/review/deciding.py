"""Votes, decisions and withdrawal: what people do to a submission."""

from lab.base.database import Unit
from lab.base.errors import NotFound, NotPermitted
from outputs_check.review import status
from outputs_check.review.ballots import Ballot, decide, outcome
from outputs_check.review.models import DecisionRow, OutputRow, ReleaseRow, SubmissionRow, VoteRow
from outputs_check.review.people import require_independent_checker
from outputs_check.review.station import Station
from outputs_check.review.steps import VIA, advance, find, now
from outputs_check.review.transitions import Action, State, step
from outputs_check.review.turn import counting, votable

BLOCKED = "blocked"


def vote(station: Station, submission: str, file: str, ballot: Ballot, *, seen: str | None = None) -> State:
    """Cast a vote on an output, or change it; return where the submission stands then.

    `seen` is the binding of what the voter looked at; without it, she means what is there now. The vote
    that completes an agreement is the decision.

    Raises:
        NotFound: no such submission or output.
        NotPermitted: not in review, blocked by the gate, changed since it was looked at, or not a
            checker from outside of the project.
    """
    with station.db.write(actor=ballot.voter, via=VIA) as unit:
        row = find(unit, submission)
        step(State(row.state), Action.VOTE)
        require_independent_checker(station.db, row, ballot.voter)
        output = _votable(row, file)
        if seen is not None and seen != output.binding:
            raise NotPermitted(
                "the output changed since you looked at it", where=file, remedy="look again, then vote"
            )
        _cast(row, output, ballot)
        details = {
            "file": file,
            "choice": ballot.choice,
            "comment": ballot.comment,
            "binding": output.binding,
        }
        advance(station.db, unit, row, Action.VOTE, ballot.voter, details)
        _settle(station, unit, row, ballot.voter, close=False)
        state = State(row.state)
    status.write(station, submission)
    return state


def close(station: Station, submission: str, actor: str) -> State:
    """End the consolidation of votes that differ: the strictest vote on each output stands.

    Raises:
        NotPermitted: votes are missing, or not a checker from outside of the project.
    """
    with station.db.write(actor=actor, via=VIA) as unit:
        row = find(unit, submission)
        require_independent_checker(station.db, row, actor)
        step(State(row.state), Action.VOTE)
        if not _settle(station, unit, row, actor, close=True):
            raise NotPermitted(
                f"not every output has {row.checkers} votes yet", where=submission, remedy="vote first"
            )
        state = State(row.state)
    status.write(station, submission)
    return state


def withdraw(station: Station, submission: str, actor: str) -> None:
    """Take a submission back, before its release has begun.

    Raises:
        NotPermitted: it is somebody else's, or too late.
    """
    with station.db.write(actor=actor, via=VIA) as unit:
        row = find(unit, submission)
        if unit.session.get(ReleaseRow, submission) is not None:
            raise NotPermitted("its release has begun", where=submission)
        advance(station.db, unit, row, Action.WITHDRAW, actor)
    status.write(station, submission)


def _votable(row: SubmissionRow, file: str) -> OutputRow:
    output = next((each for each in row.outputs if each.file == file), None)
    if output is None:
        names = ", ".join(each.file for each in row.outputs)
        raise NotFound("no such output in the submission", where=file, remedy=f"it has {names}")
    if not votable(output):
        raise NotPermitted(
            "the gate has blocked this output: no vote can let it out",
            where=file,
            remedy="the researcher changes it and submits again",
        )
    return output


def _cast(row: SubmissionRow, output: OutputRow, ballot: Ballot) -> None:
    earlier = next(
        (each for each in row.votes if (each.file, each.voter) == (output.file, ballot.voter)), None
    )
    cast = earlier or VoteRow(submission=row.id, file=output.file, voter=ballot.voter)
    cast.choice, cast.comment = ballot.choice.value, ballot.comment
    cast.binding, cast.at = output.binding, now()
    if earlier is None:
        row.votes.append(cast)


def _settle(station: Station, unit: Unit, row: SubmissionRow, actor: str, *, close: bool) -> bool:
    """Decide if the votes allow it; the record keeps every output, the blocked ones too."""
    ballots = counting(station.db, row)
    choices = decide(ballots, row.checkers, close=close)
    if choices is None:
        return False
    for output in row.outputs:
        votes = [
            {"voter": one.voter, "choice": one.choice.value, "comment": one.comment}
            for one in ballots.get(output.file, [])
        ]
        record = DecisionRow(
            submission=row.id,
            file=output.file,
            outcome=choices[output.file].value if output.file in choices else BLOCKED,
            verdict=output.verdict,
            canonical=output.canonical,
            binding=output.binding,
            votes=votes,
            at=now(),
        )
        unit.session.add(record)
    decided = {file: choice.value for file, choice in choices.items()}
    bound = {output.file: output.binding for output in row.outputs if votable(output)}
    advance(station.db, unit, row, outcome(choices), actor, {"outputs": decided, "bindings": bound})
    return True
