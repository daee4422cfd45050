"""The audit log: every change is in it, and one changed byte is found."""

import json
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from lab.base.audit import AuditEvent
from lab.base.database import Database
from lab.base.errors import LabError, Tampered
from lab.base.settings import Settings
from lab.registry.models import PersonRow


@pytest.fixture
def db(settings: Settings) -> Database:
    database = settings.database()
    for number in range(5):
        with database.write(actor="adam", via="lab") as unit:
            unit.session.add(PersonRow(username=f"p{number}", display_name="Zoë"))
            unit.record("person.created", subject=f"p{number}", details={"n": number})
    return database


def _execute(settings: Settings, statement: str) -> None:
    with sqlite3.connect(settings.home / "lab.db") as connection:
        connection.execute(statement)


def test_whole_chain_is_proved(db: Database) -> None:
    report = db.verify_audit()
    assert report.events == 5
    assert report.head == db.audit_events(last=1)[0]["digest"]


def test_write_without_event_is_refused_and_nothing_is_kept(db: Database) -> None:
    with pytest.raises(LabError, match="without an audit event"), db.write(actor="adam") as unit:
        unit.session.add(PersonRow(username="ghost", display_name="Ghost"))
    with db.read() as session:
        assert session.get(PersonRow, "ghost") is None


def test_bulk_statement_without_event_is_refused(db: Database) -> None:
    with pytest.raises(LabError, match="without an audit event"), db.write(actor="adam") as unit:
        unit.session.execute(update(PersonRow).values(display_name="X"))


def test_failed_unit_leaves_neither_change_nor_event(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write(actor="adam") as unit:
        unit.session.add(PersonRow(username="ghost", display_name="Ghost"))
        unit.record("person.created", subject="ghost")
        raise ZeroDivisionError
    assert db.verify_audit().events == 5


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE audit_events SET actor='eve' WHERE seq=2", "changed .event 2"),
        ("UPDATE audit_events SET details='{\"n\":9}' WHERE seq=5", "changed .event 5"),
        ("DELETE FROM audit_events WHERE seq=3", "misses an event .event 3"),
        ("DELETE FROM audit_events WHERE seq=5", "cut short"),
        ("DELETE FROM audit_events", "cut short"),
        ("UPDATE audit_events SET previous='00' WHERE seq=4", "broken .event 4"),
    ],
)
def test_tampering_with_the_table_is_found(
    settings: Settings, db: Database, statement: str, complaint: str
) -> None:
    _execute(settings, statement)
    with pytest.raises(Tampered, match=complaint):
        db.verify_audit()


def _lose(mirror: Path, events: int) -> None:
    mirror.write_bytes(b"".join(mirror.read_bytes().splitlines(keepends=True)[:-events]))


@pytest.mark.parametrize("lost", [5, 2])
def test_removed_or_truncated_mirror_is_found_and_nothing_covers_it(
    settings: Settings, db: Database, lost: int
) -> None:
    mirror = settings.home / "audit.jsonl"
    mirror.unlink() if lost == 5 else _lose(mirror, lost)
    before = mirror.read_bytes() if mirror.exists() else b""
    with pytest.raises(Tampered, match=f"mirror .* cut short .event {6 - lost}"):
        db.verify_audit()
    with pytest.raises(Tampered, match="cut short"), db.write(actor="eve") as unit:
        unit.record("lab.checked", subject="lab")
    with pytest.raises(Tampered, match="cut short"):
        db.verify_audit()
    assert mirror.read_bytes() == before


def test_nothing_is_written_onto_a_table_that_was_cut_short(settings: Settings, db: Database) -> None:
    _execute(settings, "DELETE FROM audit_events WHERE seq=5")
    with pytest.raises(Tampered, match="cut short"), db.write(actor="eve") as unit:
        unit.record("lab.checked", subject="lab")
    assert db.audit_events(last=1)[0]["seq"] == 4


_KILLED_BEFORE_THE_MIRROR = """
import os, signal, sys
from pathlib import Path
from lab.base import audit
from lab.base.settings import Settings
db = Settings.load(Path(sys.argv[1])).database()
with db.write(actor="adam") as unit:
    unit.record("lab.checked", subject="one")
    unit.record("lab.checked", subject="two")
    audit.follow = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_between_commit_and_mirror_is_no_tampering(settings: Settings, db: Database) -> None:
    mirror = settings.home / "audit.jsonl"
    for round_ in (1, 2):
        command = [sys.executable, "-c", _KILLED_BEFORE_THE_MIRROR, str(settings.home)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert len(db.audit_events()) == 5 + 2 * round_
        assert len(mirror.read_bytes().splitlines()) == 3 + 2 * round_  # the round before was made up for
    assert db.verify_audit().events == 9
    assert len(mirror.read_bytes().splitlines()) == 9


def test_log_is_whole_at_any_moment_of_writing(settings: Settings, db: Database) -> None:
    def write(number: int) -> None:
        with settings.database().write(actor=f"w{number}") as unit:
            unit.record("lab.checked", subject=str(number))

    with ThreadPoolExecutor(2) as pool:
        writes = [pool.submit(write, number) for number in range(40)]
        while not all(each.done() for each in writes):
            db.verify_audit()
        for each in writes:
            each.result()
    assert db.verify_audit().events == 45


def test_reading_sees_one_state(settings: Settings, db: Database) -> None:
    with db.read() as session:
        before = session.scalar(select(func.count()).select_from(PersonRow))
        with settings.database().write(actor="adam") as unit:
            unit.session.add(PersonRow(username="late", display_name="Late"))
            unit.record("person.created", subject="late")
        assert session.scalar(select(func.count()).select_from(PersonRow)) == before


def test_rewritten_chain_is_found_by_its_mirror(settings: Settings, db: Database) -> None:
    """Somebody who can recompute every digest of the table still has to reach the mirror."""
    with db.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.seq == 5)).one()
        event.actor = "eve"
        digest = event.expected_digest()
    _execute(settings, f"UPDATE audit_events SET actor='eve', digest='{digest}' WHERE seq=5")
    with pytest.raises(Tampered, match="mirror"):
        db.verify_audit()


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_changed_byte_of_the_mirror_is_found(
    settings: Settings, db: Database, data: st.DataObject
) -> None:
    mirror = settings.home / "audit.jsonl"
    original = mirror.read_bytes()
    position = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[position] ^= data.draw(st.integers(1, 255))
    mirror.write_bytes(bytes(changed))
    try:
        with pytest.raises(Tampered):
            db.verify_audit()
    finally:
        mirror.write_bytes(original)


def test_half_a_line_left_by_a_crash_is_mended_by_whoever_comes_next(
    settings: Settings, db: Database
) -> None:
    mirror = settings.home / "audit.jsonl"
    whole = mirror.read_bytes()
    mirror.write_bytes(whole[:-40])
    assert db.verify_audit().events == 5
    assert mirror.read_bytes() == whole
    mirror.write_bytes(whole[:-40])
    with db.write(actor="adam") as unit:
        unit.record("lab.checked", subject="lab")
    assert db.verify_audit().events == 6
    assert len(mirror.read_text().splitlines()) == 6
    assert json.loads(mirror.read_text().splitlines()[-1])["action"] == "lab.checked"


def test_lab_that_is_not_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"not set up here.*lab init"):
        Settings.load(tmp_path / "nowhere").database().verify_audit()
