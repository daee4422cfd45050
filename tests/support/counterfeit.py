"""A hostile supplier: takes a good delivery, changes it, and says in the manifest that all is well."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

Frame = pd.DataFrame


class Counterfeiter:
    """Makes deliveries out of good ones below `source`, in new folders below `out`."""

    def __init__(self, source: Path, out: Path) -> None:
        self.source, self.out, self.made = source, out, 0

    def good(self, supplier: str, table: str) -> Frame:
        """The rows of a good delivery, as text."""
        folder = self.source / supplier / table
        encoding = json.loads((folder / "manifest.json").read_text())["encoding"]
        parts = [
            pd.read_csv(path, dtype=str, encoding=encoding)
            if path.suffix == ".csv"
            else pd.read_parquet(path).astype(object)
            for path in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")])
        ]
        return pd.concat(parts, ignore_index=True)

    def send(
        self,
        supplier: str,
        table: str,
        change: Callable[[Frame], Frame | None] = lambda frame: frame,
        /,
        *,
        encoding: str = "utf-8",
        after: Callable[[Path], None] = lambda folder: None,
        **manifest: Any,
    ) -> Path:
        """Send a table with changed rows; `manifest` overrides what it says, `after` changes the files."""
        frame = self.good(supplier, table)
        changed = change(frame)
        frame = frame if changed is None else changed
        self.made += 1
        folder = self.out / f"{self.made:02d}-{supplier}-{table}"
        folder.mkdir(parents=True)
        path = folder / f"{table}-0001.csv"
        frame.to_csv(path, index=False, encoding=encoding)
        good = json.loads((self.source / supplier / table / "manifest.json").read_text())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        told = {"name": path.name, "sha256": digest, "rows": len(frame)}
        good |= {"rows": len(frame), "files": [told], "encoding": encoding, "sent_at": "2025-05-02T09:00:00Z"}
        (folder / "manifest.json").write_text(json.dumps(good | manifest))
        after(folder)
        return folder
