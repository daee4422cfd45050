"""Release: only what was approved, the gate's own bytes, all or nothing; resumable from anywhere.

The order is what makes a crash harmless. The intent is recorded first, so that nobody can withdraw
meanwhile. Then the ledger: a cell remembered too early costs a false alarm, one remembered too late a
disclosure. Then one rename puts the whole folder out. The state follows, and if it does not, the folder
that is there is proved to be the approved one, and it follows then.
"""

import glob
import hmac
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import select

from lab.base.errors import BadInput, IsolationRefused, LabError, NotPermitted, Tampered
from lab.base.files import new_folder, sha256_bytes, sync_folder
from lab.base.signing import MANIFEST, ensure_key, read_manifest, sign_manifest
from lab.registry import view as registry
from outputs_check.parsers.kinds import released_name
from outputs_check.review import checking, status
from outputs_check.review.ballots import Choice
from outputs_check.review.envelope import FILES
from outputs_check.review.models import DecisionRow, ReleaseRow, SubmissionRow
from outputs_check.review.people import require_independent_checker
from outputs_check.review.station import Release, Station
from outputs_check.review.steps import VIA, advance, find, missing, now
from outputs_check.review.transitions import Action


@dataclass(frozen=True)
class Approval:
    """An output that may leave: its file, the hash of its bytes, and what the approval is bound to."""

    file: str
    sha256: str
    binding: str

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.file).parts
        if not parts or self.file.startswith("/") or ".." in parts or MANIFEST in parts[0]:
            raise BadInput("not a plain relative name", where=self.file)

    @property
    def name(self) -> str:
        """What the file is called outside: its bytes are the gate's own, and may be of another type."""
        return released_name(self.file)


@dataclass(frozen=True)
class _Order:
    """A release that was begun, as the database has it."""

    submission: str
    project: str
    extract: str
    appetite: str
    begun_by: str
    begun_at: str
    approvals: tuple[Approval, ...]


def release(station: Station, submission: str, actor: str) -> Path:
    """Release what was approved of a submission; return the folder. A second time changes nothing.

    Raises:
        NotPermitted: not approved, the project is not active, not a checker from outside of it, or what
            was approved is no longer what the gate finds (it is then back in review).
        Tampered: kept bytes, or a folder that is out already, are not what was approved.
    """
    with station.places.alone("release"):
        if _is_out(station, submission):
            return _folder(station, submission)
        _begin(station, submission, actor)
        return _finish(station, _order(station, submission))


def resume(station: Station) -> list[str]:
    """Finish every release that was begun and broken off; return their submissions."""
    unfinished = select(ReleaseRow.submission).where(ReleaseRow.released_at == "")
    with station.db.read() as session:
        waiting = list(session.scalars(unfinished))
    if not waiting:
        return []
    with station.places.alone("release"):
        with station.db.read() as session:
            waiting = list(session.scalars(unfinished))
        for submission in waiting:
            _finish(station, _order(station, submission))
    return waiting


def _is_out(station: Station, submission: str) -> bool:
    with station.db.read() as session:
        row = session.get(ReleaseRow, submission)
        return row is not None and row.released_at != ""


def _begin(station: Station, submission: str, actor: str) -> None:
    with station.db.write(actor=actor, via=VIA) as unit:
        row = find(unit, submission)
        begun = unit.session.get(ReleaseRow, submission)
        if begun is not None:
            require_independent_checker(station.db, row, actor)
            return
        project = registry.project(station.db, row.project)
        if project is None or not project.active:
            raise NotPermitted(
                "the project is not active", where=f"project {row.project}", remedy="ask an admin"
            )
        advance(station.db, unit, row, Action.BEGIN_RELEASE, actor)
        unit.session.add(
            ReleaseRow(submission=submission, project=row.project, begun_by=actor, begun_at=now())
        )


def _order(station: Station, submission: str) -> _Order:
    with station.db.read() as session:
        row, begun = session.get(SubmissionRow, submission), session.get(ReleaseRow, submission)
        if row is None or begun is None:
            raise missing(submission)
        query = select(DecisionRow).where(DecisionRow.submission == submission).order_by(DecisionRow.id)
        decisions = {each.file: each for each in session.scalars(query)}
        present = {output.file: output.binding for output in row.outputs}
        approvals = tuple(
            Approval(file, decision.canonical, decision.binding)
            for file, decision in sorted(decisions.items())
            if decision.outcome == Choice.APPROVE and present.get(file) == decision.binding
        )
        return _Order(
            submission, row.project, row.extract, row.appetite, begun.begun_by, begun.begun_at, approvals
        )


