"""Release: what leaves, what cannot, and what a changed world does to an approval."""

import json
from pathlib import Path

import pytest
from simulated_gate import PROJECT, TABLE, SimulatedGate, Submit
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.errors import IsolationRefused, NotFound, NotPermitted, Tampered
from lab.base.settings import Settings
from lab.base.signing import read_manifest
from lab.registry import projects
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import vote, withdraw
from outputs_check.review.intake import intake
from outputs_check.review.release import Approval, release, resume
from outputs_check.review.station import Checked, Release, Station
from outputs_check.review.transitions import State


def approve(station: Station, name: str, *files: str) -> None:
    for voter in ("carl", "cora"):
        for file in files:
            vote(station, name, file, Ballot(voter, Choice.APPROVE))


@pytest.fixture
def name(station: Station, submit: Submit) -> str:
    """An approved submission: a table and a picture approved, a table rejected, an output blocked."""
    made = submit({"a.csv": TABLE, "b.csv": b"x\n1\n", "block.csv": b"x\n", "review.png": b"picture"})
    intake(station)
    for voter in ("carl", "cora"):
        vote(station, made, "b.csv", Ballot(voter, Choice.REJECT, "too fine"))
    approve(station, made, "a.csv", "review.png")
    assert state(station, made) is State.APPROVED
    return made


def state(station: Station, name: str) -> State:
    return reading.submission(station, name, "carl").state


def test_only_approved_outputs_leave_with_a_signed_manifest(
    station: Station, settings: Settings, gate: SimulatedGate, name: str
) -> None:
    folder = release(station, name, "carl")
    assert folder == station.places.releases / PROJECT / name
    assert {path.name for path in folder.iterdir()} == {
        "a.csv",
        "review.png",
        "manifest.json",
        "manifest.json.sig",
    }
    assert (folder / "a.csv").read_bytes() == TABLE
    manifest = read_manifest(folder, settings.trust / "release.pub")
    assert [entry["path"] for entry in manifest["files"]] == ["a.csv", "review.png"]
    assert (manifest["project"], manifest["extract"]) == (PROJECT, "extract-1")
    assert "block" not in json.dumps(manifest)
    assert not {"carl", "cora", "b.csv"} & set(json.dumps(manifest).replace('"', " ").split())
    assert gate.remembered == ["a.csv", "review.png"]
    assert state(station, name) is State.RELEASED
    assert (station.places.signing_key.stat().st_mode & 0o777) == 0o600


def test_a_jpg_leaves_as_the_png_that_was_drawn(station: Station, submit: Submit) -> None:
    made = submit({"review.jpg": b"picture"})
    intake(station)
    approve(station, made, "review.jpg")
    folder = release(station, made, "carl")
    assert (folder / "review.jpg.png").read_bytes() == b"picture"
    assert not (folder / "review.jpg").exists()
    assert release(station, made, "cora") == folder
    (entry,) = reading.releases(station).entries
    assert list(entry["files"]) == ["review.jpg.png"]


def test_a_second_release_is_the_first(station: Station, name: str) -> None:
    folder = release(station, name, "carl")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert release(station, name, "cora") == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    with station.db.read() as session:
        actions = list(session.scalars(select(AuditEvent.action).where(AuditEvent.subject == name)))
    assert actions.count("submission.released") == 1


@pytest.mark.parametrize("actor", ["rita", "rob", "adam", "nobody"])
def test_only_an_independent_checker_releases(station: Station, name: str, actor: str) -> None:
    with pytest.raises(NotPermitted):
        release(station, name, actor)
    assert not station.places.releases.exists()


def test_what_is_not_approved_is_not_released(station: Station, submit: Submit) -> None:
    name = submit()
    for expected in ("is submitted", "is in review"):
        with pytest.raises((NotPermitted, NotFound), match=f"{expected}|no such submission"):
            release(station, name, "carl")
        intake(station)
    assert not station.places.releases.exists()


