"""The way from a room to the gate: named files are copied out, bound to who sent them from where.

Whatever the room says is a claim. Person, project and extract come from the keeper, who knows them;
the files are opened so that no link can lead outside of the workspace, and never parsed here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from lab.base.errors import BadInput, LabError
from lab.base.files import canonical_json, copy_beneath, new_folder
from lab.base.room import DECLARATION
from lab.base.settings import Settings

_MOST_FILES = 100
_MOST_LISTED = 1000
_LARGEST_FILE = 64 << 20
_LARGEST_SUBMISSION = 256 << 20
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,119}")


@dataclass(frozen=True)
class DropBox:
    """One session's drop box."""

    settings: Settings
    username: str
    project: str
    extract: str
    workspace: Path

    def answer(self, request: Any) -> dict[str, Any]:
        """Answer one message of the room: submit or status. Never raises for what the room says."""
        try:
            match request:
                case {"action": "submit", "folder": str(folder), "files": list(files)}:
                    return {"ok": True, "receipt": self.submit(folder, files)}
                case {"action": "status"}:
                    return {"ok": True, "submissions": self.status()}
            raise BadInput("not a request that is known here")
        except LabError as error:
            return {"ok": False, "error": str(error)}
        except OSError as error:
            return {"ok": False, "error": f"the lab cannot take submissions now: {error.strerror}"}

    def submit(self, folder: str, files: list[Any]) -> Mapping[str, Any]:
        """Copy the named files of a workspace folder into the gate's inbox, all or none.

        Args:
            folder: path relative to the workspace, "" for the workspace itself.
            files: plain names inside of it; the declaration must be one of them.

        Raises:
            BadInput: names, links or sizes that are not accepted.
        """
        names = _checked_names(files)
        now = datetime.now(UTC)
        identifier = f"{self.project}-{now:%Y%m%dt%H%M%S}-{uuid4().hex[:6]}"
        envelope = {
            "id": identifier,
            "project": self.project,
            "submitted_by": self.username,
            "submitted_at": now.isoformat(timespec="seconds"),
            "extract": self.extract,
            "workspace_folder": folder,
        }
        inbox = self.settings.checking / "inbox"
        inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Copied first: while it lasts, others can write to the database.
        with TemporaryDirectory(prefix=f".{identifier}.", dir=inbox) as copied:
            digests = self._copy(folder, names, Path(copied) / "files")
            # The folder takes its name inside the transaction: what cannot arrive is not in the log.
            with (
                self.settings.database().write(actor=self.username, via="session") as unit,
                new_folder(inbox / identifier) as box,
            ):
                (Path(copied) / "files").rename(box / "files")
                (box / "envelope.json").write_bytes(canonical_json(envelope))
                details = {"project": self.project, "extract": self.extract, "files": digests}
                unit.record("submission.sent", subject=identifier, details=details)
        return {**envelope, "files": digests}

    def _copy(self, folder: str, names: list[str], box: Path) -> dict[str, str]:
        box.mkdir(mode=0o700)
        left, digests = _LARGEST_SUBMISSION, {}
        for name in names:
            relative = f"{folder}/{name}" if folder else name
            digests[name] = copy_beneath(self.workspace, relative, box / name, min(left, _LARGEST_FILE))
            left -= (box / name).stat().st_size
        return digests

    def status(self) -> list[dict[str, Any]]:
        """Return what the gate says about this project's submissions, the newest last.

        The log knows what was sent; what the gate has not answered yet counts as submitted.
        """
        sent = self.settings.database().audit_events(
            action="submission.sent", subjects=f"{self.project}-", last=_MOST_LISTED
        )
        return [self._answer_of(event["subject"]) for event in sent if self._is_own(event["subject"])]

    def _answer_of(self, identifier: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(
                (self.settings.checking / "status" / f"{identifier}.json").read_bytes()
            )
        except FileNotFoundError:
            found = {"state": "submitted", "verdict": None, "outputs": []}
        return {**found, "id": identifier, "project": self.project}

    def _is_own(self, identifier: str) -> bool:
        # One project's name may begin with another's.
        return re.fullmatch(re.escape(self.project) + r"-\d{8}t\d{6}-[0-9a-f]{6}", identifier) is not None


def _checked_names(files: list[Any]) -> list[str]:
    if len(files) > _MOST_FILES:
        raise BadInput(f"more than {_MOST_FILES} files", remedy="split the submission")
    for name in files:
        if not isinstance(name, str) or not _PLAIN_NAME.fullmatch(name):
            raise BadInput(
                "not a plain file name", where=str(name)[:120], remedy="use letters, digits, '.', '-' and '_'"
            )
    if DECLARATION not in files:
        raise BadInput("the declaration is missing", where=DECLARATION, remedy="declare every output in it")
    return sorted(set(files))
