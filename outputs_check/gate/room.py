"""What the examinations of one submission share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined
from outputs_check.gate.result import Finding
from outputs_check.gate.rules.identifiers import Pseudonyms
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.parsed import Parsed


@dataclass(frozen=True)
class Judged:
    """An output that was examined before: how it stands, and the bytes that would leave."""

    verdict: Verdict
    examined: Examined


@dataclass(frozen=True)
class Room:
    """What every examination of one submission shares.

    parsed: every file of the submission. reproduced: what came of running its notebooks again, by file.
    judged: the outputs that were examined before.
    """

    data: DataFolder
    unit: str
    pseudonyms: Pseudonyms
    parsed: Mapping[str, Parsed]
    reproduced: Mapping[str, tuple[Finding, ...]]
    judged: dict[Output, Judged]
