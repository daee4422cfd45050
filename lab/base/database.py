"""A unit of work: no write without its audit event, in the same transaction."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from lab.base import audit
from lab.base.errors import LabError, Tampered
from lab.base.models import Base

__all__ = ["Base", "Database", "Unit"]

_AUDIT_LOCK = 7_283_001  # PostgreSQL advisory lock: one writer at the end of the chain


class Unit:
    """One transaction that changes something and says what it changed."""

    def __init__(self, session: Session, actor: str, via: str) -> None:
        self.session = session
        self._actor, self._via = actor, via
        self.recorded = 0

    def record(self, action: str, *, subject: str, details: dict[str, Any] | None = None) -> None:
        """Write the audit event of what this unit does."""
        self.session.flush()
        audit.append(
            self.session,
            actor=self._actor,
            via=self._via,
            action=action,
            subject=subject,
            details=details or {},
        )
        self.recorded += 1


class Database:
    """The lab's database: SQLite where it is embedded, PostgreSQL where it is a server.

    `mirror` is the file that the audit log is copied to, line by line, after each commit; whoever comes
    next makes up for a crash in between.
    """

    def __init__(self, url: str, mirror: Path | None = None) -> None:
        self.url, self.mirror = url, mirror
        self.engine = _engine(url)

    def create(self) -> None:
        """Create the tables that are missing."""
        with _plain_errors(self.url):
            Base.metadata.create_all(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one state of the database and changes nothing."""
        with Session(self.engine) as session, _plain_errors(self.url):
            _begin_reading(session)
            yield session

    @contextmanager
    def write(self, *, actor: str, via: str = "") -> Iterator[Unit]:
        """Open the one writing transaction; it commits at the end of the block, or not at all.

        Raises:
            LabError: something was written and no audit event was recorded.
            Tampered: the audit log and its mirror do not fit each other; nothing is written any more.
        """
        origin = f"{via}:{getpass.getuser()}" if via else getpass.getuser()
        with Session(self.engine, autoflush=True) as session, _plain_errors(self.url):
            _begin_writing(session.connection())
            mirrored = audit.follow(session, self.mirror) if self.mirror is not None else None
            changes = _Changes(session)
            unit = Unit(session, actor, origin)
            yield unit
            session.flush()
            if changes.seen and not unit.recorded:
                raise LabError(
                    "a change without an audit event was refused", where=", ".join(sorted(changes.seen))
                )
            if self.mirror is not None and mirrored is not None and unit.recorded:
                audit.remember(session, self.mirror, mirrored.seq)
            session.commit()
            if self.mirror is not None and unit.recorded:
                audit.follow(session, self.mirror)

    def audit_events(
        self, *, action: str = "", subject: str = "", subjects: str = "", last: int = 50
    ) -> list[dict[str, Any]]:
        """Return the newest events, oldest first; `action` and `subjects` are how they begin."""
        query = select(audit.AuditEvent).order_by(audit.AuditEvent.seq.desc()).limit(last)
        if action:
            query = query.where(audit.AuditEvent.action.startswith(action, autoescape=True))
        if subject:
            query = query.where(audit.AuditEvent.subject == subject)
        if subjects:
            query = query.where(audit.AuditEvent.subject.startswith(subjects, autoescape=True))
        with self.read() as session:
            return [event.line() for event in reversed(session.scalars(query).all())]

    def verify_audit(self, mirror: Path | None = None) -> audit.AuditReport:
        """Prove the audit log whole, beside its own mirror or another copy of it.

        Raises:
            Tampered: naming the first event that is not as it was written.
        """
        with self.read() as session:
            report = audit.verify(session)
        with self.read() as session:
            if mirror is not None:
                audit.compare(session, mirror)
            elif self.mirror is not None:
                audit.compare(session, self.mirror, audit.follow(session, self.mirror).length)
        return report


class _Changes:
    """The tables a session has written, the audit log itself apart."""

    def __init__(self, session: Session) -> None:
        self.seen: set[str] = set()
        event.listen(session, "after_flush", self._flushed)
        event.listen(session, "do_orm_execute", self._executed)

    def _flushed(self, session: Session, _context: object) -> None:
        touched = (*session.new, *session.dirty, *session.deleted)
        self.seen |= {row.__tablename__ for row in touched if not isinstance(row, audit.AuditEvent)}

    def _executed(self, state: Any) -> None:
        if not state.is_select:
            self.seen.add("bulk statement")


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    # Transactions are opened by us (BEGIN IMMEDIATE), not by the driver.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_reading(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(text("BEGIN"))
    else:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _begin_writing(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _AUDIT_LOCK})


@contextmanager
def _plain_errors(url: str) -> Iterator[None]:
    """Turn a driver's error about the store itself into a line for people."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        where = url.rpartition("@")[2]
        if "malformed" in reason or "not a database" in reason:
            raise Tampered(
                "the database file is damaged", where=where, remedy="restore it from a backup"
            ) from error
        if any(sign in reason for sign in ("no such table", "does not exist", "unable to open")):
            remedy = "run 'lab init', or give --home"
            raise LabError("the lab is not set up here", where=where, remedy=remedy) from error
        if any(sign in reason for sign in ("is full", "disk I/O")):
            remedy = "free some space and run it again; nothing half written was kept"
            raise LabError("the disk is full, or fails", where=where, remedy=remedy) from error
        if any(sign in reason for sign in ("locked", "readonly", "connect")):
            raise LabError(f"the database cannot be used: {reason}", where=where) from error
        raise
