"""Risk appetites: one TOML file per data owner, the strictest value of every field wins.

Rulebook, "Units and appetites". A submission can add owners and so only tighten; nothing in it can
take an owner away.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab.base.errors import BadInput
from lab.base.files import canonical_json, sha256_bytes
from outputs_check.gate.verdict import Evidence, Verdict

_FOLDER = Path(__file__).parent / "appetites"
DEFAULT = "default"


@dataclass(frozen=True)
class RiskAppetite:
    """What the owners of a project's data accept. People are distinct, non-null, unweighted units.

    threshold: people. dominance_one, dominance_two: shares of a cell's absolute total that the largest
    and the two largest people may hold. p_percent: in percent. zero_counts: verdict of a count of nobody.
    membership_auc: the area under the curve that an attack on a model's members may reach. evidence: the
    best verdict each level may become.
    """

    owners: tuple[str, ...]
    threshold: int
    residual_dof: int
    dominance_one: float
    dominance_two: float
    p_percent: float
    rounding_base: int
    rounding_obligatory: bool
    checkers: int
    zero_counts: Verdict
    max_table_cells: int
    membership_auc: float
    evidence: tuple[tuple[Evidence, Verdict], ...]

    def __post_init__(self) -> None:
        positive = (
            self.threshold,
            self.residual_dof,
            self.rounding_base,
            self.checkers,
            self.max_table_cells,
        )
        shares = (self.dominance_one, self.dominance_two, self.membership_auc)
        if min(positive) < 1 or not all(0 < share <= 1 for share in shares) or self.p_percent < 0:
            raise BadInput("a risk appetite has an impossible value", where=", ".join(self.owners))

    @property
    def digest(self) -> str:
        """SHA-256 over every field: what an approval was given under."""
        return sha256_bytes(canonical_json(_plain(dataclasses.asdict(self))))

    def is_dominated(self, one: float, two: float) -> bool:
        """Whether the largest, or the two largest, hold too much of a total; their shares of it."""
        return one > self.dominance_one or two > self.dominance_two

    def best(self, evidence: Evidence) -> Verdict:
        """The best verdict that an output with this evidence may have."""
        return dict(self.evidence)[evidence]


def known_owners() -> frozenset[str]:
    """Owners that have an appetite of their own."""
    return frozenset(path.stem for path in _FOLDER.glob("*.toml")) - {DEFAULT}


def strictest(owners: Iterable[str]) -> RiskAppetite:
    """Resolve the appetite of data that these owners share; an owner without a file has the default.

    Raises:
        BadInput: an appetite file is not what it has to be.
    """
    names = tuple(sorted(set(owners)))
    packs = [_pack(name if name in known_owners() else DEFAULT) for name in names] or [_pack(DEFAULT)]
    fields = {field: choose(pack[field] for pack in packs) for field, choose in _STRICTER.items()}
    return RiskAppetite(owners=names, **fields)


def _strictest_evidence(
    levels: Iterable[Mapping[Evidence, Verdict]],
) -> tuple[tuple[Evidence, Verdict], ...]:
    packs = list(levels)
    return tuple((level, max(pack[level] for pack in packs)) for level in Evidence)


_STRICTER: dict[str, Callable[[Iterable[Any]], Any]] = {
    "threshold": max,
    "residual_dof": max,
    "dominance_one": min,
    "dominance_two": min,
    "p_percent": max,
    "rounding_base": max,
    "rounding_obligatory": any,
    "checkers": max,
    "zero_counts": max,
    "max_table_cells": min,
    "membership_auc": min,
    "evidence": _strictest_evidence,
}


@cache
def _pack(name: str) -> Mapping[str, Any]:
    values = _load(name) if name == DEFAULT else {**_load(DEFAULT), **_load(name)}
    if unknown := set(values) - set(_STRICTER):
        raise BadInput(f"unknown fields {sorted(unknown)}", where=f"appetite of {name}")
    try:
        values["zero_counts"] = Verdict[values["zero_counts"]]
        values["evidence"] = {level: Verdict[values["evidence"][level.value]] for level in Evidence}
    except KeyError as error:
        raise BadInput(f"not a verdict or a level: {error}", where=f"appetite of {name}") from None
    return values


def _load(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", where=f"appetite of {name}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Evidence | Verdict):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
