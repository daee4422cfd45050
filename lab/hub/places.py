"""Where the hub keeps its state, and the private folder its sockets live in."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from lab.base.errors import IsolationRefused
from lab.base.files import sha256_bytes
from lab.base.settings import Settings

# A socket's path may have 107 bytes; what the hub adds below its folder takes at most 40 of them.
_LONGEST_FOLDER = 60


@dataclass(frozen=True)
class Places:
    """Folders and sockets of one hub.

    A socket's path must be short, and lower case: JupyterHub reads it as the host name of a URL, and
    host names lose their case. Where the home's own path is neither, the sockets lie apart from it.
    """

    state: Path
    sockets: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Return the places of the hub of this home; the same home gives the same folder again."""
        return cls(settings.lab / "hub", _socket_folder(settings))

    @property
    def hub(self) -> Path:
        """Socket of the hub's API; alone in its folder, which is what a session sees."""
        return self.sockets / "hub" / "hub.sock"

    @property
    def proxy(self) -> Path:
        """Socket over which the hub tells the proxy its routes."""
        return self.sockets / "proxy.sock"

    @property
    def proxy_pid(self) -> Path:
        """File in which JupyterHub notes the proxy's process."""
        return self.sockets / "proxy.pid"

    @property
    def checking(self) -> Path:
        """Socket of the checking pages."""
        return self.sockets / "checking.sock"

    @property
    def log(self) -> Path:
        """Log of the hub, its proxy and its services."""
        return self.state / "hub.log"

    def session(self, username: str, project: str) -> Path:
        """Return the folder of a session's own sockets."""
        return self.sockets / f"s-{sha256_bytes(f'{username}/{project}'.encode())[:8]}"

    def front(self, username: str, project: str) -> Path:
        """Return the socket at which the proxy finds a session; it is not in the session's own folder."""
        return self.session(username, project).with_suffix(".front")

    def meter(self, username: str, project: str) -> Path:
        """Return the folder that keeps count and record of what went to a session's screen."""
        return self.state / "meters" / f"{project}.{username}"

    def session_log(self, username: str, project: str) -> Path:
        """Return the file that takes what a session's server prints."""
        return self.state / "sessions" / f"{project}.{username}.log"

    def prepare(self) -> None:
        """Make the folders, for their owner only.

        Raises:
            IsolationRefused: someone else owns the socket folder, or can look into it.
        """
        for folder in (
            self.state,
            self.state / "sessions",
            self.state / "meters",
            self.sockets,
            self.sockets / "hub",
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.sockets.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise IsolationRefused(
                "the folder for sockets is not ours alone", where=str(self.sockets), remedy="remove it"
            )


def open_log(path: Path) -> BinaryIO:
    """Open a log that only its owner reads, at its end."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def socket_url(path: Path) -> str:
    """Return a socket's address in the form that JupyterHub and its proxy read."""
    return f"http+unix://{quote(str(path), safe='')}"


def _socket_folder(settings: Settings) -> Path:
    at_home = settings.lab / "run"
    if str(at_home) == str(at_home).lower() and len(os.fsencode(at_home)) <= _LONGEST_FOLDER:
        return at_home
    name = f"lab-{sha256_bytes(os.fsencode(settings.home))[:8]}"
    return Path("/tmp", name)  # noqa: S108 - prepare() makes it private, or refuses
