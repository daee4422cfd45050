"""The audit log: every change is in it, and one changed byte is found."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

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
    from sqlalchemy import update

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


def test_removed_mirror_is_found(settings: Settings, db: Database) -> None:
    (settings.home / "audit.jsonl").unlink()
    with pytest.raises(Tampered, match="differs from the table"):
        db.verify_audit()


def test_rewritten_chain_is_found_by_its_mirror(settings: Settings, db: Database) -> None:
    """Somebody who can recompute every digest of the table still has to reach the mirror."""
    with db.read() as session:
        from sqlalchemy import select

        from lab.base.audit import AuditEvent

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


def test_half_a_line_left_by_a_crash_is_mended_by_the_next_commit(settings: Settings, db: Database) -> None:
    mirror = settings.home / "audit.jsonl"
    whole = mirror.read_bytes()
    mirror.write_bytes(whole[:-40])
    with db.write(actor="adam") as unit:
        unit.record("lab.checked", subject="lab")
    assert db.verify_audit().events == 6
    assert len(mirror.read_text().splitlines()) == 6
    assert json.loads(mirror.read_text().splitlines()[-1])["action"] == "lab.checked"


def test_lab_that_is_not_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"not set up here.*lab init"):
        Settings.load(tmp_path / "nowhere").database().verify_audit()
