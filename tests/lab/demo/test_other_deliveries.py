"""The demo over what an earlier run left, with other deliveries than that run had."""

import socket
from pathlib import Path

import pytest

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.demo.prepare import Place, keep_apart
from lab.hub.places import Places


def delivered(folder: Path, content: str) -> Path:
    (folder / "dwp").mkdir(parents=True)
    (folder / "dwp" / "manifest.json").write_text(content)
    return folder


def test_other_deliveries_get_a_lab_of_their_own(tmp_path: Path) -> None:
    place = Place(tmp_path / "work")
    place.work.mkdir()
    first, second = delivered(tmp_path / "one", "1"), delivered(tmp_path / "two", "2")
    for deliveries in (first, second):
        keep_apart(place, deliveries)
        assert not (place.home / "seen").exists()
        (place.home / "seen").write_text(deliveries.name)
    keep_apart(place, second)
    assert (place.home / "seen").read_text() == "two"
    keep_apart(place, first)
    assert (place.home / "seen").read_text() == "one"


def test_a_lab_that_was_set_aside_halfway_comes_back(tmp_path: Path) -> None:
    place = Place(tmp_path / "work")
    place.work.mkdir()
    first, second = delivered(tmp_path / "one", "1"), delivered(tmp_path / "two", "2")
    keep_apart(place, first)
    (place.home / "seen").write_text("one")
    keep_apart(place, second)
    place.home.rename(tmp_path / "killed here")
    keep_apart(place, first)
    assert (place.home / "seen").read_text() == "one"


def test_a_lab_is_not_taken_from_under_its_hub(tmp_path: Path) -> None:
    place = Place(tmp_path / "work")
    place.work.mkdir()
    keep_apart(place, delivered(tmp_path / "one", "1"))
    with socket.socket(socket.AF_UNIX) as hub:
        path = Places.of(Settings.load(place.home)).hub
        path.parent.mkdir(parents=True, exist_ok=True)
        hub.bind(str(path))
        hub.listen()
        with pytest.raises(LabError, match="runs already"):
            keep_apart(place, delivered(tmp_path / "two", "2"))
    assert (place.home / "deliveries.sha256").exists()
