"""The envelope of a submission: what the session's keeper, outside of the sandbox, knows for sure."""

import json
import os
import re
import stat
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound, NotPermitted
from lab.registry import view as registry

ENVELOPE, FILES = "envelope.json", "files"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}-\d{8}[tT]\d{6}-[0-9a-f]{6}")
_MOST_BYTES = 65536
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Envelope:
    """Who submits what, for which project. `submitted_at` is UTC, as the tables keep it."""

    id: str
    project: str
    submitted_by: str
    submitted_at: str
    extract: str
    workspace_folder: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or not self.id.startswith(f"{self.project}-"):
            raise BadInput("the id of a submission is not <project>-<time>-<six hex digits>", where=self.id)


def read_envelope(folder: Path) -> Envelope:
    """Read the envelope of a folder in the inbox; the folder holds it and `files/`, nothing else.

    Raises:
        BadInput: anything else than exactly that.
    """
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise BadInput("not a folder", where=folder.name)
    if {entry.name for entry in os.scandir(folder)} != {ENVELOPE, FILES}:
        raise BadInput(f"a submission holds '{ENVELOPE}' and '{FILES}', nothing else", where=folder.name)
    if not stat.S_ISDIR((folder / FILES).lstat().st_mode):
        raise BadInput(f"'{FILES}' is not a folder", where=folder.name)
    envelope = _parse(_read(folder / ENVELOPE), folder.name)
    if envelope.id != folder.name:
        raise BadInput("the folder is not named as its envelope says", where=folder.name)
    return envelope


def admit(db: Database, envelope: Envelope) -> None:
    """Hold an envelope against the registry.

    Raises:
        NotFound: no such project.
        NotPermitted: the submitter did not belong to the project when it was submitted, or the time is
            still to come.
    """
    if registry.project(db, envelope.project) is None:
        raise NotFound("no such project", where=envelope.project)
    at = datetime.fromisoformat(envelope.submitted_at)
    if at > datetime.now(UTC) + _CLOCK_SKEW:
        raise NotPermitted("submitted in the future", where=envelope.id)
    if not registry.is_member(db, envelope.project, envelope.submitted_by, at=at):
        raise NotPermitted(
            f"{envelope.submitted_by} does not belong to the project", where=f"project {envelope.project}"
        )


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput("the envelope cannot be read as a plain file", where=str(path)) from error
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadInput("the envelope is not a plain file", where=str(path))
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput("the envelope is too long", where=str(path))
    return data


def _parse(data: bytes, name: str) -> Envelope:
    keys = {field.name for field in fields(Envelope)}
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput("the envelope is not JSON", where=name) from error
    if not isinstance(content, dict) or set(content) != keys:
        raise BadInput(f"an envelope has exactly the keys {', '.join(sorted(keys))}", where=name)
    if not all(isinstance(value, str) for value in content.values()):
        raise BadInput("every value of an envelope is text", where=name)
    try:
        at = datetime.fromisoformat(content["submitted_at"])
    except ValueError as error:
        raise BadInput("'submitted_at' is not a time", where=name) from error
    if at.tzinfo is None:
        raise BadInput("'submitted_at' has no time zone", where=name)
    return Envelope(**{**content, "submitted_at": at.astimezone(UTC).isoformat(timespec="milliseconds")})
