"""What attempts reach for: listeners, files and processes that the suite itself puts on the host."""

import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab.hub.process import free_port

_SCHEDULER = """
import sys
from distributed import LocalCluster
options = {"n_workers": 0, "dashboard_address": None, "host": "127.0.0.1"}
if __name__ == "__main__":
    with LocalCluster(**options) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
_SLEEPER = "import sys; sys.stdin.read()"  # until its starter is gone


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, Any]]:
    """Put the targets up below a folder and on loopback, for as long as the block lasts.

    Every listener says the canary to whoever reaches it, every file has it inside.
    """
    canary = f"canary-{secrets.token_hex(8)}"
    said = canary.encode()
    with ExitStack() as stack:
        placed = {
            "canary": canary,
            "name": canary.removeprefix("canary-"),
            "tcp": _stream(stack, socket.AF_INET, ("127.0.0.1", 0), said)[1],
            "udp": _datagram(stack, socket.AF_INET, ("127.0.0.1", 0), said)[1],
            "http": _web(stack, said),
            "address": own_address(),
            **_unix(stack, folder, canary),
            **_system_log(stack, folder),
            **_files(folder, canary),
            "descriptor": _open_folder(stack, folder),
            **_process(stack, canary),
            **_shared(stack, canary),
            "scheduler": _scheduler(stack),
        }
        placed["any"] = _stream(stack, socket.AF_INET, ("0.0.0.0", 0), said)[1]  # noqa: S104 - of the test
        if socket.has_ipv6:
            with suppress(OSError):
                placed["tcp6"] = _stream(stack, socket.AF_INET6, ("::1", 0), said)[1]
        placed["free"] = free_port()
        threading.Thread(target=_call, args=(stack, placed["free"]), daemon=True).start()
        yield placed


def own_address() -> str:
    """Return an address of this machine that is not loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))  # nobody's (RFC 5737); nothing is sent
        except OSError:
            return "127.0.0.2"
        return str(line.getsockname()[0])


def _stream(stack: ExitStack, family: int, address: Any, said: bytes) -> Any:
    server = stack.enter_context(socket.socket(family))
    server.bind(address)
    server.listen()
    threading.Thread(target=_tell, args=(server, said), daemon=True).start()
    return server.getsockname()


def _tell(server: socket.socket, said: bytes) -> None:
    with suppress(OSError):
        while True:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(b"220 " + said + b"\r\n")
                line.settimeout(0.3)  # closed before it is heard out, a connection loses what was said
                line.recv(1000)


def _datagram(stack: ExitStack, family: int, address: Any, said: bytes) -> Any:
    server = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    server.bind(address)

    def answer() -> None:
        with suppress(OSError):
            while True:
                _, peer = server.recvfrom(2000)
                server.sendto(said, peer)

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()


def _web(stack: ExitStack, said: bytes) -> int:
    class Canary(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_CONNECT = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return server.server_port


def _call(stack: ExitStack, port: int) -> None:
    """Be the helper outside who calls whoever listens at a port, until the targets are taken down."""
    over = threading.Event()
    stack.callback(over.set)
    while not over.wait(0.1):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()


def _system_log(stack: ExitStack, folder: Path) -> Mapping[str, Any]:
    """Be the host's log: keep what arrives at a socket."""
    log = folder / "system-log"
    log.mkdir()
    server = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    server.bind(str(folder / "log.sock"))

    def keep() -> None:
        with suppress(OSError):
            while line := server.recv(4096):
                with (log / "log.txt").open("ab") as file:
                    file.write(line)

    threading.Thread(target=keep, daemon=True).start()
    return {"unix_log": str(folder / "log.sock"), "system_log": str(log)}


def _unix(stack: ExitStack, folder: Path, canary: str) -> Mapping[str, Any]:
    path = str(folder / "helper.sock")
    _stream(stack, socket.AF_UNIX, path, canary.encode())
    _stream(stack, socket.AF_UNIX, f"\0{canary}", canary.encode())
    return {"unix": path, "abstract": canary}


def _files(folder: Path, canary: str) -> Mapping[str, Any]:
    file, home = folder / "canary.txt", folder / "somebodys-home"
    file.write_text(canary)
    for name in (".ssh", ".aws", ".config/systemd/user", ".kube"):
        (home / name).mkdir(parents=True)
    for name in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".kube/config", ".bash_history"):
        (home / name).write_text(canary)
    return {"file": str(file), "folder": str(folder), "home": str(home)}


def _open_folder(stack: ExitStack, folder: Path) -> int:
    """Open a folder of the host; whoever starts a program can leave it open for it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    stack.callback(os.close, descriptor)
    return descriptor


def _process(stack: ExitStack, canary: str) -> Mapping[str, Any]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SLEEPER, canary],
        env={"JUPYTERHUB_API_TOKEN": canary},
        stdin=subprocess.PIPE,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return {"pid": process.pid}


def _scheduler(stack: ExitStack) -> str:
    """Be somebody else's cluster."""
    command = [sys.executable, "-P", "-c", _SCHEDULER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process.stdout.readline().strip() if process.stdout else ""


def _shared(stack: ExitStack, canary: str) -> Mapping[str, Any]:
    """Put the canary into the machine's memory file system, where every program of the host finds it."""
    path = Path("/dev/shm", canary)  # noqa: S108 - what the attempt is about
    try:
        path.write_text(canary)
    except OSError:
        return {"shm": str(path)}
    stack.callback(path.unlink, missing_ok=True)
    return {"shm": str(path), "host_pid": os.getpid()}
