"""The command line answers bad input with one clear line, and leaves nothing half done."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.base.sandbox import bubblewrap

Result = subprocess.CompletedProcess[str]


def lab(home: Path, *arguments: str, stdin: str = "") -> Result:
    command = [sys.executable, "-m", "lab", "--home", str(home), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lab") / "home"
    assert lab(place, "init").returncode == 0
    assert lab(place, "person", "add", "rita", "--name", "Rita", "--role", "researcher").returncode == 0
    assert lab(place, "project", "create", "p1").returncode == 0
    return place


def _is_one_clear_line(result: Result, *parts: str) -> None:
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("project", "add-member", "p9", "rita"), ("no such project (p9)", "lab project create")),
        (("project", "add-member", "p1", "nina"), ("no such person (nina)", "lab person add")),
        (("project", "create", "P 1"), ("not a project name (P 1)",)),
        (("project", "create", "p2", "--ends", "2027-13-01"), ("not a date (2027-13-01)", "2027-03-31")),
        (("person", "accredit", "rita", "--number", "1", "--until", "2020-01-01"), ("before it begins",)),
        (("grant", "add", "missing.toml"), ("no such grant file", "missing.toml")),
        (("grant", "export", "--project", "p1", "--out", "x"), ("no grant (p1)", "lab grant add")),
        (("catalogue", "receive", "missing"), ("missing/manifest.json",)),
    ],
)
def test_bad_input(home: Path, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    _is_one_clear_line(lab(home, *arguments), *parts)


def test_what_is_written_is_its_owners_alone(home: Path) -> None:
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"lab.db", "audit.jsonl"} <= {path.name for path in files}
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_wrong_usage_is_two(home: Path) -> None:
    for arguments in (("nonsense",), ("person", "add"), ("person", "add", "x", "--nope")):
        result = lab(home, *arguments)
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1


def test_debug_shows_the_traceback(home: Path) -> None:
    assert "Traceback" in lab(home, "project", "create", "P 1", "--debug").stderr


def test_place_without_a_lab_says_so(tmp_path: Path) -> None:
    _is_one_clear_line(lab(tmp_path / "none", "person", "list"), "not set up here", "lab init")


def test_damaged_database_says_so(tmp_path: Path) -> None:
    assert lab(tmp_path, "init").returncode == 0
    for name in ("lab.db-wal", "lab.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "lab.db").write_bytes(b"no database at all" * 500)
    _is_one_clear_line(lab(tmp_path, "audit", "verify"), "damaged", "backup")


def test_full_disk_says_so(tmp_path: Path) -> None:
    """A real full disk: a file system of 64 kB."""
    command = [str(bubblewrap()), "--dev-bind", "/", "/", "--size", "65536", "--tmpfs", str(tmp_path)]
    command += [sys.executable, "-m", "lab", "--home", str(tmp_path / "home"), "init"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    _is_one_clear_line(result, "full")


def test_answers_for_machines_are_json(home: Path) -> None:
    people = json.loads(lab(home, "person", "list", "--json").stdout)
    assert people == [{"username": "rita", "name": "Rita", "roles": "researcher", "accredited until": ""}]
    assert json.loads(lab(home, "audit", "verify", "--json").stdout)["events"] == 3


def test_who_acted_is_written_down(home: Path) -> None:
    assert lab(home, "--as", "adam", "project", "deactivate", "p1").returncode == 0
    event = json.loads(lab(home, "audit", "list", "--last", "1", "--json").stdout)[0]
    assert (event["actor"], event["action"], event["subject"]) == ("adam", "project.deactivated", "p1")
    assert event["via"].startswith("lab:")


def test_copy_of_the_log_from_elsewhere_is_compared(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((home / "audit.jsonl").read_bytes())
    assert lab(home, "audit", "verify", "--mirror", str(copy)).returncode == 0
    copy.write_bytes(copy.read_bytes().replace(b"rita", b"rina", 1))
    _is_one_clear_line(lab(home, "audit", "verify", "--mirror", str(copy)), "differs", "event 1")
