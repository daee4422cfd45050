"""One hash-chained log of every step: each event holds the digest of the one before.

SATRE 1.2.09 (deviations), 1.5.06 (traceable logon). The table is the log; a mirror file of JSON lines
follows it, so that a log that was cut short, or rewritten in one of the two places, is found as well.
A mirror that lags by the last transaction was left so by a crash, and catches up; one that lags more,
differs or goes on was tampered with.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lab.base.errors import Tampered
from lab.base.files import canonical_json, sha256_bytes, sync_folder
from lab.base.models import Base

GENESIS = "0" * 64
_FIELDS = ("seq", "at", "actor", "via", "action", "subject", "details", "previous")
_KEEP = "keep table and mirror as evidence and restore both from one backup"
_ROWS_AT_ONCE = 1000
_TAIL = 65536


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


class AuditMirror(Base):
    """What a mirror held for sure when its last writer began: it may lag by that one transaction."""

    __tablename__ = "audit_mirrors"

    place: Mapped[str] = mapped_column(String(1024), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class Mirrored:
    """How far a mirror goes: the number of its last event (0 for none), and its length in bytes."""

    seq: int
    length: int


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


def follow(session: Session, mirror: Path) -> Mirrored:
    """Append to the mirror what the table has and the mirror has not; return how far it goes then.

    Runs before and after a writing transaction, so a crash leaves a mirror that lacks that one
    transaction, or has half a line of it. Nothing is written unless all the rest is as it has to be.

    Raises:
        Tampered: the mirror lacks more, its end is not what the table has, or it goes on where the
            table ends.
    """
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(mirror, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        seq, tail = _end(stream)
        known = session.get(AuditMirror, str(mirror))
        if known is not None and seq < known.seq:
            raise Tampered(
                "the mirror of the audit log was cut short", where=f"event {seq + 1}", remedy=_KEEP
            )
        before = stream.seek(0, os.SEEK_END)
        for event in _events(session, seq):
            line = _line(event)
            if not line.startswith(tail[: len(line)]):
                raise _differs(event.seq)
            stream.write(line[len(tail) :])
            seq, tail = event.seq, tail[len(line) :]
        if tail:
            raise _cut_short(seq)
        length = stream.tell()
        if length > before:
            stream.flush()
            os.fsync(stream.fileno())
    if before == 0:
        sync_folder(mirror.parent)
    return Mirrored(seq, length)


def remember(session: Session, mirror: Path, seq: int) -> None:
    """Say, in the transaction that adds further events, that the mirror holds those up to `seq`."""
    session.merge(AuditMirror(place=str(mirror), seq=seq))


def _end(stream: BinaryIO) -> tuple[int, bytes]:
    """Return the number of a mirror's last whole event (0 for none), and the bytes from it on."""
    position = stream.seek(0, os.SEEK_END)
    tail = b""
    while position > 0 and tail.count(b"\n") < 2:
        start = max(0, position - _TAIL)
        tail = os.pread(stream.fileno(), position - start, start) + tail
        position = start
    whole, newline, half = tail.rpartition(b"\n")
    if not newline:
        return 0, half
    last = whole.rpartition(b"\n")[2]
    try:
        return int(json.loads(last)["seq"]), last + newline + half
    except (ValueError, KeyError, TypeError) as error:
        what = "the mirror of the audit log has a line that is no event"
        raise Tampered(what, where="its last line", remedy=_KEEP) from error


def verify(session: Session) -> AuditReport:
    """Walk the whole chain.

    Raises:
        Tampered: naming the first event that was changed, removed, added or moved.
    """
    previous, count = GENESIS, 0
    for count, event in enumerate(_events(session), start=1):
        where = f"event {event.seq}"
        if event.seq != count:
            raise Tampered("the audit log misses an event", where=f"event {count}", remedy=_KEEP)
        if not hmac.compare_digest(event.previous, previous):
            raise Tampered("the audit chain is broken", where=where, remedy=_KEEP)
        if not hmac.compare_digest(event.digest, event.expected_digest()):
            raise Tampered("an audit event was changed", where=where, remedy=_KEEP)
        previous = event.digest
    return AuditReport(count, previous)


def compare(session: Session, mirror: Path, length: int | None = None) -> None:
    """Hold a mirror, or its first `length` bytes, against the table.

    Raises:
        Tampered: naming the first event that is not the same in both.
    """
    with mirror.open("rb") as stream:
        for number, (event, line) in enumerate(
            zip_longest(_events(session), _lines(stream, length)), start=1
        ):
            if event is None:
                raise _cut_short(number)
            if line is None or not hmac.compare_digest(_line(event), line):
                raise _differs(number)


def _events(session: Session, first: int = 0) -> Iterator[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.seq >= first).order_by(AuditEvent.seq)
    yield from session.scalars(query.execution_options(yield_per=_ROWS_AT_ONCE))


def _line(event: AuditEvent) -> bytes:
    return canonical_json(event.line()) + b"\n"


def _lines(stream: BinaryIO, length: int | None) -> Iterator[bytes]:
    while (length is None or stream.tell() < length) and (line := stream.readline()):
        yield line


def _cut_short(number: int) -> Tampered:
    what = "the audit table was cut short: its mirror goes on"
    return Tampered(what, where=f"event {number}", remedy=_KEEP)


def _differs(number: int) -> Tampered:
    what = "the mirror of the audit log differs from the table"
    return Tampered(what, where=f"event {number}", remedy=_KEEP)
