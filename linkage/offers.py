"""Deliveries that lie in a folder, not yet received: found, read and put in order."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.errors import BadInput, NotFound
from lab.base.files import sha256_bytes
from linkage.manifest import FORMATS, NAME_OF_MANIFEST, Manifest, parse
from linkage.suppliers import schema as schemas
from linkage.suppliers.schema import TableSchema

_MAX_MANIFEST = 16 << 20


@dataclass(frozen=True)
class Offered:
    """A folder with a manifest; `manifest` is None where the manifest cannot be used, for `fault`."""

    folder: Path
    raw: bytes
    manifest: Manifest | None
    fault: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: what tells one delivery from another."""
        return sha256_bytes(self.raw)

    @property
    def delivery_id(self) -> str:
        return self.manifest.delivery_id if self.manifest else f"unknown-{self.digest[:12]}"

    def schema(self) -> TableSchema | None:
        """The schema of its table, None where no such table is known."""
        if self.manifest is None:
            return None
        try:
            return schemas.load(self.manifest.supplier, self.manifest.table)
        except NotFound:
            return None

    def strangers(self) -> list[str]:
        """Data files beside the manifest that it does not name."""
        if self.manifest is None:
            return []
        listed = {file.name for file in self.manifest.files}
        with os.scandir(self.folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(FORMATS))
        return [name for name in names if name not in listed]

    def order(self) -> tuple[Any, ...]:
        """Where it stands in line: opt-outs, then tables others refer to, by time sent."""
        if self.manifest is None:
            return (1, 0, 0, "", str(self.folder))
        known = self.schema()
        rank = (known.route != "optout", len(known.after)) if known else (True, 0)
        return (0, *rank, self.manifest.sent_at.isoformat(), str(self.folder))


def offered(folder: Path) -> list[Offered]:
    """Deliveries in a folder, at any depth, in the order to receive them.

    Errors: NotFound for no folder, BadInput for a folder without any manifest.
    """
    if not folder.is_dir():
        raise NotFound("no such folder", where=str(folder), remedy="give the folder of a delivery")
    # Resolved: the folder a custodian names may be a link, nothing below it may.
    found = [_offer(path.parent) for path in folder.resolve().rglob(NAME_OF_MANIFEST)]
    if not found:
        remedy = "a delivery is its files and a manifest.json that names them"
        raise BadInput(f"no {NAME_OF_MANIFEST}", where=str(folder), remedy=remedy)
    return sorted(found, key=Offered.order)


def _offer(folder: Path) -> Offered:
    path, raw = folder / NAME_OF_MANIFEST, b""
    try:
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                raw = stream.read(_MAX_MANIFEST)
        return Offered(folder, raw, parse(raw))
    except OSError as error:
        return Offered(folder, raw, None, f"the manifest cannot be read: {error.strerror}")
    except BadInput as error:
        return Offered(folder, raw, None, error.what)
