"""Stations 5 to 9: the lab, the analysis, the gate, the review, the release."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from lab.base.errors import LabError
from lab.demo.client import Visitor, visit
from lab.demo.prepare import PROJECT, Place
from lab.demo.report import Report

NOTEBOOK = Path(__file__).parent / "analysis.ipynb"
CHECKERS = ("carl", "cora")
_PATIENCE = 90.0
_DECIDED = {"in_review", "returned"}


def free_port() -> int:
    """Return a TCP port of this machine that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def hub(place: Place, port: int) -> Iterator[str]:
    """Run the hub, with its proxy and its pages; give its address; stop it at the end."""
    log = place.work / "hub.log"
    process = place.programs.start("lab", "hub", "start", "--port", str(port), log=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


async def wait_until_up(address: str, log: Path) -> None:
    """Wait until the hub answers.

    Raises:
        LabError: it does not within a minute and a half.
    """
    end = time.monotonic() + _PATIENCE
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < end:
            try:
                async with http.get(f"{address}/hub/health") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise LabError("the hub did not start", where=str(log), remedy="read the end of that file")


async def walk(place: Place, report: Report) -> None:
    """Walk the road from the login page to the release folder."""
    with hub(place, free_port()) as address:
        async with _session(place, report, address) as rita:
            submission = await _analyse(rita, report)
            shown = await _checked(place, report, submission)
    _review(place, report, submission, shown)
    _release(place, report, submission)
    _prove_audit(place, report)


@asynccontextmanager
async def _session(place: Place, report: Report, address: str) -> AsyncIterator[Visitor]:
    with report.station("lab") as station:
        await wait_until_up(address, place.work / "hub.log")
        visitor = visit(address, "rita")
        rita = await visitor.__aenter__()
        await rita.log_in(place.accounts()["rita"])
        await rita.start_session(PROJECT)
        station.told = f"hub at {address}; rita has a session on {PROJECT}, in a sandbox of its own"
    try:
        yield rita
        await rita.stop_session(PROJECT)
    finally:
        await visitor.__aexit__(None, None, None)


async def _analyse(rita: Visitor, report: Report) -> str:
    with report.station("analysis") as station:
        notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
        await rita.save_notebook(PROJECT, NOTEBOOK.name, notebook)
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        async with rita.kernel(PROJECT) as kernel:
            for cell in cells:
                await kernel.run(cell)
            submission = (await kernel.run("print(receipt.id)")).strip()
        station.told = f"{len(cells)} cells ran; submitted {submission}"
    return submission


async def _checked(place: Place, report: Report, submission: str) -> dict[str, Any]:
    with report.station("gate") as station:
        end = time.monotonic() + _PATIENCE
        status = place.home / "checking" / "status" / f"{submission}.json"
        while not (status.exists() and json.loads(status.read_bytes())["state"] in _DECIDED):
            if time.monotonic() > end:
                raise LabError("the gate did not answer", where=str(place.work / "hub.log"))
            await asyncio.sleep(0.2)
        shown: dict[str, Any] = json.loads(status.read_bytes())
        keys = ("file", "verdict", "evidence", "findings")
        report.outputs = [{key: output[key] for key in keys} for output in shown["outputs"]]
        verdicts = [output["verdict"] for output in report.outputs]
        station.told = ", ".join(f"{verdicts.count(name)} {name}" for name in ("PASS", "REVIEW", "BLOCK"))
    return shown


def _review(place: Place, report: Report, submission: str, shown: dict[str, Any]) -> None:
    with report.station("review") as station:
        refused = _refused_vote(place, submission, shown["outputs"][0]["file"])
        for checker in CHECKERS:
            for output in shown["outputs"]:
                choice = (
                    ("approve",)
                    if output["verdict"] != "BLOCK"
                    else ("reject", "--comment", "blocked by rule")
                )
                place.programs.run(
                    "outputs-check", "vote", submission, output["file"], *choice, actor=checker
                )
        station.told = (
            f"{' and '.join(CHECKERS)} voted on {len(shown['outputs'])} outputs; rita may not: {refused}"
        )


def _refused_vote(place: Place, submission: str, file: str) -> str:
    try:
        place.programs.run("outputs-check", "vote", submission, file, "approve", actor="rita")
    except LabError as refusal:
        return refusal.what
    raise LabError("somebody of the project could vote on its own output", where=submission)


def _release(place: Place, report: Report, submission: str) -> None:
    with report.station("release") as station:
        made = place.programs.ask("outputs-check", "release", submission, actor="carl")
        report.released = [{key: entry[key] for key in ("file", "sha256")} for entry in made["files"]]
        if not report.released:
            raise LabError("nothing was released", where=submission)
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


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
