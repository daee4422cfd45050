"""Taking submissions from the inbox to the gate. Idempotent, and it may be killed at any instruction."""

import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select

from lab.base.errors import BadInput, IsolationRefused, LabError
from lab.base.files import sync_folder
from lab.base.signing import list_files
from outputs_check.review import checking, status
from outputs_check.review.envelope import FILES, Envelope, admit, read_envelope
from outputs_check.review.models import SubmissionRow
from outputs_check.review.station import Station
from outputs_check.review.steps import VIA, now
from outputs_check.review.transitions import Action, State, step


@dataclass(frozen=True)
class Taken:
    """What became of something in the inbox: the state it stands in (None: it is no submission), and
    what stood in its way."""

    submission: str
    state: State | None
    trouble: str = ""


def intake(station: Station, *, thorough: bool = True) -> list[Taken]:
    """Take everything in the inbox and check everything that waits.

    `thorough` looks, too, for what a crash of an earlier process left half way.
    """
    with station.places.alone("intake"):
        refused = [_receive(station, folder) for folder in _waiting(station.places.inbox)]
        if thorough:
            for folder in _unrecorded(station):
                _record(station, read_envelope(folder), folder)
        taken = [each for each in refused if each is not None]
        taken += [_check(station, name) for name in _unchecked(station)]
        status.catch_up(station, thorough=thorough)
    return taken


def _waiting(inbox: Path) -> list[Path]:
    # A name that begins with a dot is a folder that its keeper is still filling.
    return sorted(path for path in inbox.iterdir() if not path.name.startswith("."))


def _receive(station: Station, folder: Path) -> Taken | None:
    try:
        envelope = read_envelope(folder)
        admit(station.db, envelope)
        place = station.places.submissions / envelope.id
        if place.exists():
            raise BadInput("a submission of that id was taken before", where=envelope.id)
    except LabError as error:
        return _refuse(station, folder, str(error))
    folder.rename(place)
    sync_folder(place.parent)
    _record(station, envelope, place)
    return None


def _record(station: Station, envelope: Envelope, folder: Path) -> None:
    row = step(None, Action.RECEIVE)
    received = now()
    with station.db.write(actor=envelope.submitted_by, via=VIA) as unit:
        submission = SubmissionRow(
            id=envelope.id,
            project=envelope.project,
            submitted_by=envelope.submitted_by,
            submitted_at=envelope.submitted_at,
            received_at=received,
            claimed_extract=envelope.extract,
            workspace_folder=envelope.workspace_folder,
            state=row.target.value,
            changed=time.time_ns(),
        )
        unit.session.add(submission)
        unit.record(
            row.event,
            subject=envelope.id,
            details={"project": envelope.project, "to": row.target, "files": _files(folder)},
        )
    status.write(station, envelope.id)


def _check(station: Station, submission: str) -> Taken:
    try:
        return Taken(submission, checking.check(station, submission))
    except (IsolationRefused, OSError) as error:
        return Taken(submission, State.CHECKING, str(error))


def _files(folder: Path) -> list[dict[str, object]]:
    """Return name, size and hash of what was submitted; what is no plain file is left to the gate."""
    try:
        return list(list_files(folder / FILES))
    except BadInput:
        return []


def _refuse(station: Station, folder: Path, reason: str) -> Taken:
    with station.db.write(actor=checking.GATE, via=VIA) as unit:
        unit.record("submission.refused", subject=folder.name[:96], details={"reason": reason})
    folder.rename(station.places.refused / f"{folder.name[:96]}.{uuid4().hex[:8]}")
    return Taken(folder.name, None, reason)


def _unrecorded(station: Station) -> list[Path]:
    with station.db.read() as session:
        known = set(session.scalars(select(SubmissionRow.id)))
    return sorted(path for path in station.places.submissions.iterdir() if path.name not in known)


def _unchecked(station: Station) -> list[str]:
    query = select(SubmissionRow.id).where(SubmissionRow.state.in_([State.SUBMITTED, State.CHECKING]))
    with station.db.read() as session:
        return list(session.scalars(query.order_by(SubmissionRow.received_at, SubmissionRow.id)))
