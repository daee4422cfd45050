"""What a rule is, and how what it says about many cells becomes one finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outputs_check.gate.result import Finding
from outputs_check.gate.verdict import Verdict

_SHOWN = 5


@dataclass(frozen=True)
class Rule:
    """A rule: its id, the row of the rulebook or the paper it stands on, the smallest remedy."""

    id: str
    source: str
    remedy: str

    def finding(
        self,
        verdict: Verdict,
        message: str,
        *,
        cells: Iterable[str] = (),
        at: Iterable[tuple[int, int]] = (),
        remedy: str = "",
    ) -> Finding:
        return Finding(self.id, verdict, message, tuple(cells), self.source, remedy or self.remedy, tuple(at))

    def block(self, message: str, remedy: str = "") -> Finding:
        return self.finding(Verdict.BLOCK, message, remedy=remedy)

    def review(self, message: str, remedy: str = "") -> Finding:
        return self.finding(Verdict.REVIEW, message, remedy=remedy)


@dataclass(frozen=True)
class Violation:
    """What one rule has against one cell; `detail` goes behind the cell's name ("3 people")."""

    rule: Rule
    verdict: Verdict
    sentence: str
    detail: str


class Blocked(Exception):
    """Ends the check of one output with the finding that explains why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def gathered(violations: Iterable[tuple[str, tuple[int, int], Violation]]) -> list[Finding]:
    """Turn (cell, position, violation) into one finding per rule, verdict and sentence."""
    groups: dict[tuple[Rule, Verdict, str], list[tuple[str, tuple[int, int], str]]] = {}
    for cell, at, violation in violations:
        key = (violation.rule, violation.verdict, violation.sentence)
        groups.setdefault(key, []).append((cell, at, violation.detail))
    return [
        rule.finding(
            verdict,
            f"{sentence}: {_listed([f'{cell} ({detail})' for cell, _, detail in members])}",
            cells=dict.fromkeys(cell for cell, _, _ in members),
            at=dict.fromkeys(at for _, at, _ in members),
        )
        for (rule, verdict, sentence), members in groups.items()
    ]


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _SHOWN
    return "; ".join(items[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
