"""Stations 5 to 9: the lab, the analysis, the gate, the review, the release."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.demo.prepare import PROJECT, Place, leave_notebook
from lab.demo.report import Report
from lab.hub.process import free_port, running_hub
from lab.hub.visitor import SessionPage, Visitor

CHECKERS = ("carl", "cora")
_PATIENCE = 90.0
_DECIDED = {"in_review", "returned"}


def walk(place: Place, report: Report) -> None:
    """Walk the road from the login page to the release folder."""
    with _lab(place, report) as page:
        submission = _analyse(place, page, report)
        shown = _checked(place, report, submission)
        page.visitor.stop_session(PROJECT)
    _review(place, report, submission, shown)
    _release(place, report, submission, shown)
    _prove_audit(place, report)


@contextmanager
def _lab(place: Place, report: Report) -> Iterator[SessionPage]:
    with ExitStack() as open_things:
        with report.station("lab") as station:
            hub = open_things.enter_context(running_hub(Settings.load(place.home), free_port()))
            rita = Visitor(hub.url)
            rita.log_in("rita", place.accounts()["rita"])
            page = rita.open_session(PROJECT)
            station.told = f"rita logged in at {hub.url}; her session runs in a sandbox of its own"
        yield page


def _analyse(place: Place, page: SessionPage, report: Report) -> str:
    with report.station("analysis") as station:
        text = leave_notebook(place).read_text(encoding="utf-8")
        cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        kernel = page.kernel()
        for cell in [*cells, "print(receipt.id)"]:
            result = kernel.run(cell)
            if result.status != "ok":
                raise LabError(f"a cell of the notebook failed: {result.error}", where=cell.splitlines()[0])
        kernel.close()
        submission = result.text.strip()
        station.told = f"{len(cells)} cells ran; submitted {submission}"
    return submission


def _checked(place: Place, report: Report, submission: str) -> dict[str, Any]:
    with report.station("gate") as station:
        shown = _wait_for_gate(place, submission)
        keys = ("file", "verdict", "evidence", "findings")
        report.outputs = [{key: output[key] for key in keys} for output in shown["outputs"]]
        verdicts = [output["verdict"] for output in report.outputs]
        station.told = ", ".join(f"{verdicts.count(name)} {name}" for name in ("PASS", "REVIEW", "BLOCK"))
    return shown


def _wait_for_gate(place: Place, submission: str) -> dict[str, Any]:
    status = place.home / "checking" / "status" / f"{submission}.json"
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if status.exists():
            shown: dict[str, Any] = json.loads(status.read_bytes())
            if shown["state"] in _DECIDED:
                return shown
        time.sleep(0.2)
    raise LabError("the gate did not answer", where=str(place.home / "lab" / "hub" / "hub.log"))


def _review(place: Place, report: Report, submission: str, shown: dict[str, Any]) -> None:
    with report.station("review") as station:
        if shown["state"] == "returned":
            station.told = "every output is blocked: the submission went back to rita"
            return
        refused = _refused_vote(place, submission, shown["outputs"][0]["file"])
        files = [output["file"] for output in shown["outputs"] if output["verdict"] != "BLOCK"]
        for checker in CHECKERS:
            for file in files:
                place.programs.run("outputs-check", "vote", submission, file, "approve", actor=checker)
        station.told = f"{' and '.join(CHECKERS)} approved {len(files)} outputs; rita may not: {refused}"


def _refused_vote(place: Place, submission: str, file: str) -> str:
    try:
        place.programs.run("outputs-check", "vote", submission, file, "approve", actor="rita")
    except LabError as refusal:
        return refusal.what
    raise LabError("somebody of the project could vote on its own output", where=submission)


def _release(place: Place, report: Report, submission: str, shown: dict[str, Any]) -> None:
    with report.station("release") as station:
        if shown["state"] == "returned":
            station.told = "nothing was safe to release"
            return
        made = place.programs.ask("outputs-check", "release", submission, actor="carl")
        report.released = [{key: entry[key] for key in ("file", "sha256")} for entry in made["files"]]
        station.told = f"{len(report.released)} files in {made['path']}, signed"


def _prove_audit(place: Place, report: Report) -> None:
    """Prove the log whole; then change one byte of a copy and see that it is found."""
    with report.station("audit") as station:
        proof = place.programs.ask("lab", "audit", "verify")
        changed = bytearray((place.home / "audit.jsonl").read_bytes())
        changed[len(changed) // 2] ^= 1
        copy = place.work / "audit-with-one-changed-byte.jsonl"
        copy.write_bytes(changed)
        try:
            place.programs.run("lab", "audit", "verify", "--mirror", str(copy))
        except LabError as found:
            station.told = (
                f"{proof['events']} events in one whole chain; one changed byte is found: {found.what}"
            )
        else:
            raise LabError("one changed byte of the audit log was not found", where=str(copy))
        finally:
            copy.unlink()
