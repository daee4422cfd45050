"""Every case, in a fixed order, each id once."""

from __future__ import annotations

from functools import cache

from tests.corpus.attacks import (
    declarations,
    forgeries,
    linked,
    magnitudes,
    models_and_charts,
    people_and_counts,
)
from tests.corpus.case import Case
from tests.corpus.honest import filters, layouts, spellings, tables, whole
from tests.corpus.honest import linked as linked_safely

ATTACKS = (people_and_counts, magnitudes, linked, models_and_charts, declarations, forgeries)
HONEST = (tables, layouts, spellings, filters, linked_safely, whole)


@cache
def every_case() -> tuple[Case, ...]:
    """All cases.

    Raises:
        ValueError: two cases have one id.
    """
    found = tuple(case for module in (*ATTACKS, *HONEST) for case in module.cases())
    ids = [case.id for case in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"twice: {sorted({name for name in ids if ids.count(name) > 1})}")
    return found


@cache
def by_id() -> dict[str, Case]:
    """All cases by their ids."""
    return {case.id: case for case in every_case()}
