"""Where the checking zone keeps its things, below HOME/checking."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.base.settings import Settings


@dataclass(frozen=True)
class Places:
    """The folders and files of the checking zone."""

    root: Path
    public_key: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Return the places of a lab; makes the folders that are missing, each for its owner only."""
        places = cls(settings.checking, settings.trust / "release.pub")
        for folder in (places.inbox, places.submissions, places.refused, places.shelf, places.status):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return places

    @property
    def inbox(self) -> Path:
        """The drop box that the sessions' keepers rename whole folders into."""
        return self.root / "inbox"

    @property
    def submissions(self) -> Path:
        """Submissions that were taken: <id>/envelope.json and <id>/files/."""
        return self.root / "submissions"

    @property
    def refused(self) -> Path:
        """What lay in the inbox and was no submission; kept as evidence."""
        return self.root / "refused"

    @property
    def shelf(self) -> Path:
        """Bytes named by their hash; never a name that someone chose."""
        return self.root / "canonical"

    @property
    def status(self) -> Path:
        """What the keepers hand back to the sessions: <id>.json."""
        return self.root / "status"

    @property
    def releases(self) -> Path:
        """What left: <project>/<release id>/."""
        return self.root / "release"

    @property
    def ledger(self) -> Path:
        """The gate's memory of every released cell."""
        return self.root / "ledger.sqlite"

    @property
    def signing_key(self) -> Path:
        """Private half of the key that release manifests are signed with."""
        return self.root / "keys" / "release.pem"

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Let one process at a time do `what`; the lock falls with its holder, however it ends."""
        descriptor = os.open(self.root / f".{what}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
