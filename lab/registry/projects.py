"""Safe projects: what runs, when, and who belongs to it. Each step is idempotent and audited."""

import re
from datetime import UTC, date, datetime

from sqlalchemy import select

from lab.base.database import Database, Unit
from lab.base.errors import BadInput, NotFound
from lab.registry.models import MembershipRow, PersonRow, ProjectRow

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30  # what JupyterHub allows in the name of a server


def ensure_project(
    db: Database, slug: str, *, title: str, purpose: str, starts: date, ends: date, actor: str
) -> None:
    """Make a project, active from the start, unless it is there.

    Raises:
        BadInput: the name is not a plain slug, or the project ends before it starts.
    """
    if len(slug) > _LONGEST or not _SLUG.fullmatch(slug):
        raise BadInput(
            "not a project name", where=slug, remedy="use a-z, 0-9 and single hyphens, at most 30 characters"
        )
    if ends < starts:
        raise BadInput("a project cannot end before it starts", where=slug)
    with db.write(actor=actor, via="lab") as unit:
        if unit.session.get(ProjectRow, slug) is None:
            row = ProjectRow(slug=slug, title=title, purpose=purpose, active=True, starts=starts, ends=ends)
            unit.session.add(row)
            details = {"title": title, "starts": starts.isoformat(), "ends": ends.isoformat()}
            unit.record("project.created", subject=slug, details=details)


def set_active(db: Database, slug: str, active: bool, *, actor: str) -> None:
    """Switch a project on or off.

    Raises:
        NotFound: no such project.
    """
    with db.write(actor=actor, via="lab") as unit:
        row = _project(unit, slug)
        if row.active != active:
            row.active = active
            unit.record("project.activated" if active else "project.deactivated", subject=slug)


def ensure_member(db: Database, slug: str, username: str, *, actor: str) -> None:
    """Put a person on a project.

    Raises:
        NotFound: no such person, or no such project.
    """
    with db.write(actor=actor, via="lab") as unit:
        _project(unit, slug)
        if unit.session.get(PersonRow, username) is None:
            raise NotFound(
                "no such person", where=username, remedy="create the account with 'lab person add'"
            )
        if _current(unit, slug, username) is None:
            unit.session.add(MembershipRow(project=slug, username=username, since=datetime.now(UTC)))
            unit.record("member.added", subject=slug, details={"person": username})


def end_membership(db: Database, slug: str, username: str, *, actor: str) -> None:
    """Take a person off a project; that she was on it stays known.

    Raises:
        NotFound: she does not belong to it.
    """
    with db.write(actor=actor, via="lab") as unit:
        row = _current(unit, slug, username)
        if row is None:
            raise NotFound("the person does not belong to the project", where=f"{username}, {slug}")
        row.until = datetime.now(UTC)
        unit.record("member.removed", subject=slug, details={"person": username})


def _project(unit: Unit, slug: str) -> ProjectRow:
    row = unit.session.get(ProjectRow, slug)
    if row is None:
        raise NotFound("no such project", where=slug, remedy="create it with 'lab project create'")
    return row


def _current(unit: Unit, slug: str, username: str) -> MembershipRow | None:
    query = select(MembershipRow).where(
        MembershipRow.project == slug, MembershipRow.username == username, MembershipRow.until.is_(None)
    )
    return unit.session.scalar(query)
