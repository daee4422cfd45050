"""What is asked of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outputs_check.gate.columns import Binned
from outputs_check.gate.data import Dataset


@dataclass(frozen=True)
class Query:
    """A table to be computed. `where` is SQL that `safe_where` wrote; names are the schema's.

    binned: a numeric column and rising edges; the dimension BIN is the bin [left, right) of it, the last
    one closed.
    """

    dataset: Dataset
    types: Mapping[str, str]
    dimensions: tuple[str, ...] = ()
    where: str | None = None
    value: str | None = None
    weight: str | None = None
    denominator: str | None = None
    binned: Binned | None = None
