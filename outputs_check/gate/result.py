"""What the gate answers: findings per output, a verdict, and the bytes that may leave.

Everything is frozen and valid from construction: an output cannot carry a verdict better than its
worst finding, nor releasable bytes once it is blocked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lab.base.files import sha256_bytes
from outputs_check.gate.verdict import Evidence, Verdict


def released_name(file: str) -> str:
    """The name under which an output leaves: its own, with .png after that of a jpg, which is drawn anew."""
    return f"{file}.png" if PurePosixPath(file).suffix.lower() in {".jpg", ".jpeg"} else file


@dataclass(frozen=True)
class Finding:
    """One sentence about one output, for the researcher and for the checker.

    rule: id of the rule ("threshold.people"). message: what is wrong. cells: in which cells, as
    "region=North, sex=F". source: the row of the rulebook or the paper. remedy: the smallest change
    that would make the output safe. at: the same cells as (row, column) of the file, counted from 0
    with the header, so that a page can mark them; not part of the JSON answer.
    """

    rule: str
    verdict: Verdict
    message: str
    cells: tuple[str, ...] = ()
    source: str = ""
    remedy: str = ""
    at: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "verdict": self.verdict.name,
            "message": self.message,
            "cells": list(self.cells),
            "source": self.source,
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class OutputResult:
    """The gate's answer for one file.

    canonical: the gate's own bytes, rebuilt from what it recomputed; None when the output is blocked.
    submitted: what the file was parsed to, rebuilt for the checker's eyes only; never released.
    media_type: of both ("text/csv", "image/png", "text/plain").
    """

    file: str
    verdict: Verdict
    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    canonical: bytes | None = field(default=None, repr=False)
    title: str = ""
    media_type: str = "application/octet-stream"
    submitted: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.findings and self.verdict < Verdict.worst(f.verdict for f in self.findings):
            raise ValueError(f"{self.file}: the verdict is better than its worst finding")
        if self.verdict is Verdict.BLOCK and self.canonical is not None:
            raise ValueError(f"{self.file}: a blocked output has no bytes to release")

    @property
    def sha256(self) -> str | None:
        """Hex digest of the canonical bytes: what an approval is bound to."""
        return None if self.canonical is None else sha256_bytes(self.canonical)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "verdict": self.verdict.name,
            "evidence": self.evidence.name,
            "findings": [f.to_json() for f in self.findings],
        }


@dataclass(frozen=True)
class Result:
    """The gate's answer for one submission.

    appetite_digest: digest of the resolved risk appetite the verdicts were given under ("" when the
    submission was unreadable). checkers: how many people that appetite asks to decide.
    """

    outputs: tuple[OutputResult, ...]
    project: str = ""
    appetite_digest: str = ""
    checkers: int = 2

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its outputs; a submission without outputs is REVIEW at best."""
        return Verdict.worst(output.verdict for output in self.outputs)

    def to_json(self) -> dict[str, Any]:
        return {"verdict": self.verdict.name, "outputs": [output.to_json() for output in self.outputs]}
