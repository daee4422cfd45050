"""What the examinations of one submission share."""

from __future__ import annotations

from dataclasses import dataclass

from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import Output
from outputs_check.gate.examined import Examined
from outputs_check.gate.rules.identifiers import Pseudonyms
from outputs_check.gate.verdict import Verdict


@dataclass(frozen=True)
class Judged:
    """An output that was examined before: how it stands, and the bytes that would leave."""

    verdict: Verdict
    examined: Examined


@dataclass(frozen=True)
class Room:
    """What every examination of one submission shares. judged: the outputs that were examined before."""

    data: DataFolder
    unit: str
    pseudonyms: Pseudonyms
    judged: dict[Output, Judged]
