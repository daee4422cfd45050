"""Two people at once on one submission, on both databases: one decision, one release, nothing lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from simulated_gate import Submit
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.errors import NotPermitted
from lab.base.models import Base
from lab.base.settings import Settings
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import vote, withdraw
from outputs_check.review.intake import intake
from outputs_check.review.release import release
from outputs_check.review.station import Station
from outputs_check.review.transitions import State

ROUNDS = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A lab on either database."""
    embedded = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'lab.db'}" if embedded else request.getfixturevalue("postgresql")
    made = Settings(tmp_path, url)
    made.prepare()
    database = made.database()
    database.create()
    yield made
    Base.metadata.drop_all(database.engine)
    database.engine.dispose()


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Take steps at the same time; return what each returned or raised."""

    def outcome(step: Callable[[], object]) -> object:
        try:
            return step()
        except NotPermitted as refusal:
            return refusal

    with ThreadPoolExecutor(len(steps)) as people:
        return list(people.map(outcome, steps))


def actions(station: Station, name: str) -> list[str]:
    query = select(AuditEvent.action).where(AuditEvent.subject == name).order_by(AuditEvent.seq)
    with station.db.read() as session:
        return list(session.scalars(query))


def test_racing_people(station: Station, submit: Submit) -> None:
    names = [submit() for _ in range(ROUNDS)]
    assert {each.state for each in intake(station)} == {State.IN_REVIEW}
    yes = Choice.APPROVE
    for number, name in enumerate(names):
        at_once(
            lambda name=name: vote(station, name, "table.csv", Ballot("carl", yes)),  # type: ignore[misc]
            lambda name=name: vote(station, name, "table.csv", Ballot("cora", yes)),  # type: ignore[misc]
        )
        assert actions(station, name)[3:] == ["submission.voted"] * 2 + ["submission.approved"]
        if number % 2:
            folders = at_once(
                lambda name=name: release(station, name, "carl"),  # type: ignore[misc]
                lambda name=name: release(station, name, "cora"),  # type: ignore[misc]
            )
            assert folders[0] == folders[1]
            assert actions(station, name)[6:] == ["release.begun", "submission.released"]
        else:
            out, _ = at_once(
                lambda name=name: release(station, name, "carl"),  # type: ignore[misc]
                lambda name=name: withdraw(station, name, "rita"),  # type: ignore[misc]
            )
            released = isinstance(out, Path)
            expected = State.RELEASED if released else State.WITHDRAWN
            assert reading.submission(station, name, "carl").state is expected
            assert (station.places.releases / "work-health" / name).exists() is released
    station.db.verify_audit()
