"""Run the pages as a service of the hub: `python -m outputs_check.web`."""

import logging
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.netutil import bind_sockets, bind_unix_socket

from lab.base.errors import BadInput
from lab.base.files import write_atomic
from lab.base.settings import Settings
from outputs_check.review.station import open_station
from outputs_check.web.application import make_application
from outputs_check.web.base import Site
from outputs_check.web.identity import HubIdentity

_LOOK_AGAIN = 2000  # milliseconds
log = logging.getLogger("outputs_check.web")


class Companion:
    """The process that takes submissions in; started again should it end, ended with us."""

    def __init__(self, home: Path) -> None:
        # The hub's tokens are ours, not its.
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
        self._environment["LAB_HOME"] = str(home)
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start it unless it runs."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                log.error("the intake ended with status %s; it is started again", self._process.returncode)
            command = [sys.executable, "-m", "outputs_check.review.watch"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=self._environment)

    def stop(self) -> None:
        """Let it finish what it does, and end."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def listen(server: HTTPServer, url: str) -> None:
    """Serve at the address that the hub chose: http://host:port/… or http+unix://%2Fpath/….

    Raises:
        BadInput: it is neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "http+unix" and parts.netloc:
        server.add_socket(bind_unix_socket(unquote(parts.netloc.partition(":")[0]), mode=0o600))
    elif parts.scheme == "http" and parts.hostname and parts.port:
        server.add_sockets(bind_sockets(parts.port, parts.hostname))
    else:
        raise BadInput("not an address to serve at", where=url, remedy="set JUPYTERHUB_SERVICE_URL")


def cookie_secret(settings: Settings) -> bytes:
    """Return the secret of cookies and forms; kept, so that a restart throws nobody out."""
    place = settings.checking / "keys" / "web.secret"
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(place, secrets.token_bytes(32))
    return place.read_bytes()


def main() -> None:
    """Serve until we are told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = Settings.load()
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/services/checking/")
    site = Site(open_station(settings), HubIdentity(), prefix, cookie_secret(settings))
    server = HTTPServer(make_application(site), xheaders=True, max_body_size=1 << 20)
    listen(server, os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    companion = Companion(settings.home)
    companion.ensure()
    PeriodicCallback(companion.ensure, _LOOK_AGAIN).start()
    loop = IOLoop.current()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    log.info("the pages are at %s", prefix)
    loop.start()
    companion.stop()


if __name__ == "__main__":
    main()
