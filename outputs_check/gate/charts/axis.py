"""The categories along one side of a chart: in which order, and how far apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

_PERIOD = re.compile(r"(1[89]|20)\d\d([-/ ]?(Q[1-4]|W?\d{2}|\d{4}))?(-\d\d)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FEWEST_OF_A_SCALE = 3  # two years are compared as bars, three are a course


@dataclass(frozen=True)
class Axis:
    """The categories of a dimension. positions: where each stands on a scale; empty for names in no order."""

    name: str
    labels: tuple[str, ...]
    positions: tuple[float, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether a line from one category to the next means anything."""
        return bool(self.positions)

    @property
    def is_a_scale(self) -> bool:
        """Ordered, and long enough to be shown as a course."""
        return self.ordered and len(self.labels) >= _FEWEST_OF_A_SCALE

    @cached_property
    def places(self) -> dict[str, int]:
        """Category -> its place on the axis."""
        return {label: place for place, label in enumerate(self.labels)}


def axis_of(name: str, kind: str, texts: Sequence[str]) -> Axis:
    """The axis of a column of a kind (number, truth, time, text), whose labels come as a file has them."""
    distinct = list(dict.fromkeys(texts))
    positions = {label: _position(kind, label) for label in distinct}
    known = {label: position for label, position in positions.items() if position is not None}
    if len(known) < len(distinct):
        periods = all(_PERIOD.fullmatch(label) for label in distinct)
        months = kind == "text" and all(label[:3].lower() in _MONTHS for label in distinct)
        if not periods and not months:
            return Axis(name, tuple(distinct))
        distinct.sort(key=(lambda label: str(_MONTHS.index(label[:3].lower()) + 10)) if months else None)
        return Axis(name, tuple(distinct), tuple(float(place) for place in range(len(distinct))))
    ordered = sorted(distinct, key=lambda label: known[label])
    return Axis(name, tuple(ordered), tuple(known[label] for label in ordered))


def _position(kind: str, label: str) -> float | None:
    try:
        if kind == "number":
            return float(label)
        if kind == "time":
            moment = datetime.fromisoformat(label)
            return moment.toordinal() + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
    except ValueError:
        return None
    return None


def joined(
    axes: Sequence[Axis], keys: Collection[tuple[int, ...]]
) -> tuple[Axis, dict[tuple[int, ...], int]]:
    """One axis for the combinations of several that occur, and the place of each combination."""
    present = sorted(keys)
    labels = (
        " · ".join(axis.labels[place] for axis, place in zip(axes, key, strict=True)) for key in present
    )
    name = ", ".join(axis.name for axis in axes)
    positions = axes[0].positions if len(axes) == 1 else ()
    return Axis(name, tuple(labels), positions), {key: place for place, key in enumerate(present)}
