"""The life of a session: it dies with its keeper, and outlives its hub."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from running_lab import TODAY, RunningLab, make_lab, require_hub

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.catalogue import grants
from lab.hub.places import Places
from lab.hub.process import free_port, start_hub
from lab.registry import people, projects


def _keeper(lab: RunningLab, project: str) -> int:
    home = f"LAB_HOME={lab.settings.home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            own = home in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if own and b"lab.hub.keeper" in words and project.encode() in words:
            return int(folder.name)
    raise AssertionError("no keeper runs")


def _sandboxed(marker: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_the_sandbox_dies_with_its_keeper(running_lab: RunningLab) -> None:
    kernel = running_lab.kernel("ravi", "pensions")
    marker = f"sleep-marker-{os.getpid()}"
    command = ["/bin/sh", "-c", f"sleep 600 # {marker}"]
    kernel.run(f"import subprocess; subprocess.Popen({command}, start_new_session=True)")
    assert _wait_until(lambda: bool(_sandboxed(marker)))
    os.kill(_keeper(running_lab, "pensions"), signal.SIGKILL)
    assert _wait_until(lambda: not _sandboxed(marker))

    def gone() -> bool:
        return 'id="start-pensions"' in running_lab.get("ravi", "/hub/home").text

    assert _wait_until(gone, 20)
    assert running_lab.kernel("ravi", "pensions").run("print(1 + 1)") == "2"


def test_a_killed_hub_starts_again_and_finds_the_session(tmp_path: Path) -> None:
    require_hub()
    settings = make_lab(tmp_path / "home")
    port = free_port()
    lab = RunningLab(settings, start_hub(settings, port))
    try:
        lab.kernel("rita", "work-health").run("open('/tmp/kept', 'w').write('as it was')")
        keeper = _keeper(lab, "work-health")
        os.kill(lab.hub.process.pid, signal.SIGKILL)
        lab.hub.process.wait()
        lab.hub = start_hub(settings, port)
        assert lab.kernel("rita", "work-health").run("print(open('/tmp/kept').read())") == "as it was"
        assert _keeper(lab, "work-health") == keeper
    finally:
        lab.close()
    assert _wait_until(lambda: not Places.of(settings).session("rita", "work-health").exists())
    assert _wait_until(lambda: _recorded(settings) == ["session.started", "session.ended"])


def _recorded(settings: Settings) -> list[str]:
    return [event["action"] for event in settings.database().audit_events(action="session.")]


def test_one_home_has_one_hub(running_lab: RunningLab) -> None:
    with pytest.raises(LabError, match="the hub of this lab runs already"):
        start_hub(running_lab.settings, free_port())


def test_a_taken_port_is_named(tmp_path: Path, running_lab: RunningLab) -> None:
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'lab.db'}")
    settings.prepare()
    settings.database().create()
    with pytest.raises(LabError, match=f"port {running_lab.hub.port} cannot be used"):
        start_hub(settings, running_lab.hub.port)


def test_a_session_ends_within_a_minute_of_its_permit(tmp_path: Path) -> None:
    require_hub()
    settings = make_lab(tmp_path / "home")
    db = settings.database()
    projects.ensure_member(db, "work-health", "ravi", actor="adam")
    rooms = [
        _run(settings, *whose)
        for whose in (("rita", "work-health"), ("ravi", "pensions"), ("ravi", "work-health"))
    ]
    try:
        assert [room.stdout.readline() for room in rooms if room.stdout] == ["open\n"] * 3
        yesterday = TODAY - timedelta(days=1)
        people.ensure_accreditation(
            db, "rita", scheme="DEA", number="rita", valid_from=yesterday, valid_until=yesterday, actor="adam"
        )
        grants.withdraw_grant(db, "pensions-1", reason="the owner asked", actor="adam")
        projects.end_membership(db, "work-health", "ravi", actor="adam")
        assert [room.wait(60) for room in rooms] == [128 + signal.SIGKILL] * 3
    finally:
        for room in rooms:
            room.kill()
    said = {json.loads(event["details"])["why"] for event in db.audit_events(action="session.stopped")}
    assert len(said) == 3
    for reason in ("accreditation of rita ended", "grant of its data was withdrawn", "does not belong"):
        assert any(reason in each for each in said), reason


def _run(settings: Settings, username: str, project: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lab", "--home", str(settings.home), "sandbox", "run"]
    command += ["--project", project, "--as", username, "--", "/bin/sh", "-c", "echo open; exec sleep 300"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
