"""Who may take which step: the `who` of the transition table, asked of the registry."""

from collections.abc import Callable
from datetime import datetime

from lab.base.database import Database
from lab.base.errors import NotPermitted
from lab.registry import view as registry
from outputs_check.review.models import SubmissionRow
from outputs_check.review.transitions import Who


def require_independent_checker(db: Database, row: SubmissionRow, username: str) -> None:
    """Let only a checker decide who has nothing to do with the project, now or when it was submitted.

    Source: Green and others, Handbook on Statistical Disclosure Control for Outputs; DESIGN, "Automated
    SDC must pass and people decide".

    Raises:
        NotPermitted: the one reason why not.
    """
    someone = registry.person(db, username)
    if someone is None or registry.Role.CHECKER not in someone.roles:
        raise NotPermitted("only output checkers decide", where=username, remedy="ask an admin for the role")
    if username == row.submitted_by:
        raise NotPermitted("nobody decides on what she submitted", where=username)
    if is_on_project(db, row, username):
        raise NotPermitted(
            f"{username} belongs to the project, or did when this was submitted",
            where=f"project {row.project}",
            remedy="leave it to a checker from outside",
        )


def is_on_project(db: Database, row: SubmissionRow, username: str) -> bool:
    """Return whether a person belongs to the project, or did when the submission was made."""
    then = datetime.fromisoformat(row.submitted_at)
    return registry.is_member(db, row.project, username) or registry.is_member(
        db, row.project, username, at=then
    )


def require_submitter(_db: Database, row: SubmissionRow, username: str) -> None:
    """Let only the person who submitted it take it back.

    Raises:
        NotPermitted: it is somebody else's.
    """
    if username != row.submitted_by:
        raise NotPermitted(f"only {row.submitted_by}, who submitted it, can do this", where=row.id)


def _station(_db: Database, _row: SubmissionRow, _username: str) -> None:
    """The program itself takes this step; nobody is asked."""


RIGHTS: dict[Who, Callable[[Database, SubmissionRow, str], None]] = {
    Who.CHECKER: require_independent_checker,
    Who.SUBMITTER: require_submitter,
    Who.KEEPER: _station,
    Who.GATE: _station,
    Who.VOTES: _station,
}