def test_a_project_that_is_not_active_gets_nothing(station: Station, name: str) -> None:
    projects.set_active(station.db, PROJECT, False, actor="adam")
    with pytest.raises(NotPermitted, match="not active"):
        release(station, name, "carl")


@pytest.mark.parametrize("change", ["extract", "appetite", "bytes", "verdict"])
def test_an_approval_does_not_survive_a_change_of_what_it_is_bound_to(
    station: Station, gate: SimulatedGate, name: str, change: str
) -> None:
    if change == "extract":
        gate.extract = "extract-2"
    elif change == "appetite":
        gate.appetite = "b" * 64
    elif change == "bytes":
        (station.places.submissions / name / "files" / "a.csv").write_bytes(TABLE + b"East,1,1\n")
    else:
        gate.blocked = {"a.csv"}
    with pytest.raises(NotPermitted, match="has changed since"):
        release(station, name, "carl")
    assert not station.places.releases.exists()
    seen = reading.submission(station, name, "carl")
    assert seen.state is State.IN_REVIEW
    assert seen.output(1).votes == ()
    kept = 0 if change in {"extract", "appetite"} else 1
    assert len(seen.output(4).votes) >= kept, "an output that did not change keeps its votes"
    assert gate.remembered == [] or change in {"extract", "appetite"}


def test_bytes_changed_on_the_shelf_are_not_released(station: Station, name: str) -> None:
    digest = reading.submission(station, name, "carl").output(1).canonical
    place = station.places.shelf / digest[:2] / digest
    place.write_bytes(TABLE.replace(b"120", b"121"))
    with pytest.raises(Tampered):
        release(station, name, "carl")
    assert not list(station.places.releases.rglob("*.csv"))


def test_a_folder_that_lies_in_the_way_is_not_called_a_release(station: Station, name: str) -> None:
    folder = station.places.releases / PROJECT / name
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(TABLE)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(NotFound, match="proves the manifest"):
        release(station, name, "carl")
    assert state(station, name) is State.APPROVED


@pytest.mark.parametrize(
    "error",
    [OSError("No space left on device"), IsolationRefused("no sandbox can be had")],
    ids=["disk", "sandbox"],
)
def test_what_the_machine_breaks_off_is_resumed_and_cannot_be_withdrawn(
    station: Station, gate: SimulatedGate, name: str, error: Exception
) -> None:
    gate.error = error
    with pytest.raises(type(error), match=str(error)):
        release(station, name, "carl")
    assert state(station, name) is State.APPROVED
    with pytest.raises(NotPermitted, match="has begun"):
        withdraw(station, name, "rita")
    gate.error = None
    assert resume(station) == [name]
    assert state(station, name) is State.RELEASED
    assert resume(station) == []


def test_the_ledger_learns_before_the_folder_is_out(
    station: Station, gate: SimulatedGate, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def ask(files: Path, project: str, wanted: Release) -> Checked:
        seen.append((station.places.releases / PROJECT / name).exists())
        return SimulatedGate.release(gate, files, project, wanted)

    monkeypatch.setattr(gate, "release", ask)
    release(station, name, "carl")
    assert seen == [False]


@pytest.mark.parametrize("file", ["/etc/passwd", "../a.csv", "a/../../b.csv", "", "manifest.json"])
def test_an_approval_names_a_plain_file(file: str) -> None:
    with pytest.raises(Exception, match="plain relative name"):
        Approval(file, "0" * 64, "0" * 64)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("t.csv", "t.csv"),
        ("t.xlsx", "t.xlsx.csv"),
        ("t.PARQUET", "t.PARQUET.csv"),
        ("n.ipynb", "n.ipynb"),
        ("notes", "notes"),
    ],
)
def test_a_table_leaves_under_the_name_of_what_it_is(file: str, name: str) -> None:
    assert Approval(file, "", "").name == name
