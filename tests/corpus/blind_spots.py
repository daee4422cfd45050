"""What the gate is known to get wrong, and why; the scorecard shows every entry.

A case that is right although it stands here is no fault; the scorecard says that its entry can go.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

# Pattern of case ids -> reason.
KNOWN: dict[str, str] = {}


def reason(case_id: str) -> str | None:
    """Why a case is known to come out wrong, None where it is not."""
    return next((why for pattern, why in KNOWN.items() if fnmatchcase(case_id, pattern)), None)
