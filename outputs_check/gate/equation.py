"""The equation of a released table: which people every figure sums over, as a question to the data.

A footprint (the set of people) is the solution of an equation on one extract. The equation is small,
can be written down, and can be asked of the data again: the ledger keeps it beside the sets.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str | None, ...]
COUNT = "count"


@dataclass(frozen=True)
class Shown:
    """One figure that a reader sees. key: a label per dimension, None is the margin over it.

    name: as findings call it. figure: in counts of rows where the equation is one of counts, whatever
    form it was written in. slack: half the width of the interval in which a rounded count leaves the
    true one, 0 where it is exact.
    """

    key: Key
    name: str
    figure: float
    slack: float = 0.0


@dataclass(frozen=True)
class Equation:
    """A table as sums over the rows of an extract.

    origin: the file, or the earlier release. data, extract: dataset, and what its rows were read from.
    units: those the rules hold for. measure: COUNT, or "value:dataset:column"; only figures of one
    measure can be subtracted. additive: a figure is a sum over people, once their number is known
    (sums and means are, medians are not). dimensions, where (SQL), value, weight, denominator, binned:
    as in `Query`. protecting: the slack from which on a rounded count protects. shown: the figures.
    withheld: keys of the suppressed ones.
    """

    origin: str
    data: str
    extract: str
    units: tuple[str, ...]
    measure: str
    shown: tuple[Shown, ...]
    withheld: tuple[Key, ...] = ()
    additive: bool = True
    dimensions: tuple[str, ...] = ()
    where: str | None = None
    value: str | None = None
    weight: str | None = None
    denominator: str | None = None
    binned: tuple[str, tuple[float, ...]] | None = None
    protecting: float = math.inf

    def __post_init__(self) -> None:
        keys = [*(shown.key for shown in self.shown), *self.withheld]
        if any(len(key) != len(self.dimensions) for key in keys):
            raise ValueError("a key names a label, or the margin, for every dimension")

    @property
    def family(self) -> tuple[str, str, str]:
        """Dataset, extract and measure: figures of one family can be subtracted row by row."""
        return self.data, self.extract, self.measure

    @property
    def has_parts(self) -> bool:
        """Whether figures are parts of one another, or cells are left out."""
        return bool(self.withheld) or self.has_margins

    @property
    def has_margins(self) -> bool:
        """Whether a shown figure is the sum of others, shown or withheld."""
        return any(None in shown.key for shown in self.shown)

    @property
    def exact(self) -> tuple[Shown, ...]:
        """The shown figures that a reader can subtract."""
        return tuple(shown for shown in self.shown if shown.slack < self.protecting)

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers; a figure that is no number is null."""
        plain = dataclasses.asdict(self)
        plain["protecting"] = _plain(self.protecting)
        plain["shown"] = [[list(s.key), s.name, _plain(s.figure), _plain(s.slack)] for s in self.shown]
        return plain

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> Equation:
        """Read what `to_json` wrote."""
        fields = dict(plain)
        for name in ("units", "dimensions"):
            fields[name] = tuple(fields[name])
        fields["withheld"] = tuple(tuple(key) for key in fields["withheld"])
        if fields["binned"] is not None:
            column, edges = fields["binned"]
            fields["binned"] = (column, tuple(edges))
        if fields["protecting"] is None:
            fields["protecting"] = math.inf
        fields["shown"] = tuple(
            Shown(
                tuple(key), name, math.nan if figure is None else figure, math.inf if slack is None else slack
            )
            for key, name, figure, slack in fields["shown"]
        )
        return Equation(**fields)


def _plain(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
