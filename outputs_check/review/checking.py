"""Running a submission through the gate and keeping what it found."""

import logging
import traceback

from lab.base.database import Unit
from lab.base.errors import IsolationRefused, LabError
from lab.base.files import canonical_json, sha256_bytes
from outputs_check.gate.result import Finding, OutputResult, Result
from outputs_check.gate.verdict import Verdict
from outputs_check.review import status
from outputs_check.review.envelope import FILES
from outputs_check.review.models import FindingRow, OutputRow, SubmissionRow
from outputs_check.review.station import Checked, Station
from outputs_check.review.steps import VIA, advance, find
from outputs_check.review.transitions import Action, State
from outputs_check.review.turn import votable

GATE = "gate"
log = logging.getLogger(__name__)


def binding(canonical: str, extract: str, appetite: str) -> str:
    """Return what a vote and an approval are bound to: the bytes, the data, the appetite."""
    return sha256_bytes(canonical_json({"sha256": canonical, "extract": extract, "appetite": appetite}))


def check(station: Station, submission: str) -> State:
    """Check a submission that is waiting, or whose check was broken off; return where it stands then.

    Raises:
        IsolationRefused, OSError: the machine, not the submission, is at fault; it stays where it is and
            the next intake tries again.
    """
    project = _begin(station, submission)
    files = station.places.submissions / submission / FILES
    try:
        checked = station.gate.check(files, project)
    except (IsolationRefused, OSError):
        raise
    except LabError as error:
        state = _give_back(station, submission, str(error))
    except Exception as error:
        # Fail closed: whatever a submission does to the gate, it does not stay in the way of others.
        fault = _place_of(error)
        log.exception("the gate failed on %s: %s", submission, fault, exc_info=False)
        state = _give_back(station, submission, "the gate could not check this; the operators know", fault)
    else:
        state = _keep(station, submission, checked)
    status.write(station, submission)
    return state


def _begin(station: Station, submission: str) -> str:
    with station.db.write(actor=GATE, via=VIA) as unit:
        row = find(unit, submission)
        if row.state != State.CHECKING:
            advance(station.db, unit, row, Action.CHECK, GATE)
        project = row.project
    status.write(station, submission)
    return project


def _give_back(station: Station, submission: str, reason: str, fault: str = "") -> State:
    with station.db.write(actor=GATE, via=VIA) as unit:
        row = find(unit, submission)
        row.outputs.clear()
        row.verdict, row.reason = Verdict.BLOCK.name, reason
        advance(station.db, unit, row, Action.RETURN, GATE, {"reason": reason, "fault": fault})
        return State(row.state)


def _keep(station: Station, submission: str, checked: Checked) -> State:
    """Store what was found; open the review if there is anything that people could approve."""
    result = checked.result
    answer = station.shelf.put(canonical_json(result.to_json()))
    kept = [_output(station, number, each, checked) for number, each in enumerate(result.outputs, start=1)]
    with station.db.write(actor=GATE, via=VIA) as unit:
        row = find(unit, submission)
        _replace_outputs(unit, row, kept)
        row.extract, row.appetite = checked.extract, result.appetite_digest
        row.checkers, row.verdict = max(result.checkers, 1), result.verdict.name
        row.reason = _reason(row, result)
        opens = not row.reason and any(map(votable, row.outputs))
        details = {"verdict": row.verdict, "extract": row.extract, "appetite": row.appetite, "answer": answer}
        advance(station.db, unit, row, Action.OPEN if opens else Action.RETURN, GATE, details)
        return State(row.state)


def _replace_outputs(unit: Unit, row: SubmissionRow, outputs: list[OutputRow]) -> None:
    row.outputs.clear()
    unit.session.flush()
    row.outputs.extend(outputs)


def _reason(row: SubmissionRow, result: Result) -> str:
    if result.project and result.project != row.project:
        return f"submission.toml says project '{result.project}', the session belongs to '{row.project}'"
    return "" if result.outputs else "nothing was declared: there is no output to check"


def _output(station: Station, number: int, result: OutputResult, checked: Checked) -> OutputRow:
    canonical = station.shelf.put(result.canonical) if result.canonical is not None else ""
    return OutputRow(
        number=number,
        file=result.file,
        title=result.title,
        media_type=result.media_type,
        verdict=result.verdict.name,
        evidence=result.evidence.name,
        canonical=canonical,
        submitted=station.shelf.put(result.submitted) if result.submitted is not None else "",
        binding=binding(canonical, checked.extract, checked.result.appetite_digest),
        findings=[_finding(place, each) for place, each in enumerate(result.findings, start=1)],
    )


def _finding(number: int, finding: Finding) -> FindingRow:
    return FindingRow(
        number=number,
        rule=finding.rule,
        verdict=finding.verdict.name,
        message=finding.message,
        cells=list(finding.cells),
        places=[list(place) for place in finding.at],
        source=finding.source,
        remedy=finding.remedy,
    )


def _place_of(error: Exception) -> str:
    """Return type and place of a fault, never its message: that may quote the data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"
