"""What a session can reach: nothing but what its room names. Each lock is tried with the door open, too."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from running_lab import RoomKernel, RunningLab

_TRY = """
def attempt():
{body}
try:
    print("open:", attempt())
except Exception as error:
    print("shut:", type(error).__name__)
"""


def _inside(room: RoomKernel, body: str) -> str:
    return room.run(_script(body))


def _outside(body: str) -> str:
    command = [sys.executable, "-c", _script(body)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _script(body: str) -> str:
    lines = dedent(body).strip().splitlines()
    return _TRY.format(body="\n".join("    " + line for line in lines))


def test_a_cell_runs_as_nobody_special(room: RoomKernel) -> None:
    assert room.run("import os; print(os.getcwd(), os.getuid())") == "/workspace 1000"


def test_there_is_no_network_device_but_loopback(room: RoomKernel) -> None:
    assert room.run("import socket; print(socket.if_nameindex())") == "[(1, 'lo')]"
    assert room.run("print(open('/proc/net/route').read().splitlines()[1:])") == "[]"


@pytest.fixture(scope="module")
def host_servers() -> Iterator[dict[str, object]]:
    """A server of each kind on the host, as a helper outside would run one."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0lab-helper-{os.getpid()}")
        for server in (tcp, abstract):
            server.listen()
            threading.Thread(target=_greet, args=(server,), daemon=True).start()
        threading.Thread(target=_echo, args=(udp,), daemon=True).start()
        yield {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "pid": os.getpid()}


def _greet(server: socket.socket) -> None:
    try:
        while True:
            connection, _ = server.accept()
            connection.sendall(b"hello")
            connection.close()
    except OSError:
        return


def _echo(server: socket.socket) -> None:
    try:
        while True:
            data, peer = server.recvfrom(100)
            server.sendto(data, peer)
    except OSError:
        return


@pytest.mark.parametrize(
    "body",
    [
        """
        import socket
        return socket.create_connection(("127.0.0.1", {tcp}), 3).recv(5)
        """,
        """
        import socket
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.settimeout(1)
        line.sendto(b"hello", ("127.0.0.1", {udp}))
        return line.recv(5)
        """,
        """
        import socket
        line = socket.socket(socket.AF_UNIX)
        line.connect("\\0lab-helper-{pid}")
        return line.recv(5)
        """,
    ],
    ids=["tcp", "udp", "abstract socket"],
)
def test_no_server_of_the_host_answers(room: RoomKernel, host_servers: dict[str, object], body: str) -> None:
    code = body.format(**host_servers)
    assert _outside(code) == "open: b'hello'"
    assert _inside(room, code).startswith("shut:")


def test_no_packet_finds_a_way_out(room: RoomKernel) -> None:
    # 192.0.2.1 is nobody's (RFC 5737): outside, the packet leaves and nobody answers.
    body = """
    import socket
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return line.sendto(b"x", ("192.0.2.1", 53))
    """
    if _outside(body) != "open: 1":
        pytest.skip("this machine has no way out itself")
    assert _inside(room, body) == "shut: OSError"


def test_no_name_is_looked_up(room: RoomKernel) -> None:
    assert room.run("import os; print(os.path.exists('/etc/resolv.conf'))") == "False"
    body = """
    import socket
    return socket.getaddrinfo("pypi.org", 443) and "found"
    """
    assert _inside(room, body) == "shut: gaierror"


def _secrets(running_lab: RunningLab) -> list[Path]:
    home = running_lab.settings.home
    return [
        home / "lab.db",
        home / "audit.jsonl",
        home / "ttp" / "keys" / "extract-signing.pem",
        home / "lab" / "hub" / "jupyterhub.sqlite",
        home / "lab" / "hub" / "cookie_secret",
        home / "lab" / "extracts" / "pensions" / "pensions-extract" / "manifest.json",
        home / "lab" / "extracts" / "work-health" / "work-health-extract" / "manifest.json",
    ]


def test_no_file_of_the_lab_is_there(running_lab: RunningLab, room: RoomKernel) -> None:
    for path in _secrets(running_lab):
        body = f"return len(open({str(path)!r}, 'rb').read()) > 0"
        assert _outside(body) == "open: True", path
        assert _inside(room, body) == "shut: FileNotFoundError", path


