"""Who may have a room, on the day it is opened."""

from datetime import date, timedelta

import pytest
from running_lab import TODAY, YEAR, make_lab

from lab.base.errors import NotFound, NotPermitted
from lab.base.settings import Settings
from lab.hub.room import Room
from lab.registry import people


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lab whose people, project and grant are good for a year; the accreditation and project for two."""
    settings = make_lab(tmp_path_factory.mktemp("rooms") / "home")
    db = settings.database()
    people.ensure_accreditation(
        db, "rita", scheme="DEA", number="long", valid_from=TODAY, valid_until=TODAY + 2 * YEAR, actor="adam"
    )
    return settings


def _open(made: Settings, project: str, monkeypatch: pytest.MonkeyPatch, day: date = TODAY) -> Room:
    monkeypatch.setattr("lab.hub.room.today", lambda: day)
    return Room.open(made, made.database(), "rita", project)


def test_room_opens_to_the_last_day_of_the_grant(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    room = _open(made, "work-health", monkeypatch, TODAY + YEAR)
    assert room.extract.grant_valid_until == TODAY + YEAR


def test_ended_grant_closes_the_room(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # As for a project that runs longer than its grant.
    monkeypatch.setattr("lab.hub.room.session_permit", lambda *_: None)
    with pytest.raises(NotPermitted, match="grant of its data ended"):
        _open(made, "work-health", monkeypatch, TODAY + YEAR + timedelta(days=1))


def test_project_without_data_has_no_room(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="no data yet"):
        _open(made, "empty", monkeypatch)


@pytest.mark.parametrize("project", ["asleep", "pensions", "made-up"])
def test_room_needs_the_permit(made: Settings, monkeypatch: pytest.MonkeyPatch, project: str) -> None:
    with pytest.raises(NotPermitted):
        _open(made, project, monkeypatch)


def test_a_room_closes_with_permit_and_grant(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    room = _open(made, "work-health", monkeypatch)
    room.require_permit(made, made.database())
    monkeypatch.setattr("lab.hub.room.today", lambda: TODAY + YEAR + timedelta(days=1))
    with pytest.raises(NotPermitted, match="the project runs from|the grant of its data ended on"):
        room.require_permit(made, made.database())
