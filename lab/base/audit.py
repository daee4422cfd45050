"""One hash-chained log of every step: each event holds the digest of the one before.

SATRE 1.2.09 (deviations), 1.5.06 (traceable logon). The table is the log; a mirror file of JSON lines
follows it, so that a log that was cut short, or rewritten in one of the two places, is found as well.
"""

import fcntl
import hmac
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lab.base.errors import Tampered
from lab.base.files import canonical_json, sha256_bytes
from lab.base.models import Base

GENESIS = "0" * 64
_FIELDS = ("seq", "at", "actor", "via", "action", "subject", "details", "previous")


class AuditEvent(Base):
    """One thing that happened; never changed, never deleted."""

    __tablename__ = "audit_events"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(128))
    via: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(256), index=True)
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))

    def line(self) -> dict[str, Any]:
        """Return the event as the mirror keeps it."""
        return {field: getattr(self, field) for field in (*_FIELDS, "digest")}

    def expected_digest(self) -> str:
        """Return the digest that the event's own content asks for."""
        return sha256_bytes(canonical_json({field: getattr(self, field) for field in _FIELDS}))


@dataclass(frozen=True)
class AuditReport:
    """A chain that held: how many events, and the digest that stands for all of them."""

    events: int
    head: str


def append(
    session: Session, *, actor: str, via: str, action: str, subject: str, details: dict[str, Any]
) -> AuditEvent:
    """Add an event to the chain, inside the caller's transaction."""
    last = session.execute(
        select(AuditEvent.seq, AuditEvent.digest).order_by(AuditEvent.seq.desc()).limit(1)
    ).one_or_none()
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    event = AuditEvent(
        seq=seq,
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        actor=actor,
        via=via,
        action=action,
        subject=subject,
        details=canonical_json(details).decode(),
        previous=previous,
    )
    event.digest = event.expected_digest()
    session.add(event)
    session.flush()
    return event


def follow(session: Session, mirror: Path) -> None:
    """Append to the mirror what the table has and the mirror has not.

    Runs after a commit, so a crash in between leaves the mirror behind, never ahead; the next
    commit catches up. Half a line, left by a crash, is cut off first.
    """
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(mirror, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        last = _last_whole_seq(stream.fileno())
        events = session.scalars(select(AuditEvent).where(AuditEvent.seq > last).order_by(AuditEvent.seq))
        stream.seek(0, os.SEEK_END)
        for event in events:
            stream.write(canonical_json(event.line()) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _last_whole_seq(descriptor: int) -> int:
    """Cut a half-written last line off; return the number of the last event (0 for none)."""
    end = os.fstat(descriptor).st_size
    tail = b""
    position = end
    while position > 0 and tail.rstrip(b"\n").count(b"\n") < 2:
        start = max(0, position - 65536)
        tail = os.pread(descriptor, position - start, start) + tail
        position = start
    whole, newline, half = tail.rpartition(b"\n")
    if half:
        os.ftruncate(descriptor, end - len(half))
    if not newline:
        return 0
    try:
        return int(json.loads(whole.rpartition(b"\n")[2])["seq"])
    except (ValueError, KeyError, TypeError) as error:
        raise Tampered(
            "the mirror of the audit log has a line that is no event",
            where="its last line",
            remedy="keep the file as evidence and compare it with a backup",
        ) from error


def verify(session: Session, mirror: Path | None) -> AuditReport:
    """Walk the whole chain, and the mirror beside it.

    Raises:
        Tampered: naming the first event that was changed, removed, added or moved.
    """
    previous, count = GENESIS, 0
    for count, event in enumerate(session.scalars(select(AuditEvent).order_by(AuditEvent.seq)), start=1):
        where = f"event {event.seq}"
        if event.seq != count:
            raise Tampered("the audit log misses an event", where=f"event {count}", remedy=_KEEP)
        if not hmac.compare_digest(event.previous, previous):
            raise Tampered("the audit chain is broken", where=where, remedy=_KEEP)
        if not hmac.compare_digest(event.digest, event.expected_digest()):
            raise Tampered("an audit event was changed", where=where, remedy=_KEEP)
        previous = event.digest
    if mirror is not None:
        _compare(session, mirror)
    return AuditReport(count, previous)


_KEEP = "keep table and mirror as evidence and restore from a backup"


def _compare(session: Session, mirror: Path) -> None:
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.seq))
    lines = mirror.read_bytes().splitlines() if mirror.exists() else []
    for number, (event, line) in enumerate(zip_longest(events, lines), start=1):
        if event is None:
            raise Tampered(
                "the audit table was cut short: its mirror goes on", where=f"event {number}", remedy=_KEEP
            )
        if line is None or not hmac.compare_digest(canonical_json(event.line()), line):
            raise Tampered(
                "the mirror of the audit log differs from the table", where=f"event {number}", remedy=_KEEP
            )
