"""Where this lab keeps its things: one home folder, a private folder for each zone."""

import os
from dataclasses import dataclass
from pathlib import Path

from lab.base.database import Database


@dataclass(frozen=True)
class Settings:
    """The places of one lab. Each zone's folder is for its own operating-system user."""

    home: Path
    database_url: str

    @classmethod
    def load(cls, home: Path | None = None) -> "Settings":
        """Read the settings: `home`, else $LAB_HOME, else ./var/lab; $LAB_DATABASE_URL for a server."""
        place = (home or Path(os.environ.get("LAB_HOME") or "var/lab")).absolute()
        return cls(place, os.environ.get("LAB_DATABASE_URL") or f"sqlite:///{place / 'lab.db'}")

    @property
    def ttp(self) -> Path:
        """Folder of the trusted third party."""
        return self.home / "ttp"

    @property
    def lab(self) -> Path:
        """Folder of the lab: extracts, workspaces, hub."""
        return self.home / "lab"

    @property
    def checking(self) -> Path:
        """Folder of the checking zone: inbox, submissions, releases, ledger."""
        return self.home / "checking"

    @property
    def trust(self) -> Path:
        """Folder of the public keys that zones verify each other's manifests with."""
        return self.home / "trust"

    def prepare(self) -> None:
        """Make the folders, each readable by its owner only."""
        for folder in (self.home, self.ttp, self.lab, self.checking, self.trust):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def database(self) -> Database:
        """Open the database, with the mirror of its audit log beside it."""
        return Database(self.database_url, self.home / "audit.jsonl")
