"""A lab with people in it, a drop box that can be filled, and a gate whose answers a test chooses."""

import json
from datetime import UTC, date, datetime

import pytest
from simulated_gate import PROJECT, TABLE, SimulatedGate, Submit

from lab.base.database import Database
from lab.base.settings import Settings
from lab.registry import people, projects
from lab.registry.view import Role
from outputs_check.review.places import Places
from outputs_check.review.station import Station


@pytest.fixture
def gate() -> SimulatedGate:
    return SimulatedGate()


@pytest.fixture
def db(settings: Settings) -> Database:
    """The database of a lab: two researchers, three checkers, an admin, two projects."""
    database = settings.database()
    everybody = {
        "rita": Role.RESEARCHER,
        "rob": Role.RESEARCHER,
        "mallory": Role.RESEARCHER,
        "carl": Role.CHECKER,
        "cora": Role.CHECKER,
        "chris": Role.CHECKER,
        "adam": Role.ADMIN,
    }
    for name, role in everybody.items():
        people.ensure_person(database, name, name.title(), actor="adam")
        people.ensure_role(database, name, role, actor="adam")
    for slug, members in ((PROJECT, ("rita", "rob")), ("other", ("mallory",))):
        days = {"starts": date(2020, 1, 1), "ends": date(2099, 12, 31)}
        projects.ensure_project(database, slug, title=slug, purpose="", actor="adam", **days)
        for member in members:
            projects.ensure_member(database, slug, member, actor="adam")
    return database


@pytest.fixture
def station(settings: Settings, db: Database, gate: SimulatedGate) -> Station:
    return Station(db, Places.of(settings), gate)


@pytest.fixture
def submit(station: Station) -> Submit:
    """Put a submission into the drop box as a session's keeper does; return its id."""
    count = 0

    def put(files: dict[str, bytes] | None = None, **changed: str) -> str:
        nonlocal count
        count += 1
        moment = datetime.now(UTC)
        envelope = {
            "id": f"{PROJECT}-{moment:%Y%m%dT%H%M%S}-{count:06x}",
            "project": PROJECT,
            "submitted_by": "rita",
            "submitted_at": moment.isoformat(),
            "extract": "extract-1",
            "workspace_folder": "first",
            **changed,
        }
        building = station.places.inbox / f".{envelope['id']}"
        (building / "files").mkdir(parents=True)
        for name, data in (files or {"table.csv": TABLE}).items():
            (building / "files" / name).write_bytes(data)
        (building / "envelope.json").write_text(json.dumps(envelope))
        building.rename(station.places.inbox / envelope["id"])
        return envelope["id"]

    return put
