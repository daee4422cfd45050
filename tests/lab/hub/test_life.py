"""The life of a session: it dies with its keeper, and outlives its hub."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from running_lab import RunningLab, make_lab, require_hub

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.hub.places import Places
from lab.hub.process import free_port, start_hub


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
