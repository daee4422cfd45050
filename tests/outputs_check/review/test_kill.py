"""kill -9 at points all along the way: nothing lost, nothing released twice or in part, the log whole."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from simulated_gate import PROJECT, TABLE, SimulatedGate, Submit
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.database import Database
from lab.base.signing import read_manifest
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import vote
from outputs_check.review.intake import intake
from outputs_check.review.release import release, resume
from outputs_check.review.station import Station
from outputs_check.review.transitions import State

POINTS = 30  # along each of intake, vote and release; the last ones lie behind the end
_OURS = tuple(f"{os.sep}{part}{os.sep}" for part in ("outputs_check/review", "lab/base"))


def lines_until(limit: int, work: Callable[[], object]) -> int | None:
    """Run `work` in a process of its own that dies by kill -9 at its `limit`th line of our code.

    Returns how many lines it ran if it came to its end, None if it was killed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def trace(frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal count
            if not any(part in frame.f_code.co_filename for part in _OURS):
                return None
            if event == "line":
                count += 1
                if count == limit:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            sys.settrace(trace)
            work()
            sys.settrace(None)
            os.write(writer, str(count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return int(told) if told else None


def fresh(station: Station) -> Station:
    """The same lab with a database connection of its own: one must not be carried through a fork."""
    return Station(Database(station.db.url, station.db.mirror), station.places, SimulatedGate())


def points(work: Callable[[], object]) -> list[int]:
    whole = lines_until(sys.maxsize, work)
    assert whole is not None
    assert whole > POINTS
    return [1 + whole * number // POINTS for number in range(POINTS + 1)]


def everything_once(station: Station, submissions: list[str], actions: list[str]) -> None:
    station.db.verify_audit()
    for name in submissions:
        with station.db.read() as session:
            query = select(AuditEvent.action).where(AuditEvent.subject == name).order_by(AuditEvent.seq)
            assert [a for a in session.scalars(query) if a in actions] == actions
    assert not [path for path in station.places.root.rglob(".*.??*") if path.is_dir()]


@pytest.fixture
def approved(station: Station, submit: Submit) -> Callable[[], str]:
    def make() -> str:
        name = submit({"a.csv": TABLE, "block.csv": b"x\n"})
        intake(station)
        for voter in ("carl", "cora"):
            vote(station, name, "a.csv", Ballot(voter, Choice.APPROVE))
        return name

    return make


def test_intake(station: Station, submit: Submit) -> None:
    names = [submit()]
    station.db.engine.dispose()
    for point in points(lambda: intake(fresh(station))):
        names.append(submit())
        station.db.engine.dispose()
        lines_until(point, lambda: intake(fresh(station)))
        intake(fresh(station))
        assert reading.submission(station, names[-1], "carl").state is State.IN_REVIEW
        assert (station.places.status / f"{names[-1]}.json").exists()
    everything_once(station, names, ["submission.received", "submission.opened"])


def test_vote(station: Station, submit: Submit) -> None:
    names = [submit() for _ in range(POINTS + 2)]
    intake(station)
    for name in names:
        vote(station, name, "table.csv", Ballot("carl", Choice.APPROVE))
    last = Ballot("cora", Choice.APPROVE)
    station.db.engine.dispose()
    where = points(lambda: vote(fresh(station), names[0], "table.csv", last))
    for name, point in zip(names[1:], where, strict=True):
        station.db.engine.dispose()
        lines_until(point, lambda name=name: vote(fresh(station), name, "table.csv", last))  # type: ignore[misc]
        if reading.submission(station, name, "cora").state is State.IN_REVIEW:
            vote(station, name, "table.csv", last)
        intake(station, thorough=False)
        assert '"approved"' in (station.places.status / f"{name}.json").read_text()
    everything_once(station, names, ["submission.voted", "submission.voted", "submission.approved"])


def test_release(station: Station, approved: Callable[[], str]) -> None:
    names = [approved()]
    station.db.engine.dispose()
    for point in points(lambda: release(fresh(station), names[0], "carl")):
        names.append(approved())
        station.db.engine.dispose()
        lines_until(point, lambda: release(fresh(station), names[-1], "carl"))
        again = fresh(station)
        resume(again)
        if reading.submission(station, names[-1], "carl").state is State.APPROVED:
            release(again, names[-1], "cora")
        intake(again)
        folder = station.places.releases / PROJECT / names[-1]
        _whole(folder, station.places.public_key)
        assert '"released"' in (station.places.status / f"{names[-1]}.json").read_text()
    everything_once(station, names, ["release.begun", "submission.released"])
    assert len(list((station.places.releases / PROJECT).iterdir())) == len(names)


def _whole(folder: Path, key: Path) -> None:
    assert [entry["path"] for entry in read_manifest(folder, key)["files"]] == ["a.csv"]
    assert (folder / "a.csv").read_bytes() == TABLE
