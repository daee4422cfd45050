"""What the gate is known to get wrong, and why; the scorecard shows every entry.

A case that is right although it stands here is no fault; the scorecard says that its entry can go.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_CHAINS = "chains of several tables are not solved for"

# Pattern of case ids -> reason.
KNOWN: dict[str, str] = {
    "Kaplan-Meier/safe/*": "survival curves are not recomputed",
    "chains of tables/attack/*": _CHAINS,
    "two tables/attack/finer and coarser bands that do not nest": _CHAINS,
    "two tables/attack/a correlation of all and of all but one": "correlations are not compared",
    "correlation/attack/*flag*": "a 0/1 variable in a correlation is not held against the frequency rule",
    "percentages/attack/a ratio with few in the denominator": "a flag in the denominator is not judged",
    "regression/safe/logit: employed ~ age + hours": "a boolean outcome is coded the other way round",
    "regression/safe/ols: weekly ~ C(grade)": "levels of whole numbers with gaps are named without '.0'",
}


def reason(case_id: str) -> str | None:
    """Why a case is known to come out wrong, None where it is not."""
    return next((why for pattern, why in KNOWN.items() if fnmatchcase(case_id, pattern)), None)
