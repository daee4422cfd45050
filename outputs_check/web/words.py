"""How the pages say states, verdicts and times."""

from datetime import UTC, datetime

from outputs_check.gate.verdict import Verdict
from outputs_check.review.transitions import State

_STATES = {
    State.SUBMITTED: "waiting for the gate",
    State.CHECKING: "at the gate",
    State.RETURNED: "returned for changes",
    State.IN_REVIEW: "in review",
    State.APPROVED: "approved, to be released",
    State.REJECTED: "rejected",
    State.RELEASED: "released",
    State.WITHDRAWN: "withdrawn",
}
_NEXT = {
    State.SUBMITTED: "The gate will check it within seconds. Load the page again.",
    State.CHECKING: "The gate is checking it. Load the page again in a few seconds.",
    State.RETURNED: "Your turn: change what the findings and comments name, then submit it again.",
    State.IN_REVIEW: "Output checkers are looking at it. You need not do anything.",
    State.APPROVED: "An output checker will release what was approved.",
    State.REJECTED: "Nothing of it will be released. The comments say why.",
    State.RELEASED: "What was approved has been released.",
    State.WITHDRAWN: "You took it back.",
}
_EVIDENCE = {
    "A": "recomputed from the granted extract",
    "B": "recomputed from a registered derived dataset",
    "C": "counts declared beside it, not recomputed",
    "D": "nothing to recompute it from",
}
_SYMBOLS = {Verdict.PASS: "✓", Verdict.REVIEW: "?", Verdict.BLOCK: "✕"}
_CHOICES = {"approve": "approved", "changes": "changes requested", "reject": "rejected", "blocked": "blocked"}
_SAID = {"approve": "approves", "changes": "asks for changes", "reject": "rejects"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def state(value: State) -> str:
    """Return a state in words."""
    return _STATES[value]


def what_next(value: State) -> str:
    """Return what a researcher has to do, or to wait for."""
    return _NEXT[value]


def evidence(level: str) -> str:
    """Return what an evidence level means."""
    return _EVIDENCE[level]


def symbol(verdict: Verdict) -> str:
    """Return the sign that stands beside a verdict's name, so that it is not told by colour alone."""
    return _SYMBOLS[verdict]


def outcome(value: str) -> str:
    """Return a decision in words."""
    return _CHOICES[value]


def said(choice: str) -> str:
    """Return what somebody does who votes so."""
    return _SAID[choice]


def moment(value: str) -> str:
    """Return a time as people write it."""
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")


def age(value: str) -> str:
    """Return how long ago a time is."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(value)).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds // _DAY:.0f} days"


FILTERS = {
    "state": state,
    "what_next": what_next,
    "evidence": evidence,
    "symbol": symbol,
    "outcome": outcome,
    "said": said,
    "moment": moment,
    "age": age,
}
