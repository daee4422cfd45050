"""What other parts of the lab, and the checking zone, may ask the registry. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from lab.base.database import Database
from lab.base.errors import NotPermitted
from lab.registry.models import AccreditationRow, MembershipRow, PersonRow, ProjectRow, RoleRow


class Role(StrEnum):
    """What a person may be in the lab."""

    RESEARCHER = "researcher"
    CHECKER = "checker"
    ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """A person and her roles."""

    username: str
    display_name: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class ProjectView:
    """A project as everybody may see it."""

    slug: str
    title: str
    purpose: str
    active: bool
    starts: date
    ends: date

    def runs_on(self, day: date) -> bool:
        """Return whether the project is active and within its dates."""
        return self.active and self.starts <= day <= self.ends


@dataclass(frozen=True)
class AccreditationView:
    """An accreditation and the days it is good for."""

    scheme: str
    number: str
    valid_from: date
    valid_until: date


@cache
def hasher() -> PasswordHasher:
    """Return the hasher of the embedded accounts (Argon2id, RFC 9106's low-memory profile)."""
    return PasswordHasher()


def today() -> date:
    """Return the day by which permissions are judged (UTC)."""
    return datetime.now(UTC).date()


def person(db: Database, username: str) -> Person | None:
    """Return a person, or None."""
    with db.read() as session:
        row = session.get(PersonRow, username)
        if row is None:
            return None
        roles = session.scalars(select(RoleRow.role).where(RoleRow.username == username))
        return Person(row.username, row.display_name, frozenset(Role(role) for role in roles))


def people(db: Database) -> tuple[Person, ...]:
    """Return everybody with an account, by name."""
    with db.read() as session:
        names = session.scalars(select(PersonRow.username).order_by(PersonRow.username)).all()
    found = (person(db, name) for name in names)
    return tuple(entry for entry in found if entry is not None)


def project(db: Database, slug: str) -> ProjectView | None:
    """Return a project, or None."""
    with db.read() as session:
        row = session.get(ProjectRow, slug)
        return _project_view(row) if row else None


def projects(db: Database) -> tuple[ProjectView, ...]:
    """Return all projects, by name."""
    with db.read() as session:
        return tuple(
            _project_view(row) for row in session.scalars(select(ProjectRow).order_by(ProjectRow.slug))
        )


def projects_of(db: Database, username: str) -> tuple[ProjectView, ...]:
    """Return the projects that a person belongs to now."""
    with db.read() as session:
        slugs = {row.project for row in _memberships(session, username) if row.until is None}
    return tuple(entry for entry in projects(db) if entry.slug in slugs)


def accreditations(db: Database, username: str) -> tuple[AccreditationView, ...]:
    """Return a person's accreditations, the one that lasts longest first."""
    query = select(AccreditationRow).where(AccreditationRow.username == username)
    with db.read() as session:
        rows = session.scalars(query.order_by(AccreditationRow.valid_until.desc())).all()
        return tuple(
            AccreditationView(row.scheme, row.number, row.valid_from, row.valid_until) for row in rows
        )


def is_member(db: Database, slug: str, username: str, at: datetime | None = None) -> bool:
    """Return whether a person belongs to a project now, or belonged to it at a moment."""
    with db.read() as session:
        rows = [row for row in _memberships(session, username) if row.project == slug]
        if at is None:
            return any(row.until is None for row in rows)
        return any(_utc(row.since) <= at and (row.until is None or at < _utc(row.until)) for row in rows)


def session_permit(db: Database, username: str, slug: str, on: date) -> None:
    """Let a session start: an active project, a member of it, an accreditation in date.

    Raises:
        NotPermitted: the first reason why not (SATRE 1.5.01, 1.4.02).
    """
    found, place = project(db, slug), f"project {slug}"
    if found is None:
        raise NotPermitted("there is no such project", where=place, remedy="ask an admin")
    if not found.active:
        raise NotPermitted("the project is not active", where=place, remedy="ask an admin")
    if not found.runs_on(on):
        dates = f"{found.starts} to {found.ends}"
        raise NotPermitted(f"the project runs from {dates}", where=place, remedy="ask an admin to extend it")
    someone = person(db, username)
    if someone is None or Role.RESEARCHER not in someone.roles:
        raise NotPermitted(
            "only researchers have sessions", where=username, remedy="ask an admin for the role"
        )
    if not is_member(db, slug, username):
        raise NotPermitted(f"{username} does not belong to the project", where=place, remedy="ask an admin")
    held = accreditations(db, username)
    if not any(entry.valid_from <= on <= entry.valid_until for entry in held):
        ended = f"ended on {held[0].valid_until}" if held else "is missing"
        raise NotPermitted(f"the accreditation of {username} {ended}", where=place, remedy="have it renewed")


def verify_password(db: Database, username: str, password: str) -> bool:
    """Return whether a password is the person's; as slow for a name that does not exist."""
    with db.read() as session:
        row = session.get(PersonRow, username)
        known = row.password_hash if row else ""
    try:
        return hasher().verify(known or _nobody(), password) and bool(known)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return hasher().hash("no one has this password")


def _memberships(session: Session, username: str) -> Sequence[MembershipRow]:
    return session.scalars(select(MembershipRow).where(MembershipRow.username == username)).all()


def _project_view(row: ProjectRow) -> ProjectView:
    return ProjectView(row.slug, row.title, row.purpose, row.active, row.starts, row.ends)


def _utc(moment: datetime) -> datetime:
    # SQLite gives moments back without their zone.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
