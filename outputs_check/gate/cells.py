"""The cell of a table, as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.declaration import Output
from outputs_check.gate.facts import CellFacts


@dataclass(frozen=True)
class TableContext:
    """What the rules know about the whole table, for one unit.

    flag: every value in the table is one of two. all_zero: all are 0.
    """

    output: Output
    appetite: RiskAppetite
    unit: str
    flag: bool = False
    all_zero: bool = False


@dataclass(frozen=True)
class Cell:
    """One shown cell. base: facts of the denominator of a normalised proportion.

    structural: declared as impossible, and indeed nowhere in the data. closed: so are all other cells of
    the line whose share it is.
    """

    name: str
    facts: CellFacts
    base: CellFacts | None = None
    structural: bool = False
    closed: bool = False
