"""datasets.toml: what the catalogue says of the datasets of a data folder, and a researcher cannot."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.base.errors import BadInput

Registry = Mapping[str, Mapping[str, Any]]


def read_registry(path: Path) -> Registry:
    """Read the entries by name, each with its owners, units and pseudonyms; none where there is no file.

    Raises:
        BadInput: not what the catalogue writes.
    """
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not TOML: {error}", where=str(path)) from None
    registry: dict[str, dict[str, Any]] = {}
    for name, entry in values.items():
        if not isinstance(entry, dict) or not _has_lists(entry):
            raise BadInput(f"the entry of '{name}' needs lists of owners and units", where=str(path))
        registry[name] = {"pseudonyms": list(entry["units"]), **entry}
    for name, entry in registry.items():
        if "derived_from" in entry and not _is_derived(registry, name):
            what = f"the entry of '{name}' is derived from other entries, with their units and a lineage"
            raise BadInput(what, where=str(path))
    return registry


def owners_of(registry: Registry, name: str) -> tuple[str, ...]:
    """Owners of a registered dataset, and of all that it was derived from."""
    owners: dict[str, None] = {}
    for each in _ancestry(registry, name):
        owners |= dict.fromkeys(registry[each]["owners"])
    return tuple(owners)


def _ancestry(registry: Registry, name: str) -> tuple[str, ...]:
    """The dataset and what it was made from, however far back; each once."""
    found, waiting = dict[str, None](), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = None
            waiting += registry[each].get("derived_from", [])
    return tuple(found)


def _is_derived(registry: Registry, name: str) -> bool:
    entry = registry[name]
    sources = entry["derived_from"]
    if not isinstance(entry.get("lineage"), str) or not isinstance(sources, list) or not sources:
        return False
    if any(not isinstance(source, str) or source not in registry for source in sources):
        return False
    units = {unit for source in sources for unit in registry[source]["units"]}
    return units >= set(entry["units"]) and all(name not in _ancestry(registry, each) for each in sources)


def _has_lists(entry: Mapping[str, Any]) -> bool:
    return all(
        isinstance(entry.get(key), list) and entry[key] and all(isinstance(item, str) for item in entry[key])
        for key in ("owners", "units")
    ) and isinstance(entry.get("pseudonyms", []), list)