def _finish(station: Station, order: _Order) -> Path:
    folder = _folder(station, order.submission, order.project)
    if not folder.exists():
        if changed := _check_again(station, order):
            _back_to_checking(station, order, changed)
            raise NotPermitted(
                f"what was approved has changed since: {changed}",
                where=order.submission,
                remedy="it was checked again; look at it and vote anew",
            )
        _put_out(station, order, folder)
    manifest = _prove(station, order, folder)
    with station.db.write(actor=order.begun_by, via=VIA) as unit:
        row, begun = find(unit, order.submission), unit.session.get(ReleaseRow, order.submission)
        if begun is None:
            raise missing(order.submission)
        begun.released_at, begun.manifest = now(), manifest
        files = {each.file: each.sha256 for each in order.approvals}
        advance(station.db, unit, row, Action.RELEASE, order.begun_by, {"manifest": manifest, "files": files})
    status.write(station, order.submission)
    return folder


def _check_again(station: Station, order: _Order) -> str:
    """Let the gate check and remember; return why an approval no longer holds, or ''."""
    if not order.approvals:
        return "nothing is approved"
    files = station.places.submissions / order.submission / FILES
    approved = {each.file: each.sha256 for each in order.approvals}
    try:
        checked = station.gate.release(
            files, order.project, Release(order.submission, order.extract, approved)
        )
    except IsolationRefused:
        raise  # the machine is at fault: what was approved still holds, and the release is resumed
    except LabError as error:
        return str(error)
    outputs = {output.file: output for output in checked.result.outputs}
    for approval in order.approvals:
        output = outputs.get(approval.file)
        if output is None or output.sha256 is None:
            return f"the gate blocks {approval.file}"
        bound = checking.binding(output.sha256, checked.extract, checked.result.appetite_digest)
        if not hmac.compare_digest(bound, approval.binding):
            return f"the bytes, the data or the appetite behind {approval.file}"
    return ""


def _back_to_checking(station: Station, order: _Order, changed: str) -> None:
    with station.db.write(actor=checking.GATE, via=VIA) as unit:
        row = find(unit, order.submission)
        unit.session.delete(unit.session.get(ReleaseRow, order.submission))
        advance(station.db, unit, row, Action.RECHECK, checking.GATE, {"changed": changed})
    checking.check(station, order.submission)


def _put_out(station: Station, order: _Order, folder: Path) -> None:
    ensure_key(station.places.signing_key, station.places.public_key)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for broken_off in folder.parent.glob(f".{glob.escape(folder.name)}.*"):
        shutil.rmtree(broken_off)
    with new_folder(folder) as building:
        for approval in order.approvals:
            target = building / approval.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(station.shelf.get(approval.sha256))
            if not hmac.compare_digest(sha256_bytes(target.read_bytes()), approval.sha256):
                raise Tampered("the disk does not hold what was written", where=approval.file)
        payload = {
            "release": order.submission,
            "project": order.project,
            "extract": order.extract,
            "appetite": order.appetite,
            "released_at": order.begun_at,
        }
        sign_manifest(building, payload, station.places.signing_key)
    sync_folder(folder.parent.parent)


def _prove(station: Station, order: _Order, folder: Path) -> str:
    """Return the hash of a folder's manifest once it is proved to hold exactly what was approved."""
    manifest = read_manifest(folder, station.places.public_key)
    out = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    wanted = {each.name: each.sha256 for each in order.approvals}
    same = all(hmac.compare_digest(out.get(file, ""), digest) for file, digest in wanted.items())
    if out.keys() != wanted.keys() or not same or manifest["release"] != order.submission:
        raise Tampered(
            "a release folder holds something else than what was approved",
            where=str(folder),
            remedy="keep it as evidence and move it away",
        )
    return sha256_bytes((folder / MANIFEST).read_bytes())


def _folder(station: Station, submission: str, project: str = "") -> Path:
    if not project:
        with station.db.read() as session:
            row = session.get(SubmissionRow, submission)
            if row is None:
                raise missing(submission)
            project = row.project
    return station.places.releases / project / submission
