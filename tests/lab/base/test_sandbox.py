"""The sandbox: each forbidden act works with the door open and fails inside."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lab.base.errors import IsolationRefused, NotFound
from lab.base.sandbox import Limits, Mount, Sandbox, python_environment, require_isolation


@pytest.fixture(scope="module")
def room() -> Sandbox:
    require_isolation()
    mounts, environment = python_environment("lab")
    return Sandbox(mounts, environment)


def _inside(room: Sandbox, code: str, timeout: float = 30) -> subprocess.CompletedProcess[bytes]:
    return room.run([sys.executable, "-c", code], timeout=timeout)


def _outside(code: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=30, check=False
    ).returncode


def test_our_packages_run_inside(room: Sandbox) -> None:
    result = _inside(
        room, "import lab.base.files, pandas, duckdb; print(duckdb.execute('select 41+1').fetchone()[0])"
    )
    assert result.stdout == b"42\n", result.stderr


@pytest.fixture
def listener() -> object:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept(), daemon=True).start()
        yield server.getsockname()[1]


def test_no_network_but_loopback(room: Sandbox, listener: int) -> None:
    assert _inside(room, "import socket; print(socket.if_nameindex())").stdout == b"[(1, 'lo')]\n"
    connect = f"import socket; socket.create_connection(('127.0.0.1', {listener}), 3)"
    assert _outside(connect) == 0
    assert _inside(room, connect).returncode != 0


def test_abstract_sockets_of_the_host_are_out_of_reach(room: Sandbox) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0lab-test")
        server.listen()
        connect = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0lab-test')"
        assert _outside(connect) == 0
        assert _inside(room, connect).returncode != 0


def test_files_that_are_not_named_do_not_exist(room: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    read = f"open({str(secret)!r}).read()"
    assert _outside(read) == 0
    assert b"FileNotFoundError" in _inside(room, read).stderr


def test_mounts_are_read_only_unless_said(tmp_path: Path) -> None:
    (tmp_path / "ro").mkdir()
    (tmp_path / "rw").mkdir()
    mounts, environment = python_environment()
    room = Sandbox(
        (*mounts, Mount(tmp_path / "ro", "/data"), Mount(tmp_path / "rw", "/workspace", writable=True)),
        environment,
    )
    assert _inside(room, "open('/workspace/a', 'w').write('x')").returncode == 0
    assert (tmp_path / "rw" / "a").read_text() == "x"
    for target in ("/data/a", "/a", "/usr/a", f"{sys.prefix}/a"):
        assert b"Read-only file system" in _inside(room, f"open({target!r}, 'w')").stderr


def test_processes_of_the_host_are_invisible(room: Sandbox) -> None:
    see = f"import os; os.kill({os.getpid()}, 0)"
    assert _outside(see) == 0
    count = _inside(room, "import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")
    assert int(count.stdout) <= 3


def test_nothing_of_the_kernel_can_be_set(room: Sandbox) -> None:
    # Where the lab runs as root, the room's user is root to the kernel, who owns what is in /proc.
    look = (
        "import os\n"
        "found = [f'{place}/{name}' for place, _, names in os.walk('/proc/sys') for name in names]\n"
        "print([path for path in found if os.access(path, os.W_OK)])"
    )
    outside = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    if os.geteuid() == 0:
        assert "/proc/sys/kernel/core_pattern" in outside
    assert _inside(room, look).stdout == b"[]\n"


def test_proc_and_sys_tell_nothing_of_the_host(room: Sandbox) -> None:
    look = """
import os
seen = []
for name in ("kcore", "keys", "kallsyms", "interrupts", "slabinfo", "iomem", "cmdline", "partitions"):
    try:
        seen += [name] if open(f"/proc/{name}", "rb").read(10) else []
    except OSError:
        pass
for folder in ("/proc/acpi", "/proc/bus", "/proc/fs", "/proc/driver", "/sys"):
    seen += [folder] if os.path.isdir(folder) and os.listdir(folder) else []
print(*seen)
"""
    outside = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert len(outside.split()) > 3
    assert _inside(room, look).stdout == b"\n"


def test_environment_is_what_was_given(room: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_SECRET", "secret")
    see = "import os, sys; sys.exit('LAB_SECRET' not in os.environ)"
    assert _outside(see) == 0
    assert _inside(room, see).returncode == 1


def test_no_secret_on_the_command_line() -> None:
    with Sandbox((), {"TOKEN": "very-secret"}).prepared(["true"]) as (command, _):
        assert "very-secret" not in " ".join(command)


def test_no_new_user_namespace_and_no_capability(room: Sandbox) -> None:
    unshare = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"
    assert _outside(unshare) == 0
    assert _inside(room, unshare).returncode == 1
    status = _inside(room, "print(open('/proc/self/status').read())").stdout.decode()
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


FORKS = "import os; [os.fork() or __import__('time').sleep(9) for _ in range(9)]"


@pytest.mark.parametrize(
    ("limits", "greedy"),
    [
        (Limits(memory_bytes=300 << 20), "bytearray(400 << 20)"),
        (Limits(file_bytes=1 << 20), "open('/tmp/big', 'wb').write(bytes(2 << 20))"),
        (Limits(cpu_seconds=1), "while True: pass"),
        pytest.param(
            Limits(processes=5),
            FORKS,
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="the kernel does not count root's processes"),
        ),
    ],
)
def test_limits_hold(room: Sandbox, limits: Limits, greedy: str) -> None:
    bounded = Sandbox(room.mounts, room.environment, limits=limits)
    assert _inside(bounded, greedy).returncode != 0


def test_missing_mount_is_refused(tmp_path: Path) -> None:
    room = Sandbox((Mount(tmp_path / "nothing", "/data"),))
    with pytest.raises(NotFound, match="sandbox is missing"):
        room.run(["true"], timeout=20)


def test_without_isolation_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    require_isolation.cache_clear()
    monkeypatch.setattr("lab.base.sandbox.bubblewrap", lambda: Path("/usr/bin/false"))
    with pytest.raises(IsolationRefused):
        require_isolation()
    monkeypatch.undo()
    require_isolation.cache_clear()
    require_isolation()
