"""What came of the attempts: a line each, totals by family, and the ways that stay."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lab.escape.attempt import FAMILIES, Outcome, Tried
from lab.escape.suite import RESIDUALS


def totals(tried: Sequence[Tried]) -> dict[int, Counter[Outcome]]:
    """Return how many attempts of each family came to what."""
    found: dict[int, Counter[Outcome]] = {}
    for each in tried:
        found.setdefault(each.attempt.family, Counter())[each.outcome] += 1
    return dict(sorted(found.items()))


def as_json(tried: Sequence[Tried]) -> dict[str, Any]:
    """Return everything for machines."""
    overall = Counter(each.outcome for each in tried)
    return {
        "attempts": [
            {
                "id": each.attempt.id,
                "family": each.attempt.family,
                "what": each.attempt.what,
                "source": each.attempt.source,
                "outcome": each.outcome.value,
                "door_open": each.door_open.told,
                "door_shut": each.door_shut.told,
            }
            for each in tried
        ],
        "families": {
            str(family): {"name": FAMILIES[family], **_counts(counted)}
            for family, counted in totals(tried).items()
        },
        "totals": {"attempts": len(tried), **_counts(overall)},
        "residual": [
            {"family": each.family, "what": each.what, "why": each.why}
            for each in RESIDUALS
            if each.family in totals(tried)
        ],
    }


def lines(tried: Sequence[Tried]) -> list[str]:
    """Return a line for each attempt, then totals, then what stays."""
    said = [
        f"{each.outcome.value:<17} {each.attempt.family:>2}  {each.attempt.id:<34} {each.attempt.what}"
        for each in tried
    ]
    said += ["", f"{'family':<46}{'attempts':>9}{'closed':>8}{'OPEN':>6}{'not provable here':>19}"]
    counted = totals(tried)
    for family, outcomes in counted.items():
        said.append(_row(f"{family:>2} {FAMILIES[family]}", outcomes))
    said.append(_row("   together", sum(counted.values(), Counter())))
    said += ["", "ways that stay, and why:"]
    said += [f"  {each.family:>2}  {each.what}: {each.why}" for each in RESIDUALS if each.family in counted]
    return said


def _row(name: str, counted: Counter[Outcome]) -> str:
    closed, opened, unproven = (counted[each] for each in (Outcome.CLOSED, Outcome.OPEN, Outcome.UNPROVEN))
    return f"{name:<46}{counted.total():>9}{closed:>8}{opened:>6}{unproven:>19}"


def _counts(counted: Counter[Outcome]) -> dict[str, int]:
    return {
        "closed": counted[Outcome.CLOSED],
        "open": counted[Outcome.OPEN],
        "not_provable_here": counted[Outcome.UNPROVEN],
    }
