"""Notebooks to write specifications with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd


def notebook(*cells: str, outputs: Sequence[Any] = ()) -> bytes:
    """Return a notebook of these code cells, as Jupyter saves it."""
    entries = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": number,
            "outputs": list(outputs),
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    content = {"cells": entries, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content).encode()


def as_extract(data: Path, name: str, frame: pd.DataFrame) -> None:
    """Turn a registered dataset into the folder that an extract has, with its manifest."""
    (data / f"{name}.parquet").unlink()
    (data / name).mkdir()
    frame.to_parquet(data / name / "part-0.parquet", index=False)
    variables = [{"name": column, "type": str(kind)} for column, kind in frame.dtypes.items()]
    dataset = {"name": name, "owners": ["dwp"], "rows": len(frame), "variables": variables}
    (data / "manifest.json").write_text(json.dumps({"extract": "x", "datasets": [dataset]}))
