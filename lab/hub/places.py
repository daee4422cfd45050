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

    The sockets lie apart from the home folder: their paths must be short, and lower case, because
    JupyterHub reads a socket's path as the host name of a URL, and host names lose their case.
    """

    state: Path
    sockets: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Return the places of the hub of this home; the same home gives the same folder again."""
        name = f"lab-{sha256_bytes(str(settings.home).encode())[:8]}"
        return cls(settings.lab / "hub", _runtime_folder() / name)

    @property
    def hub(self) -> Path:
        """Socket of the hub's API; alone in its folder, which is what a session sees."""
        return self.sockets / "hub" / "hub.sock"

    @property
    def proxy(self) -> Path:
        """Socket over which the hub tells the proxy its routes."""
        return self.sockets / "proxy.sock"

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

    def session_log(self, username: str, project: str) -> Path:
        """Return the file that takes what a session's server prints."""
        return self.state / "sessions" / f"{project}.{username}.log"

    def prepare(self) -> None:
        """Make the folders, for their owner only.

        Raises:
            IsolationRefused: someone else owns the socket folder, or can look into it.
        """
        for folder in (self.state, self.state / "sessions", self.sockets, self.sockets / "hub"):
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


def _runtime_folder() -> Path:
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = given.startswith("/") and given == given.lower() and len(given) <= _LONGEST_FOLDER
    if usable and os.access(given, os.W_OK):
        return Path(given)
    return Path("/tmp")  # noqa: S108 - prepare() makes our folder there private, or refuses
