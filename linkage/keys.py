"""The custodian's keys: one master key for pseudonyms, one key that signs extracts.

They live in one folder that nobody else can enter. No key is ever an argument, an environment variable or a
line in a log, and only the commands that need a key open it.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from lab.base.errors import BadInput, NotFound
from lab.base.files import write_atomic
from lab.base.settings import Settings
from lab.base.signing import ensure_key

MASTER_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """Where the keys of one home are."""

    folder: Path
    public: Path

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        """Return the places of a home's keys."""
        return cls(settings.ttp / "keys", settings.trust / "ttp.pub")

    @property
    def master(self) -> Path:
        """File of the master key: 32 random bytes."""
        return self.folder / "master.key"

    @property
    def signing(self) -> Path:
        """File of the private key that signs extracts."""
        return self.folder / "extract-signing.pem"

    def create(self) -> None:
        """Make both keys, and the public half for those who verify.

        Raises:
            BadInput: there are keys already. A new master key would give every person a new pseudonym in
                every project, and nobody could make an extract again.
        """
        if self.master.exists() or self.signing.exists():
            raise BadInput("there are keys already, and they are never overwritten", where=str(self.folder))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        write_atomic(self.master, token_bytes(MASTER_BYTES), 0o600)
        ensure_key(self.signing, self.public)

    def check(self) -> None:
        """Make sure that the keys are there and that nobody but their owner can read them.

        Raises:
            NotFound: no keys. BadInput: a mode wider than 0700 (folder) or 0600 (files), or another owner.
        """
        for path, mode in ((self.folder, 0o700), (self.master, 0o600), (self.signing, 0o600)):
            if not path.exists():
                raise NotFound(
                    "the custodian's keys are missing",
                    where=str(path),
                    remedy="make them with 'linkage keys init'",
                )
            _check_private(path, mode)

    def read_master(self) -> bytes:
        """Return the master key, once it is proved private.

        Raises:
            NotFound, BadInput: as `check`; or the file is not a master key.
        """
        self.check()
        key = self.master.read_bytes()
        if len(key) != MASTER_BYTES:
            raise BadInput("not a master key", where=str(self.master), remedy="restore it from a backup")
        return key


def _check_private(path: Path, mode: int) -> None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.geteuid():
        raise BadInput("the custodian's keys must be the custodian's own files", where=str(path))
    if status.st_mode & 0o777 & ~mode:
        raise BadInput("others could read the custodian's keys", where=str(path), remedy=f"chmod {mode:o}")
