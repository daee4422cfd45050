"""A data folder and a submission folder to write specifications with."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from outputs_check.gate.check import check_submission
from outputs_check.gate.result import OutputResult, Result

LEDGER = "ledger.sqlite"


class Bench:
    """Registers data, declares outputs and asks the gate. data: a folder that is shared with others."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.folder = folder
        self.data = data or folder / "data"
        self.data.mkdir(exist_ok=True)
        self.head = 'project = "p1"\nunit = "person_id"\n'
        self._numbers = itertools.count()
        self.start()

    def start(self) -> None:
        """Begin a new submission."""
        self.submission = self.folder / f"submission-{next(self._numbers)}"
        self.submission.mkdir()
        self.toml = self.head

    def register(
        self,
        frame: pd.DataFrame,
        name: str = "claims",
        owners: Iterable[str] = ("dwp",),
        units: Iterable[str] = ("person_id",),
    ) -> None:
        """Add a dataset, as the catalogue does."""
        frame.to_parquet(self.data / f"{name}.parquet")
        with (self.data / "datasets.toml").open("a") as stream:
            stream.write(
                f"[{name}]\nowners = {list(owners)}\nunits = {list(units)}\npseudonyms = {list(units)}\n"
            )

    def declare(
        self, file: str, content: pd.DataFrame | pd.Series | str | bytes | None, /, **keys: Any
    ) -> None:
        """Put a file into the submission and declare it."""
        self.put(file, content)
        declared = {"file": file, "title": "a title", **keys}
        lines = [f"{key} = {_toml(value)}" for key, value in declared.items()]
        self.toml += "\n[[output]]\n" + "\n".join(lines) + "\n"

    def put(self, file: str, content: pd.DataFrame | pd.Series | str | bytes | None) -> None:
        """Put a file into the submission without declaring it."""
        if isinstance(content, pd.DataFrame | pd.Series):
            content = content.to_csv()
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            (self.submission / file).write_bytes(content)

    def check(self, *, ledger: bool = False, commit: bool = False) -> Result:
        """Ask the gate; the ledger is kept from submission to submission."""
        (self.submission / "submission.toml").write_text(self.toml)
        place = self.folder / LEDGER if ledger or commit else None
        return check_submission(self.submission, self.data, ledger=place, commit=commit)

    def only(self, **options: bool) -> OutputResult:
        """Ask the gate about the only output."""
        (output,) = self.check(**options).outputs
        return output


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return repr(value)


def rules(output: OutputResult) -> set[str]:
    """Ids of the rules that have something against an output."""
    return {finding.rule for finding in output.findings if finding.verdict.name != "PASS"}
