"""What a project may know of its submissions: one JSON file each, for the sessions' keepers."""

import json
import os
from typing import Any

from sqlalchemy import select

from lab.base.files import write_atomic
from outputs_check.review.models import DecisionRow, FindingRow, OutputRow, SubmissionRow
from outputs_check.review.station import Station
from outputs_check.review.steps import missing

_RECENT = 200


def write(station: Station, submission: str) -> None:
    """Write the status file of a submission. Its modification time is that of the change it tells of."""
    with station.db.read() as session:
        row = session.get(SubmissionRow, submission)
        if row is None:
            raise missing(submission)
        query = select(DecisionRow).where(DecisionRow.submission == submission).order_by(DecisionRow.id)
        decisions = {each.file: each for each in session.scalars(query)}
        content, changed = describe(row, decisions), row.changed
    place = station.places.status / f"{submission}.json"
    write_atomic(place, json.dumps(content, indent=1).encode() + b"\n")
    os.utime(place, ns=(changed, changed))


def catch_up(station: Station, *, thorough: bool) -> None:
    """Rewrite the files that a crash left behind: of the latest changes, or, if thorough, of all."""
    query = select(SubmissionRow.id, SubmissionRow.changed).order_by(SubmissionRow.changed.desc())
    with station.db.read() as session:
        known = session.execute(query if thorough else query.limit(_RECENT)).all()
    for submission, changed in known:
        place = station.places.status / f"{submission}.json"
        if not place.exists() or place.stat().st_mtime_ns != changed:
            write(station, submission)


def describe(row: SubmissionRow, decisions: dict[str, DecisionRow]) -> dict[str, Any]:
    """Return a submission as its own project may see it: comments only once it is decided, no names."""
    return {
        "id": row.id,
        "project": row.project,
        "state": row.state,
        "verdict": row.verdict,
        "reason": row.reason,
        "outputs": [_output(output, decisions.get(output.file)) for output in row.outputs],
    }


def _output(output: OutputRow, decision: DecisionRow | None) -> dict[str, Any]:
    bound = decision is not None and decision.binding == output.binding
    votes = decision.votes if decision is not None and bound else []
    return {
        "file": output.file,
        "verdict": output.verdict,
        "evidence": output.evidence,
        "findings": [finding(each) for each in output.findings],
        "decision": decision.outcome if decision is not None and bound else "",
        "comments": [vote["comment"] for vote in votes if vote["comment"]],
    }


def finding(row: FindingRow) -> dict[str, Any]:
    """Return a finding as `outputs-check check --json` prints it."""
    keys = ("rule", "verdict", "message", "cells", "source", "remedy")
    return {key: getattr(row, key) for key in keys}
