"""Submitting outputs, and reading what the gate and the checkers say about them."""

import html
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lab.base.errors import BadInput, NotFound
from lab.base.files import sha256_file
from lab.base.room import DECLARATION, KEEPER, WORKSPACE, is_rerun
from lab.session.keeper import ask
from lab.session.submission import Submission

_AT_THE_GATE = {"submitted", "checking"}
_FINDING_COLUMNS = ["file", "verdict", "rule", "message", "cells", "remedy"]


@dataclass(frozen=True)
class Receipt:
    """Proof that a submission has arrived: its number, and the hash of each file."""

    id: str
    submitted_at: str
    files: dict[str, str]

    def __str__(self) -> str:
        count = len(self.files) - 1
        outputs = "1 output" if count == 1 else f"{count} outputs"
        return f"{outputs} submitted as {self.id}; session.findings() says what the gate finds"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td><code>{digest[:16]}</code></td></tr>"
            for name, digest in self.files.items()
        )
        return f"<p>{html.escape(str(self))}</p><table>{rows}</table>"


def submit(folder: Submission | Path | str, *, workspace: Path = WORKSPACE, keeper: Path = KEEPER) -> Receipt:
    """Send a folder's declared outputs to the gate. Where the gate runs a notebook again, nothing is sent.

    Raises:
        BadInput: the declaration, or a file that it names, is missing or unreadable.
        Refused: what the lab said.
    """
    place = folder.folder if isinstance(folder, Submission) else workspace / folder
    relative = _below(place, workspace)
    names = [DECLARATION, *_declared(place)]
    if is_rerun():
        return Receipt("a run of the gate", "", {name: sha256_file(place / name) for name in names})
    told = ask({"action": "submit", "folder": relative, "files": names}, keeper)["receipt"]
    return Receipt(told["id"], told["submitted_at"], dict(told["files"]))


def submissions(keeper: Path = KEEPER) -> pd.DataFrame:
    """Return the project's submissions, oldest first: id, state, verdict, number of outputs."""
    rows = [
        {
            "id": entry["id"],
            "state": entry["state"],
            "verdict": entry.get("verdict") or "",
            "outputs": len(entry.get("outputs") or []),
        }
        for entry in _status(keeper)
    ]
    return pd.DataFrame(rows, columns=["id", "state", "verdict", "outputs"])


def findings(submission: str | None = None, *, patience: float = 60.0, keeper: Path = KEEPER) -> pd.DataFrame:
    """Return what the gate found, one row a finding; an output without any has one row, too.

    Args:
        submission: its id; the newest one by default.
        patience: seconds to wait for a gate that is still checking.

    Raises:
        NotFound: there is no such submission in this project, or the gate has not answered yet.
    """
    if is_rerun():
        return pd.DataFrame(columns=_FINDING_COLUMNS)
    entry = _answered(submission, patience, keeper)
    outputs = entry["outputs"]
    rows = [] if outputs else [{"verdict": entry["verdict"], "message": entry.get("reason")}]
    for output in outputs:
        given = output.get("findings") or [{"message": "nothing found", "verdict": output["verdict"]}]
        for finding in given:
            cells = ", ".join(finding.get("cells") or [])
            rows.append({**finding, "file": output["file"], "cells": cells})
    return pd.DataFrame(rows, columns=_FINDING_COLUMNS).fillna("")


def _answered(submission: str | None, patience: float, keeper: Path) -> dict[str, Any]:
    """Return a submission that the gate has answered; no findings yet must not look like none."""
    end = time.monotonic() + patience
    while True:
        entries = [entry for entry in _status(keeper) if submission in (None, entry["id"])]
        if not entries:
            raise NotFound("no such submission in this project", where=submission or "none yet")
        entry = max(entries, key=lambda entry: str(entry["id"]))
        if entry["state"] not in _AT_THE_GATE:
            return entry
        if time.monotonic() > end:
            raise NotFound("the gate has not answered yet", where=entry["id"], remedy="look again later")
        time.sleep(0.5)


def _status(keeper: Path) -> list[dict[str, Any]]:
    if is_rerun():
        return []
    entries: list[dict[str, Any]] = ask({"action": "status"}, keeper)["submissions"]
    return entries


def _below(place: Path, workspace: Path) -> str:
    try:
        relative = place.resolve().relative_to(workspace.resolve()).as_posix()
    except ValueError as error:
        what = "only a folder of the workspace can be submitted"
        raise BadInput(what, where=str(place), remedy=f"copy it to {workspace}") from error
    return "" if relative == "." else relative


def _declared(folder: Path) -> list[str]:
    path = folder / DECLARATION
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput("the declaration is missing", where=str(path), remedy="write it first") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the declaration is not TOML: {error}", where=str(path)) from error
    outputs = content.get("output", [])
    names = [output.get("file", "") for output in outputs]
    if not names:
        raise BadInput("no output is declared", where=str(path), remedy="add an [[output]] for each file")
    names += [output["counts"] for output in outputs if "counts" in output]
    names += [f"{dataset['name']}.derived.parquet" for dataset in content.get("derived", [])]
    for name in names:
        if not isinstance(name, str) or not (folder / name).is_file():
            where = str(folder / str(name))
            raise BadInput("a declared file is missing", where=where, remedy="write it first")
    return list(dict.fromkeys(names))
