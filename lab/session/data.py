"""The project's extract: what is in it, and its tables as Dask DataFrames."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
from dask.diagnostics.progress import ProgressBar

from lab.base.errors import NotFound
from lab.base.room import DATA
from lab.clusters import embedded


def catalogue(data: Path = DATA) -> pd.DataFrame:
    """Return the variables of the extract: one row each, with dataset, type, meaning and code list."""
    rows = [
        {
            "dataset": dataset["name"],
            "variable": variable["name"],
            "type": variable["type"],
            "description": variable.get("description", ""),
            "codes": variable.get("codes") or {},
            "rows": dataset["rows"],
            "owners": ", ".join(dataset["owners"]),
        }
        for dataset in _datasets(data)
        for variable in dataset["variables"]
    ]
    return pd.DataFrame(rows).set_index(["dataset", "variable"])


def extract(name: str, data: Path = DATA) -> dd.DataFrame:
    """Return a dataset of the extract as a Dask DataFrame, its columns in the catalogue's order.

    Raises:
        NotFound: the extract has no dataset of that name.
    """
    datasets = {dataset["name"]: dataset for dataset in _datasets(data)}
    if name not in datasets:
        known = ", ".join(sorted(datasets))
        raise NotFound("the extract has no such dataset", where=name, remedy=f"choose one of: {known}")
    _show_progress()
    frame: dd.DataFrame = dd.read_parquet(data / name)
    if "year" in frame.columns and isinstance(frame["year"].dtype, pd.CategoricalDtype):
        # The year of a part stands in its folder's name, where it is text.
        frame["year"] = frame["year"].astype("int64")
    ordered: dd.DataFrame = frame[[variable["name"] for variable in datasets[name]["variables"]]]
    return ordered


def cluster(workers: int | None = None) -> Any:
    """Return a client of this session's cluster, started at the first call and sized to its limits."""
    return embedded.client(workers)


@cache
def _show_progress() -> None:
    # Whatever takes longer than two seconds shows a bar.
    ProgressBar(minimum=2.0).register()  # type: ignore[no-untyped-call]


def _datasets(data: Path) -> list[dict[str, Any]]:
    try:
        manifest = json.loads((data / "manifest.json").read_bytes())
    except FileNotFoundError as error:
        raise NotFound(
            "there is no extract here", where=str(data), remedy="use this in a session of a project"
        ) from error
    datasets: list[dict[str, Any]] = manifest["datasets"]
    return datasets
