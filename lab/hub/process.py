"""The hub as a process: started, waited for, stopped; what it prints goes to its log."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from lab.base.errors import LabError
from lab.base.room import KEEPER
from lab.base.sandbox import require_isolation
from lab.base.settings import Settings
from lab.hub.config import proxy_program
from lab.hub.places import Places, open_log
from lab.hub.tether import TETHERED

_START_SECONDS = 60
_STOP_SECONDS = 20
_PORT_SECONDS = 2.0
_CONFIG = Path(__file__).parent / "jupyterhub_config.py"


class HubProcess:
    """A running hub."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> int:
        """Wait until it ends."""
        return self.process.wait()

    def stop(self) -> None:
        """Stop hub, proxy and services. Sessions go on: a hub that starts again finds them."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_hub(settings: Settings, port: int) -> HubProcess:
    """Start the hub and return when it answers.

    Raises:
        IsolationRefused: no sandbox can be had here.
        NotFound: the proxy is not installed.
        LabError: it runs already, the port is taken, or it did not come up.
    """
    require_isolation()
    proxy_program()
    with settings.database().read():
        places = Places.of(settings)
    places.prepare()
    check_alone(places)
    _check_port(port)
    own = {
        "LAB_HOME": str(settings.home),
        "LAB_DATABASE_URL": settings.database_url,
        "LAB_PORT": str(port),
    }
    return launch(_CONFIG, port, places.state, places.log, own)


def launch(config: Path, port: int, folder: Path, log: Path, own: Mapping[str, str]) -> HubProcess:
    """Start a JupyterHub with a configuration of ours in a folder, and return when it answers.

    Args:
        own: what the configuration reads of its environment.

    Raises:
        LabError: it did not come up.
    """
    with open_log(log) as stream:
        process = subprocess.Popen(
            [*TETHERED, sys.executable, "-m", "jupyterhub", "--config", str(config), "--log-level", "INFO"],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": _import_path()},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            umask=0o077,
            start_new_session=True,
        )
    hub = HubProcess(process, port, log)
    try:
        _wait_until_up(hub)
    except BaseException:
        hub.stop()
        raise
    return hub


@contextmanager
def running_hub(settings: Settings, port: int) -> Iterator[HubProcess]:
    """Run a hub, and the sessions that it starts, for as long as the block lasts."""
    hub = start_hub(settings, port)
    try:
        yield hub
    finally:
        hub.stop()
        stop_sessions(settings)


def stop_sessions(settings: Settings) -> None:
    """End the sessions that run, and wait until they are gone."""
    keepers = list(Places.of(settings).sockets.glob(f"s-*/{KEEPER.name}"))
    deadline = time.monotonic() + _STOP_SECONDS
    for keeper in keepers:
        if pid := _listener(keeper):
            os.kill(pid, signal.SIGTERM)
    while any(keeper.exists() and _listener(keeper) for keeper in keepers) and time.monotonic() < deadline:
        time.sleep(0.05)


def _listener(path: Path) -> int:
    """Return the process that listens at a socket, as the kernel knows it; 0 where nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) != 0:
            return 0
        credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", credentials)[0]
    return pid


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(hub: HubProcess) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if hub.process.poll() is not None:
            break
        if _answers(hub.port):
            return
        time.sleep(0.1)
    raise LabError("the hub did not start", where=str(hub.log), remedy="its log says why")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/hub/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def check_alone(places: Places) -> None:
    """Make sure that no hub of this lab runs. Errors: LabError."""
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(places.hub)) == 0:
            raise LabError("the hub of this lab runs already", where=str(places.state))
    # A proxy ends with its hub. JupyterHub would take a process that has its number now for it.
    for left in (places.proxy_pid, places.proxy):
        left.unlink(missing_ok=True)


def _check_port(port: int) -> None:
    # A proxy whose hub was killed takes a moment to follow it.
    deadline = time.monotonic() + _PORT_SECONDS
    while reason := _why_not(port):
        if time.monotonic() > deadline:
            what = f"port {port} cannot be used: {reason}"
            raise LabError(what, where="127.0.0.1", remedy="choose another with --port")
        time.sleep(0.1)


def _why_not(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror
    return None


def _import_path() -> str:
    """Return where our own packages lie, for programs that start in another folder."""
    own = str(Path(__file__).parents[2])
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(part for part in (own, given) if part)
