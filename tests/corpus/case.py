"""What a case is: files under a declaration, earlier releases before them, and the verdict that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tests.corpus.people import OWNERS
from tests.corpus.tabulated import tabulated

Content = pd.DataFrame | pd.Series | str | bytes
Make = Callable[[pd.DataFrame], Content]
HEAD = {"project": "p1", "unit": "person_id"}
# Whose rules a statistic falls under; sums, means and ratios have several families.
FAMILY_OF = {
    "count": "frequencies",
    "proportion": "percentages",
    "median": "medians, percentiles",
    "percentile": "medians, percentiles",
    "std": "standard deviation",
    "gini": "concentration",
    "mode": "mode",
    "min": "minimum, maximum",
    "max": "minimum, maximum",
}


@dataclass(frozen=True)
class File:
    """One file. make: its content from the declared dataset. keys: its declaration, None for none.

    true: the file is what pandas makes of the declaration, so that another gate can be asked the same.
    """

    name: str
    make: Make
    keys: Mapping[str, Any] | None
    data: str = "claims"
    true: bool = False


@dataclass(frozen=True)
class Submission:
    """Files that are submitted together. head: the keys before the outputs."""

    files: tuple[File, ...]
    head: Mapping[str, Any] = field(default_factory=lambda: HEAD)


@dataclass(frozen=True)
class Case:
    """steps: submissions in order, the last is judged and those before it are released as approved.

    safe: every output of the last is wanted PASS; otherwise at least one of them is wanted not to be.
    """

    family: str
    name: str
    safe: bool
    steps: tuple[Submission, ...]

    @property
    def id(self) -> str:
        return f"{self.family}/{'safe' if self.safe else 'attack'}/{self.name}"


def table(make: Make | None = None, *, name: str = "table.csv", **keys: Any) -> File:
    """A declared table; without `make` it is the one that pandas makes of the declaration."""
    keys = {"data": "claims", **keys}
    honest: Make = lambda frame: tabulated(frame, keys)  # noqa: E731 - the name says what it is
    source = keys["data"] if keys["data"] in OWNERS else "claims"
    return File(name, make or honest, keys, source, true=make is None)


def loose(name: str, make: Make, data: str = "claims") -> File:
    """A file that nobody declared."""
    return File(name, make, None, data)


def other(name: str, make: Make, data: str = "claims", **keys: Any) -> File:
    """A declared file that is no table."""
    return File(name, make, keys, data)


def submission(*files: File, **head: Any) -> Submission:
    """Files submitted together; `head` overrides keys, None takes one out."""
    keys = {key: value for key, value in {**HEAD, **head}.items() if value is not None}
    named = [
        File(file.name if len(files) == 1 else f"{n}-{file.name}", file.make, file.keys, file.data, file.true)
        for n, file in enumerate(files, start=1)
    ]
    return Submission(tuple(named), keys)


def attack(family: str, name: str, *files: File, after: tuple[Submission, ...] = (), **head: Any) -> Case:
    """A disclosive case: not all of its outputs may be PASS."""
    return Case(family, name, False, (*after, submission(*files, **head)))


def safe(family: str, name: str, *files: File, after: tuple[Submission, ...] = (), **head: Any) -> Case:
    """A safe case: every output has to be PASS."""
    return Case(family, name, True, (*after, submission(*files, **head)))
