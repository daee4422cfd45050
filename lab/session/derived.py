"""Datasets that a researcher derives: kept in the workspace, sent along with what was computed from them.

The gate recomputes tables of a derived dataset from it (evidence B): every person in it has to be in its
sources, and a person looks at its lineage, because its values are the researcher's own.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.errors import BadInput
from lab.base.files import sha256_file
from lab.base.room import WORKSPACE

_FOLDER, _SUFFIX = "derived", ".derived.parquet"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True)
class DerivedDataset:
    """A registered derived dataset: its name is what a table's `data` says."""

    name: str
    sources: tuple[str, ...]
    lineage: str
    path: Path


def derive(
    frame: Any, name: str, *, sources: Sequence[str], lineage: str | Path, workspace: Path = WORKSPACE
) -> DerivedDataset:
    """Register a derived dataset, so that tables can declare `data=name`.

    Args:
        frame: a pandas or Dask DataFrame with the unit columns of its sources, as the extract has them.
        name: a plain name that the extract does not use.
        sources: datasets of the extract that it was made from.
        lineage: how it was made, in one line; or the path of the notebook that made it.

    Raises:
        BadInput: a name that is not plain, no source, no lineage.
    """
    if not _NAME.fullmatch(name):
        raise BadInput("not a plain name", where=name, remedy="use letters, digits, - and _")
    if not sources:
        raise BadInput("a derived dataset has sources", where=name, remedy="name datasets of the extract")
    words = _notebook(lineage) if isinstance(lineage, Path) else " ".join(lineage.split())
    if not words:
        raise BadInput("a derived dataset has a lineage", where=name, remedy="say how it was made")
    path = workspace / _FOLDER / f"{name}{_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = frame.compute() if hasattr(frame, "compute") else frame
    whole.to_parquet(path, index=False)
    dataset = DerivedDataset(name, tuple(sources), words, path)
    told = {"sources": list(dataset.sources), "lineage": words}
    path.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
    return dataset


def derived_dataset(name: str, workspace: Path) -> DerivedDataset | None:
    """Return the derived dataset of a name, None where there is none."""
    path = workspace / _FOLDER / f"{name}{_SUFFIX}"
    try:
        told = json.loads(path.with_suffix(".json").read_bytes())
    except OSError:
        return None
    return DerivedDataset(name, tuple(told["sources"]), told["lineage"], path)


def _notebook(path: Path) -> str:
    if not path.is_file():
        raise BadInput("there is no such notebook", where=str(path), remedy="save it first")
    return f"{path.name}, SHA-256 {sha256_file(path)}"
