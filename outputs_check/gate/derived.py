"""Datasets that a researcher derived: what a submission declares of them, and the files the gate makes.

    [[derived]]
    name = "cohort"                       # its file is cohort.derived.parquet
    sources = ["claims"]                  # registered datasets
    lineage = "cohort.ipynb, cells 1-7"   # how it was made, for the checkers

Nothing can be loosened by it: owners and units are those of its sources, and the evidence is B.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lab.base.files import sha256_bytes
from outputs_check.gate.folder import read_file
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import derived as rules
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers import limits
from outputs_check.parsers.derived import read_derived
from outputs_check.parsers.parsed import Refused

SUFFIX = ".derived.parquet"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_MOST, _LONGEST = 10, 500
_KEYS = {"name", "sources", "lineage"}


@dataclass(frozen=True)
class DerivedEntry:
    """What a submission says of a derived dataset. sources: registered datasets; lineage: free words."""

    name: str
    sources: tuple[str, ...]
    lineage: str

    @property
    def file(self) -> str:
        """Its file in the submission's folder."""
        return self.name + SUFFIX


@dataclass(frozen=True)
class Derived:
    """A derived dataset as the gate rebuilt it. refused: why there is none; digest: SHA-256 of the upload."""

    entry: DerivedEntry
    file: Path
    digest: str = ""
    refused: Finding | None = None


def read_entries(values: Mapping[str, Any]) -> tuple[tuple[DerivedEntry, ...], list[Finding]]:
    """Read the `derived` tables of a declaration, to the letter or not at all."""
    tables = values.get("derived", [])
    if not isinstance(tables, list) or len(tables) > _MOST:
        return (), [rules.DECLARATION.block(f"'derived' is not a list of at most {_MOST} tables")]
    entries = [_entry(table) for table in tables]
    good = tuple(entry for entry in entries if entry is not None)
    if len(good) < len(entries):
        keys = ", ".join(sorted(_KEYS))
        return (), [
            rules.DECLARATION.block(f"every 'derived' has {keys}: a plain name, a list of names, a line")
        ]
    if len({entry.name for entry in good}) < len(good):
        return (), [rules.DECLARATION.block("a derived dataset is declared more than once")]
    return good, []


def _entry(table: Any) -> DerivedEntry | None:
    if not isinstance(table, dict) or set(table) != _KEYS:
        return None
    name, sources, lineage = table["name"], table["sources"], table["lineage"]
    names = [name, *sources] if isinstance(sources, list) and sources else []
    plain = bool(names) and all(isinstance(each, str) and _NAME.fullmatch(each) for each in names)
    line = isinstance(lineage, str) and 0 < len(lineage.strip()) <= _LONGEST and lineage.isprintable()
    return DerivedEntry(name, tuple(dict.fromkeys(sources)), lineage.strip()) if plain and line else None


def rebuild(folder: Path, entries: Sequence[DerivedEntry], place: Path) -> tuple[Derived, ...]:
    """Read the files of derived datasets in a sandbox; write the gate's own files into `place`.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
    """
    return tuple(_rebuilt(folder, entry, place / f"{entry.name}.parquet") for entry in entries)


def _rebuilt(folder: Path, entry: DerivedEntry, file: Path) -> Derived:
    data = read_file(folder / entry.file, limits.MAX_DERIVED_BYTES)
    if isinstance(data, Refused):
        return Derived(entry, file, refused=_finding(data))
    table = read_derived(data)
    if isinstance(table, Refused):
        return Derived(entry, file, refused=_finding(table))
    pq.write_table(table, file)
    return Derived(entry, file, sha256_bytes(data))


def _finding(refused: Refused) -> Finding:
    return Finding(refused.rule, Verdict.BLOCK, refused.message, (), "Rulebook, 'Files'", refused.remedy)
