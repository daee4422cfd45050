"""The suite of escape attempts: what it holds, what it finds, and that it can fail."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running_lab import make_lab, require_hub

from lab.base.sandbox import Mount, Sandbox
from lab.base.settings import Settings
from lab.escape import policy
from lab.escape.attempt import FAMILIES, Answer, Attempt, Code, Outcome, Residual, Tried, Where
from lab.escape.report import as_json, lines
from lab.escape.rooms import CHILD, Outside, try_all
from lab.escape.run import ground_of, outside_of, run_in_rooms
from lab.escape.suite import RESIDUALS, attempts
from lab.hub.room import Room

# No kernel module can be loaded here, nor another kernel; x32 and /dev/mem are seldom built in; in a
# virtual environment Python reads no user's customisation.
NOT_EVERYWHERE = {
    "call-delete_module",
    "call-finit_module",
    "call-init_module",
    "call-kexec_file_load",
    "call-kexec_load",
    "kernel-x32-entry",
    "host-memory-device",
    "hook-user-customize",
}


def _command(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "lab", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    require_hub()
    status, out, err = _command("escape-test", "--json")
    assert status in {0, 1}, err
    return {"status": status, **json.loads(out)}


def test_nothing_gets_out(told: dict[str, Any]) -> None:
    got_out = [each for each in told["attempts"] if each["outcome"] == Outcome.OPEN.value]
    assert (got_out, told["status"]) == ([], 0)


def test_every_attempt_would_have_worked(told: dict[str, Any]) -> None:
    unproven = {each["id"] for each in told["attempts"] if each["outcome"] == Outcome.UNPROVEN.value}
    if "take-real-time" in unproven:
        pytest.skip("some doors only root can open")
    assert unproven <= NOT_EVERYWHERE


def test_there_are_enough_of_them_in_every_family(told: dict[str, Any]) -> None:
    assert told["totals"]["attempts"] >= 150
    without_calls = [each for each in told["attempts"] if not each["id"].startswith("call-")]
    assert len(without_calls) >= 150
    families = Counter(each["family"] for each in told["attempts"])
    assert set(families) == set(FAMILIES)
    assert min(families.values()) >= 7


def test_the_suite_is_well_formed() -> None:
    found = attempts()
    assert len({each.id for each in found}) == len(found)
    assert {each.family for each in attempts([7, 12])} == {7, 12}
    assert all(each.why for each in RESIDUALS)
    with pytest.raises(ValueError, match="not an attempt"):
        Attempt("x", 13, "no such family", "nobody", Code("return 1"))


@pytest.mark.parametrize(
    ("door_open", "door_shut", "outcome"),
    [
        (True, False, Outcome.CLOSED),
        (True, True, Outcome.OPEN),
        (False, True, Outcome.OPEN),
        (False, False, Outcome.UNPROVEN),
    ],
)
def test_what_works_inside_is_open_whatever_else(door_open: bool, door_shut: bool, outcome: Outcome) -> None:
    attempt = Attempt("x", 7, "a way", "a source", Code("return 1"))
    tried = Tried(attempt, Answer(door_open, ""), Answer(door_shut, ""))
    assert tried.outcome is outcome
    told = as_json([tried])
    assert told["attempts"][0]["outcome"] == outcome.value
    assert lines([tried])[0].startswith(outcome.value)
    assert all(isinstance(each, Residual) for each in RESIDUALS)


class SharedNetwork(Sandbox):
    """A sandbox that somebody forgot to give a network of its own."""

    def _command(self, argv: Any, calls: int) -> list[str]:
        command = super()._command(argv, calls)
        place = command.index("--unshare-all")
        return [*command[: place + 1], "--share-net", *command[place + 1 :]]


class OpenedRoom:
    """A session's room with something of the host let in."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def run(self, given: bytes, targets: Any) -> str:
        return self.sandbox.run(list(CHILD), stdin=given, timeout=120).stdout.decode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    require_hub()
    return make_lab(tmp_path_factory.mktemp("escape") / "home")


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ("nothing", set()),
        ("network", {"net-tcp", "net-udp", "net-http", "net-connections", "host-abstract-socket"}),
        ("folder", {"host-file", "host-write", "host-home-ssh", "host-unix-socket", "stay-user-unit"}),
    ],
)
def test_a_room_that_was_opened_is_reported(lab: Settings, opening: str, expected: set[str]) -> None:
    names = {"net-tcp", "net-udp", "net-http", "net-connections", "host-abstract-socket", "host-file"}
    names |= {"host-write", "host-home-ssh", "host-unix-socket", "stay-user-unit"}
    chosen = [each for each in attempts() if each.id in names]
    room = Room.open(lab, lab.database(), "rita", "work-health")
    room.prepare()
    with ground_of(lab, "rita", "work-health") as ground:
        sandbox = room.sandbox()
        if opening == "network":
            sandbox = SharedNetwork(**sandbox.__dict__)
        if opening == "folder":
            host = ground.folder / "host"
            sandbox = replace(sandbox, mounts=(*sandbox.mounts, Mount(host, str(host), writable=True)))
        inside = OpenedRoom(sandbox)
        tried = run_in_rooms(chosen, ground, outside_of(ground), inside, lambda _: None)
    assert {each.attempt.id for each in tried if each.outcome is Outcome.OPEN} == expected
    assert {each.attempt.id for each in tried if each.outcome is Outcome.CLOSED} == names - expected


