"""The drop box: what a room sends arrives whole, bound to who sent it, or not at all."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.base.settings import Settings
from lab.hub.dropbox import DropBox


@pytest.fixture
def box(settings: Settings, tmp_path: Path) -> DropBox:
    workspace = tmp_path / "workspace"
    folder = workspace / "first"
    folder.mkdir(parents=True)
    (folder / "submission.toml").write_text("project = 'p'\n")
    (folder / "t.csv").write_text("a,b\n1,2\n")
    return DropBox(settings, "rita", "work-health", "work-health-1", workspace)


def _submit(box: DropBox, *files: Any, folder: str = "first") -> dict[str, Any]:
    return box.answer({"action": "submit", "folder": folder, "files": ["submission.toml", *files]})


def _inbox(box: DropBox) -> list[Path]:
    inbox = box.settings.checking / "inbox"
    return list(inbox.iterdir()) if inbox.exists() else []


def test_a_submission_arrives_with_its_envelope(box: DropBox) -> None:
    answer = _submit(box, "t.csv")
    assert answer["ok"], answer
    (folder,) = _inbox(box)
    assert folder.name == answer["receipt"]["id"]
    envelope = json.loads((folder / "envelope.json").read_bytes())
    assert envelope["submitted_by"] == "rita"
    assert envelope["project"] == "work-health"
    assert envelope["extract"] == "work-health-1"
    assert envelope["workspace_folder"] == "first"
    assert (folder / "files" / "t.csv").read_text() == "a,b\n1,2\n"
    (event,) = box.settings.database().audit_events(action="submission.sent")
    assert event["subject"] == folder.name
    assert json.loads(event["details"])["files"] == answer["receipt"]["files"]


@pytest.mark.parametrize(
    "name", ["../t.csv", "/etc/passwd", "a/b", ".hidden", "", "x" * 200, 5, None, "a\0b"]
)
def test_a_name_that_is_not_plain_is_refused(box: DropBox, name: Any) -> None:
    assert "not a plain file name" in _submit(box, name)["error"]
    assert not _inbox(box)


@pytest.mark.parametrize("folder", ["..", "first/..", "/etc", "nowhere", "first//", "."])
def test_a_folder_outside_of_the_workspace_is_refused(box: DropBox, folder: str) -> None:
    assert not _submit(box, "t.csv", folder=folder)["ok"]
    assert not _inbox(box)


def test_links_pipes_and_second_names_are_refused(box: DropBox) -> None:
    folder = box.workspace / "first"
    outside = box.workspace.parent / "secret"
    outside.write_text("secret")
    (folder / "link.csv").symlink_to(outside)
    os.mkfifo(folder / "pipe.csv")
    os.link(outside, folder / "second.csv")
    for name in ("link.csv", "pipe.csv", "second.csv", "missing.csv"):
        assert not _submit(box, "t.csv", name)["ok"], name
    assert not _inbox(box)
    (box.workspace / "way").symlink_to(folder)
    assert not _submit(box, "t.csv", folder="way")["ok"]


def test_too_much_is_refused(box: DropBox) -> None:
    with (box.workspace / "first" / "large.csv").open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    assert "submit a smaller file" in _submit(box, "large.csv")["error"]
    assert "more than 100 files" in _submit(box, *(f"{n}.csv" for n in range(101)))["error"]
    assert not _inbox(box)
    assert not box.settings.database().audit_events(action="submission.sent")


def test_the_declaration_must_be_there(box: DropBox) -> None:
    answer = box.answer({"action": "submit", "folder": "first", "files": ["t.csv"]})
    assert "the declaration is missing" in answer["error"]


def test_a_project_reads_its_own_answers_only(box: DropBox) -> None:
    status = box.settings.checking / "status"
    status.mkdir()
    for project in ("work-health-two", "work", "work-health"):
        other = replace(box, project=project)
        for state in ("in_review", None):
            name = _submit(other, "t.csv")["receipt"]["id"]
            if state:
                entry = {"id": name, "project": project, "state": state, "verdict": "PASS", "outputs": []}
                (status / f"{name}.json").write_text(json.dumps(entry))
    told = box.answer({"action": "status"})["submissions"]
    assert [(entry["project"], entry["state"], entry["verdict"]) for entry in told] == [
        ("work-health", "in_review", "PASS"),
        ("work-health", "submitted", None),
    ]


def test_other_projects_do_not_push_a_projects_submissions_out(
    box: DropBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.hub.dropbox._MOST_LISTED", 1)
    sent = _submit(box, "t.csv")["receipt"]["id"]
    _submit(replace(box, project="another"), "t.csv")
    assert [entry["id"] for entry in box.answer({"action": "status"})["submissions"]] == [sent]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(request=_JSON, folder=_JSON, files=_JSON)
def test_whatever_is_said_is_answered(
    tmp_path_factory: pytest.TempPathFactory, request: Any, folder: Any, files: Any
) -> None:
    home = tmp_path_factory.getbasetemp()
    box = DropBox(Settings(home, "sqlite://"), "rita", "p", "e", home)
    for message in (request, {"action": "submit", "folder": folder, "files": files}):
        answer = box.answer(message)
        assert answer["ok"] is False
        assert "\n" not in answer["error"]
