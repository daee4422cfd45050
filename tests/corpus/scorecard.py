"""The scorecard: per family of rules, what was caught and what was stopped wrongly, beside the peer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.corpus.blind_spots import reason
from tests.corpus.verdicts import Outcome

BEGIN, END = "<!-- scorecard -->", "<!-- /scorecard -->"
_HEAD = (
    "| rules | disclosive | caught | safe | passed | ACRO: caught | ACRO: passed |\n"
    "|---|---:|---:|---:|---:|---:|---:|\n"
)


def scorecard(outcomes: Sequence[Outcome], peer: Mapping[str, Any]) -> str:
    """A table in Markdown, and what is known to come out wrong."""
    families = list(dict.fromkeys(outcome.case.family for outcome in outcomes))
    rows = [_row(name, [o for o in outcomes if o.case.family == name], peer["verdicts"]) for name in families]
    total = _row("**all**", outcomes, peer["verdicts"])
    note = (
        f"\nACRO {peer['version']}, asked on {peer['date']} with suppression off, only what it has a call for"
        " (its figures are of that many cases). A disclosive case is caught when not all of its outputs are"
        " PASS.\n"
    )
    known = Counter(why for outcome in outcomes if not outcome.right and (why := reason(outcome.case.id)))
    spots = "".join(f"\n- {why}: {number}" for why, number in known.items())
    return (
        _HEAD
        + "\n".join([*rows, total])
        + "\n"
        + note
        + (f"\nKnown blind spots:\n{spots}\n" if spots else "")
    )


def _row(name: str, outcomes: Sequence[Outcome], verdicts: Mapping[str, str]) -> str:
    cells = [name]
    for safe in (False, True):
        side = [outcome for outcome in outcomes if outcome.case.safe is safe]
        cells += [str(len(side)), str(sum(outcome.right for outcome in side))] if side else ["–", "–"]
    for safe in (False, True):
        asked = [
            verdicts[outcome.case.id] == "pass"
            for outcome in outcomes
            if outcome.case.safe is safe and verdicts.get(outcome.case.id) in {"pass", "fail"}
        ]
        cells.append(f"{sum(passed is safe for passed in asked)} of {len(asked)}" if asked else "not covered")
    return "| " + " | ".join(cells) + " |"


def faults(outcomes: Sequence[Outcome]) -> str:
    """Every case that came out wrong, and what was said of it."""
    lines = []
    for outcome in outcomes:
        known = reason(outcome.case.id)
        if not outcome.right:
            said = (
                f"{', '.join(outcome.rules)}: {' / '.join(outcome.messages[:2])[:200]}"
                if outcome.rules
                else "PASS"
            )
            lines.append(f"{'known' if known else 'WRONG'}  {outcome.case.id}  {said}")
        elif known:
            lines.append(f"right now, no longer a blind spot: {outcome.case.id}")
    return "\n".join(lines)


def written_into(readme: str, text: str) -> str:
    """The README with the scorecard between its markers.

    Raises:
        ValueError: the markers are not there.
    """
    before, _, rest = readme.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{text}{END}{after}"
