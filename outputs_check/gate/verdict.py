"""The two ordered scales of the gate: how bad a finding is, and how much we know."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum


class Verdict(IntEnum):
    """PASS < REVIEW < BLOCK. The value is the exit status of `outputs-check check`."""

    PASS = 0
    REVIEW = 10
    BLOCK = 20

    @staticmethod
    def worst(verdicts: Iterable[Verdict]) -> Verdict:
        """The worst of them. Empty is not safe: no verdict at all is REVIEW."""
        return max(verdicts, default=Verdict.REVIEW)


class Evidence(Enum):
    """What a verdict rests on; A is the best.

    A: recomputed from the granted extract. B: recomputed from a registered derived dataset.
    C: counts declared beside the table. D: none.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"
