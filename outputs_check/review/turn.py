"""The votes that count on a submission now, and who may see them."""

from lab.base.database import Database
from lab.base.errors import NotPermitted
from lab.registry import view as registry
from outputs_check.gate.verdict import Verdict
from outputs_check.review.ballots import Ballot, Ballots, Choice, all_in
from outputs_check.review.models import OutputRow, SubmissionRow, VoteRow
from outputs_check.review.people import is_on_project, require_independent_checker
from outputs_check.review.transitions import State


def votable(output: OutputRow) -> bool:
    """Return whether people decide on an output: there is no way past BLOCK."""
    return Verdict[output.verdict] < Verdict.BLOCK and output.canonical != ""


def counting(db: Database, row: SubmissionRow) -> dict[str, list[Ballot]]:
    """Return the votes that count, by file.

    Votes on other bytes, data or appetite than the present ones do not, nor do those of somebody who
    could not vote today.
    """
    cast: dict[str, list[Ballot]] = {}
    voters = {vote.voter for vote in row.votes}
    independent = {voter for voter in voters if _is_independent(db, row, voter)}
    for output in filter(votable, row.outputs):
        cast[output.file] = [
            _ballot(vote)
            for vote in row.votes
            if (vote.file, vote.binding) == (output.file, output.binding) and vote.voter in independent
        ]
    return cast


def is_blind(row: SubmissionRow, ballots: Ballots) -> bool:
    """Return whether each checker still sees her own votes only."""
    return row.state == State.IN_REVIEW and not all_in(ballots, row.checkers)


def may_see_votes(db: Database, row: SubmissionRow, viewer: str) -> bool:
    """Return whether others' votes are for somebody's eyes, once the turn is no longer blind."""
    someone = registry.person(db, viewer)
    is_admin = someone is not None and registry.Role.ADMIN in someone.roles
    return _is_independent(db, row, viewer) or (is_admin and not is_on_project(db, row, viewer))


def _ballot(vote: VoteRow) -> Ballot:
    return Ballot(vote.voter, Choice(vote.choice), vote.comment)


def _is_independent(db: Database, row: SubmissionRow, voter: str) -> bool:
    try:
        require_independent_checker(db, row, voter)
    except NotPermitted:
        return False
    return True