def test_nothing_of_another_project_is_in_any_folder(room: RoomKernel) -> None:
    # The other project's pseudonyms begin with p, ours with w.
    found = room.run(
        """
        import os
        names = [name for folder in ("/data", "/workspace", "/tmp", "/run", "/dev/shm")
                 for _, folders, files in os.walk(folder) for name in folders + files]
        import pandas as pd
        people = pd.read_parquet("/data/person_year").person_id
        print(sorted({name[0] for name in people}), "pensions" in str(names))
        """
    )
    assert found == "['w'] False"


def test_no_link_takes_the_place_of_the_servers_socket(room: RoomKernel) -> None:
    # The proxy, outside, would follow it: to the host's own services, or into another's session.
    body = """
    import os
    from lab.base.room import SERVER
    os.symlink("/run/docker.sock", SERVER.with_name("link"))
    return os.replace(SERVER.with_name("link"), SERVER)
    """
    assert _inside(room, body) == "shut: OSError"


def test_the_data_cannot_be_changed(room: RoomKernel) -> None:
    for place in ("/data/x", "/run/lab/x", "/usr/x", "/etc/x", f"{sys.prefix}/x"):
        assert _inside(room, f"return open({place!r}, 'w').write('x')") in {
            "shut: OSError",
            "shut: PermissionError",
        }
    assert _inside(room, "return open('/workspace/x', 'w').write('x')") == "open: 1"


def test_processes_of_the_host_are_not_visible(room: RoomKernel) -> None:
    pids = room.run("import os; print(' '.join(p for p in os.listdir('/proc') if p.isdigit()))").split()
    commands = room.run(
        """
        for pid in __import__("os").listdir("/proc"):
            if pid.isdigit():
                print(open(f"/proc/{pid}/cmdline").read().split(chr(0))[:4])
        """
    )
    assert len(pids) < 10
    assert "pytest" not in commands
    assert "jupyterhub_config" not in commands


def test_no_process_shows_the_servers_token(room: RoomKernel) -> None:
    found = room.run(
        """
        import os, re
        for pid in os.listdir("/proc"):
            if pid.isdigit():
                for part in ("environ", "cmdline"):
                    try:
                        text = open(f"/proc/{pid}/{part}").read()
                    except PermissionError:
                        continue  # the server's own
                    print(re.findall("JUPYTERHUB_API_TOKEN|JPY_API_TOKEN", text) or "", end="")
        print("none" if not [name for name in os.environ if name.startswith("JUPYTERHUB")] else "some")
        """
    )
    assert found == "none"


def test_the_servers_memory_and_descriptors_are_its_own(room: RoomKernel) -> None:
    look = """
        import os
        seen = {}
        for pid in os.listdir("/proc"):
            command = open(f"/proc/{pid}/cmdline").read() if pid.isdigit() else ""
            python = "bwrap" not in command.split(chr(0))[0]  # bubblewrap names the server's command as well
            name = "server" if "lab.hub.singleuser" in command else "kernel" if "ipykernel" in command else ""
            for part in ("mem", "environ", "fd/0", "maps") if python and name else ():
                try:
                    open(f"/proc/{pid}/{part}", "rb").close()
                    seen.setdefault(name, []).append(part)
                except OSError:
                    seen.setdefault(name, [])
        print(sorted(seen["server"]), "mem" in seen["kernel"])
        """
    # The kernel reads its own: the lock is on the server, not on /proc.
    assert room.run(look) == "[] True"


def test_a_module_in_the_workspace_is_not_the_servers(running_lab: RunningLab) -> None:
    workspace = running_lab.settings.lab / "workspaces" / "pensions" / "ravi"
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    (workspace / "tornado.py").write_text("open('/workspace/loaded', 'w').write('x')\nraise SystemExit(1)\n")
    try:
        running_lab.kernel("ravi", "pensions")
        assert not (workspace / "loaded").exists()
    finally:
        (workspace / "tornado.py").unlink()