def test_an_attempt_that_nobody_saw_fail_did_not_fail(tmp_path: Path) -> None:
    class Silent:
        def run(self, given: bytes, targets: Any) -> str:
            return ""

    with pytest.raises(Exception, match="did not say what came of 1 attempts"):
        try_all(Silent(), [Attempt("x", 7, "a way", "a source", Code("return 1"))], {})


def test_attempts_do_not_disturb_each_other(tmp_path: Path) -> None:
    bodies = {
        "raises": "raise ValueError('no')",
        "exits": "import os; os._exit(3)",
        "dies": "import os; os.kill(os.getpid(), 9)",
        "forks": "import os\nos.fork()\nreturn 'yes'",
        "closes": "import os; os.closerange(0, 3); return 'yes'",
        "works": "return t['canary']",
    }
    tried = [Attempt(name, 7, "a way", "a source", Code(body)) for name, body in bodies.items()]
    with (tmp_path / "x").open("w") as file:
        answers = try_all(Outside(tmp_path), tried, {"canary": "c", "descriptor": file.fileno()})
    assert {name: answer.worked for name, answer in answers.items()} == {
        "raises": False,
        "exits": False,
        "dies": False,
        "forks": True,
        "closes": True,
        "works": True,
    }
    assert answers["dies"].told == "ended by signal 9"


def test_a_policy_is_read_as_a_browser_reads_it() -> None:
    headers = {"content-security-policy": "default-src 'self'; img-src 'self' https://a.example; sandbox"}
    assert policy.calls_out(headers, "img-src")
    assert not policy.calls_out(headers, "font-src")
    assert policy.calls_out(headers, "form-action")  # falls back on nothing
    assert not policy.sandbox_allows(headers, "allow-popups")
    assert policy.sandbox_allows({}, "allow-popups")
    assert policy.calls_out({}, "img-src")
    assert not policy.calls_out({"content-security-policy": "default-src 'none'"}, "frame-src")
    assert policy.disabled('"disabledExtensions": ["a", "b:c"], "x": ["d"]') == {"a", "b:c"}


def test_a_room_of_a_lab_that_is_there_can_be_tried(lab: Settings) -> None:
    whose = ("--project", "work-health", "--as", "rita")
    status, out, err = _command("--home", str(lab.home), "escape-test", "--family", "8", *whose)
    assert status == 0, err
    said = [line.split() for line in out.splitlines() if "engine-" in line]
    rooms = [each.id for each in attempts([8]) if isinstance(each.how, Code) and each.how.where is Where.ROOM]
    assert [(line[0], line[2]) for line in said] == [("closed", name) for name in rooms]
    assert "ways that stay" in out


def test_an_unknown_family_is_refused() -> None:
    status, _, err = _command("escape-test", "--family", "13")
    assert (status, "there is no such family" in err) == (1, True)
