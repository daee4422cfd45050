"""`lab sandbox`: exactly a session's room, for tests and for admins."""

import json
import subprocess
import sys

import pytest
from running_lab import make_lab, require_hub

from lab.base.settings import Settings


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    require_hub()
    return make_lab(tmp_path_factory.mktemp("sandbox") / "home")


def _lab(lab: Settings, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab", "--home", str(lab.home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=60, check=False)


def _run(
    lab: Settings, *command: str, user: str = "rita", project: str = "work-health"
) -> tuple[int, str, str]:
    done = _lab(lab, "sandbox", "run", "--project", project, "--as", user, "--", *command)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_a_command_runs_in_the_room_and_its_status_comes_back(lab: Settings) -> None:
    assert _run(lab, "/bin/sh", "-c", "pwd; ls /data; exit 7") == (
        7,
        "/workspace\ndatasets.toml\nmanifest.json\nmanifest.json.sig\nperson_year",
        "",
    )


def test_a_room_is_refused_as_a_session_is(lab: Settings) -> None:
    status, out, err = _run(lab, "/usr/bin/true", user="late")
    assert (status, out) == (1, "")
    assert err.startswith("error: the accreditation of late ended on")
    assert _run(lab, "/usr/bin/true", project="nope")[0] == 1


def test_the_workspace_stays_and_everything_else_goes(lab: Settings) -> None:
    _run(lab, "/bin/sh", "-c", "echo kept > /workspace/a; echo gone > /tmp/a")
    status, out, _ = _run(lab, "/bin/sh", "-c", "cat /workspace/a; ls /tmp")
    assert (status, out) == (0, "kept")


def test_the_drop_box_is_the_sessions(lab: Settings) -> None:
    code = "from lab import session; print(len(session.submissions()))"
    assert _run(lab, sys.executable, "-c", code)[:2] == (0, "0")


def test_nothing_of_the_caller_comes_in(lab: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    code = "import os; print(sorted(os.listdir('/proc/self/fd')), [n for n in os.environ if 'SECRET' in n])"
    status, out, _ = _run(lab, sys.executable, "-c", code)
    assert (status, out) == (0, "['0', '1', '2', '3'] []")  # 3 is the listing itself


def test_a_session_cannot_fill_the_machine_with_processes(lab: Settings) -> None:
    told = json.loads(
        _lab(lab, "sandbox", "explain", "--project", "work-health", "--as", "rita", "--json").stdout
    )
    if told["limits"]["held_by"] != "cgroup":
        pytest.skip("this process may not make control groups here")
    most = told["limits"]["processes"]
    code = f"""
import os, time
for number in range({most + 50}):
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        break
print(number)
"""
    status, out, _ = _run(lab, sys.executable, "-c", code)
    assert status == 0
    assert most - 10 <= int(out) <= most


def test_explain_names_every_mount_and_socket(lab: Settings) -> None:
    whose = ("--project", "work-health", "--as", "rita")
    told = json.loads(_lab(lab, "sandbox", "explain", *whose, "--json").stdout)
    named = {mount["target"] for mount in told["mounts"]}
    writable = {mount["target"] for mount in told["mounts"] if mount["writable"]}
    assert writable == {"/workspace"}
    assert {"/data", "/workspace", "/run/lab"} <= named
    _, mounted, _ = _run(lab, "/bin/cat", "/proc/self/mounts")
    places = {line.split()[1] for line in mounted.splitlines()}
    assert named <= places
    for place in places - named:
        assert place == "/" or place.startswith(
            ("/proc", "/dev", "/tmp", "/usr", "/etc", "/bin", "/lib", "/sbin")
        )
    assert len(told["sockets"]) <= 4


def test_nothing_is_left_behind(lab: Settings) -> None:
    from lab.hub.places import Places

    _run(lab, "/usr/bin/true")
    left = {path.name for path in Places.of(lab).sockets.iterdir()}
    assert not {name for name in left if name.startswith("s-")}
