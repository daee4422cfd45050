"""The one door through which a submission changes: right, row of the table and audit event together."""

import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from lab.base.database import Database, Unit
from lab.base.errors import NotFound
from outputs_check.review.models import SubmissionRow
from outputs_check.review.people import RIGHTS
from outputs_check.review.transitions import Action, State, step

VIA = "outputs-check"


def now() -> str:
    """Return the time as the tables keep it (UTC, milliseconds)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def find(unit: Unit, submission: str) -> SubmissionRow:
    """Return a submission's row inside a unit of work.

    Raises:
        NotFound: there is no such submission.
    """
    row = unit.session.scalar(select(SubmissionRow).where(SubmissionRow.id == submission))
    if row is None:
        raise missing(submission)
    return row


def missing(submission: str) -> NotFound:
    """Return the error for a submission that is not there."""
    return NotFound("no such submission", where=submission, remedy="see 'outputs-check queue --all'")


def advance(
    db: Database,
    unit: Unit,
    row: SubmissionRow,
    action: Action,
    actor: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Take one step of the transition table, and write its audit event.

    Raises:
        NotPermitted: the table has no such step from here, or it is not this person's to take.
    """
    transition = step(State(row.state), action)
    RIGHTS[transition.who](db, row, actor)
    row.state = transition.target.value
    row.changed = max(time.time_ns(), row.changed + 1)
    unit.record(
        transition.event,
        subject=row.id,
        details={
            "project": row.project,
            "from": transition.source,
            "to": transition.target,
            **(details or {}),
        },
    )
