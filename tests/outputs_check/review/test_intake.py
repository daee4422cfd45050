"""From the drop box to the review: what is taken, what is refused, what is left after a fault."""

import json
from pathlib import Path

import pytest
from simulated_gate import PROJECT, TABLE, SimulatedGate, Submit
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.errors import BadInput, IsolationRefused
from lab.registry import projects
from outputs_check.review import reading
from outputs_check.review.intake import intake
from outputs_check.review.station import Station
from outputs_check.review.transitions import State


def events(station: Station, subject: str) -> list[str]:
    query = select(AuditEvent.action).where(AuditEvent.subject == subject).order_by(AuditEvent.seq)
    with station.db.read() as session:
        return list(session.scalars(query))


def status(station: Station, submission: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((station.places.status / f"{submission}.json").read_bytes())
    return found


def test_a_submission_comes_to_review(station: Station, submit: Submit) -> None:
    name = submit({"table.csv": TABLE, "block.csv": b"x\n"})
    assert [(each.submission, each.state) for each in intake(station)] == [(name, State.IN_REVIEW)]
    assert list(station.places.inbox.iterdir()) == []
    view = reading.submission(station, name, "carl")
    assert [(each.file, each.verdict.name, each.votable) for each in view.outputs] == [
        ("block.csv", "BLOCK", False),
        ("table.csv", "PASS", True),
    ]
    assert station.shelf.get(view.output(2).canonical) == TABLE
    assert view.output(1).canonical == ""
    assert events(station, name) == ["submission.received", "submission.checking", "submission.opened"]
    assert station.db.verify_audit().events > 0


def test_where_everything_is_blocked_it_goes_back_with_its_findings(station: Station, submit: Submit) -> None:
    name = submit({"block.csv": b"x\n"})
    assert intake(station)[0].state is State.RETURNED
    told = status(station, name)
    assert (told["state"], told["verdict"]) == ("returned", "BLOCK")
    assert told["outputs"] == [
        {
            "file": "block.csv",
            "verdict": "BLOCK",
            "evidence": "A",
            "findings": [
                {
                    "rule": "threshold.people",
                    "verdict": "BLOCK",
                    "message": "2 cells rest on fewer than 10 people",
                    "cells": ["region=North, sex=F", "region=North, sex=M"],
                    "source": "RULEBOOK, Units and appetites",
                    "remedy": "merge North with North East",
                }
            ],
            "decision": "",
            "comments": [],
        }
    ]


def test_a_second_intake_changes_nothing(station: Station, submit: Submit) -> None:
    name = submit()
    intake(station)
    before = events(station, name)
    assert intake(station) == []
    assert events(station, name) == before


def test_a_folder_that_is_still_being_filled_is_left_alone(station: Station) -> None:
    (station.places.inbox / ".half").mkdir()
    assert intake(station) == []
    assert (station.places.inbox / ".half").is_dir()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"project": "unknown", "id": "unknown-20260101T000000-000001"}, "no such project"),
        ({"submitted_by": "mallory"}, "mallory does not belong to the project"),
        ({"submitted_by": "carl"}, "carl does not belong to the project"),
        ({"id": "../../etc"}, "id of a submission"),
        ({"id": "other-20260101T000000-000001"}, "id of a submission"),
        ({"submitted_at": "yesterday"}, "not a time"),
        ({"submitted_at": "2026-01-01T00:00:00"}, "no time zone"),
        ({"submitted_at": "2099-01-01T00:00:00Z"}, "in the future"),
        ({"owner": "me"}, "exactly the keys"),
    ],
)
def test_an_envelope_is_believed_only_when_all_of_it_is_right(
    station: Station, submit: Submit, changed: dict[str, str], reason: str
) -> None:
    good = submit()
    folder = station.places.inbox / good
    envelope = json.loads((folder / "envelope.json").read_bytes())
    (folder / "envelope.json").write_text(json.dumps({**envelope, **changed}))
    if changed.get("id", "").count("/") == 0:
        folder = folder.rename(station.places.inbox / changed.get("id", good))
    (taken,) = intake(station)
    assert taken.state is None
    assert reason in taken.trouble
    assert list(station.places.submissions.iterdir()) == []
    assert len(list(station.places.refused.iterdir())) == 1
    assert events(station, folder.name) == ["submission.refused"]


def test_an_id_is_taken_once(station: Station, submit: Submit) -> None:
    name = submit()
    intake(station)
    again = station.places.inbox / name
    (again / "files").mkdir(parents=True)
    (again / "envelope.json").write_bytes((station.places.submissions / name / "envelope.json").read_bytes())
    (taken,) = intake(station)
    assert "taken before" in taken.trouble
    assert (station.places.submissions / name / "files" / "table.csv").read_bytes() == TABLE


def test_a_link_in_place_of_the_envelope_is_not_followed(
    station: Station, submit: Submit, tmp_path: Path
) -> None:
    folder = station.places.inbox / submit()
    (folder / "envelope.json").rename(tmp_path / "elsewhere")
    (folder / "envelope.json").symlink_to(tmp_path / "elsewhere")
    assert "cannot be read as a plain file" in intake(station)[0].trouble


def test_a_refused_folder_does_not_hold_up_the_next(station: Station, submit: Submit) -> None:
    (station.places.inbox / "a-stray-file").write_text("?")
    name = submit()
    assert {each.submission: each.state for each in intake(station)} == {
        "a-stray-file": None,
        name: State.IN_REVIEW,
    }


def test_a_declaration_for_another_project_goes_back(
    station: Station, submit: Submit, gate: SimulatedGate
) -> None:
    gate.project = "other"
    name = submit()
    assert intake(station)[0].state is State.RETURNED
    assert "'other'" in str(status(station, name)["reason"])


def test_a_submission_that_breaks_the_gate_goes_back_and_says_nothing_of_the_data(
    station: Station, submit: Submit, gate: SimulatedGate
) -> None:
    gate.error = ValueError("person 1234")
    name = submit()
    assert intake(station)[0].state is State.RETURNED
    with station.db.read() as session:
        details = list(session.scalars(select(AuditEvent.details).where(AuditEvent.subject == name)))
    assert "ValueError" in details[-1]
    assert not any("1234" in text for text in (*details, str(status(station, name))))


def test_a_submission_that_cannot_be_checked_says_why(
    station: Station, submit: Submit, gate: SimulatedGate
) -> None:
    gate.error = BadInput("no extract", where=PROJECT)
    name = submit()
    assert intake(station)[0].state is State.RETURNED
    assert status(station, name)["reason"] == f"no extract ({PROJECT})"


@pytest.mark.parametrize("error", [IsolationRefused("no sandbox here"), OSError(28, "No space left")])
def test_a_fault_of_the_machine_is_not_the_submissions(
    station: Station, submit: Submit, gate: SimulatedGate, error: Exception
) -> None:
    gate.error = error
    name = submit()
    (taken,) = intake(station)
    assert (taken.state, bool(taken.trouble)) == (State.CHECKING, True)
    gate.error = None
    assert [(each.submission, each.state) for each in intake(station)] == [(name, State.IN_REVIEW)]


def test_a_member_who_left_after_submitting_is_believed(station: Station, submit: Submit) -> None:
    submit()
    projects.end_membership(station.db, PROJECT, "rita", actor="adam")
    assert intake(station)[0].state is State.IN_REVIEW
