"""The same models and the same unit of work on a real PostgreSQL server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from lab.base.database import Database
from lab.base.errors import LabError, Tampered
from lab.base.models import Base
from lab.registry import people, view
from lab.registry.models import PersonRow
from lab.registry.view import Role


@pytest.fixture
def db(postgresql: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(postgresql, tmp_path / "audit.jsonl")
    database.create()
    yield database
    Base.metadata.drop_all(database.engine)
    database.engine.dispose()


def test_registry_works_as_on_sqlite(db: Database) -> None:
    people.ensure_person(db, "rita", "Rita", actor="adam")
    people.ensure_role(db, "rita", Role.RESEARCHER, actor="adam")
    people.set_password(db, "rita", "correct horse battery", actor="adam")
    assert view.verify_password(db, "rita", "correct horse battery")
    assert db.verify_audit().events == 3


def test_write_without_event_is_refused(db: Database) -> None:
    with pytest.raises(LabError, match="without an audit event"), db.write(actor="adam") as unit:
        unit.session.add(PersonRow(username="ghost", display_name="Ghost"))
    with db.read() as session:
        assert session.get(PersonRow, "ghost") is None


def test_twenty_writers_at_once_make_one_chain(db: Database) -> None:
    def write(number: int) -> None:
        with db.write(actor=f"w{number}") as unit:
            unit.record("lab.checked", subject=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(20)))
    assert db.verify_audit().events == 20


def test_changed_row_is_found(db: Database) -> None:
    people.ensure_person(db, "rita", "Rita", actor="adam")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_events SET actor = 'eve'"))
    with pytest.raises(Tampered, match="event 1"):
        db.verify_audit()


def test_reading_sees_one_state(db: Database) -> None:
    with db.read() as session:
        assert session.get(PersonRow, "rita") is None
        people.ensure_person(db, "rita", "Rita", actor="adam")
        assert session.scalars(select(PersonRow)).all() == []
    assert view.person(db, "rita") is not None
