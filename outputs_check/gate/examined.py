"""What the examination of one output found, before the gate weighs it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from outputs_check.gate.equation import Equation
from outputs_check.gate.result import Finding
from outputs_check.gate.verdict import Evidence


@dataclass(frozen=True)
class Examined:
    """findings: by the rules. canonical: the gate's own bytes. submitted: what was parsed, for eyes only.

    equations: of the shown figures. positions: where the cells that equations name stand in the file.
    """

    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    canonical: bytes | None = None
    media_type: str = "text/csv"
    submitted: bytes | None = None
    equations: tuple[Equation, ...] = ()
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Write rows in the one dialect that leaves the lab."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()
