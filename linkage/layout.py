"""Where the trusted third party keeps deliveries on disk, and what a crash may have left there."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.base.errors import LabError
from linkage.suppliers.schema import TableSchema


@dataclass(frozen=True)
class Layout:
    """Folders below the zone's folder `root`."""

    root: Path

    def accepted(self, schema: TableSchema, delivery_id: str) -> Path:
        """Folder of an accepted delivery's Parquet files."""
        folder = self.supplied(schema)
        return folder / schema.table / delivery_id if schema.route == "payload" else folder / delivery_id

    def supplied(self, schema: TableSchema) -> Path:
        """Folder of all that a supplier sent by one route: what an examination may refer to."""
        return self.root / schema.route / schema.supplier

    def optouts(self, schema: TableSchema) -> Path:
        """Folder of the supplier's lists of who opted out."""
        return self.root / "optout" / schema.supplier

    def quarantine(self, delivery_id: str) -> Path:
        """Folder of a delivery's files as they came, until it is accepted."""
        return self.root / "quarantine" / delivery_id

    def report(self, delivery_id: str) -> Path:
        """The page a custodian reads; Great Expectations' own result is beside it as .json."""
        return self.root / "reports" / f"{delivery_id}.html"

    def work(self) -> Path:
        """Folder for what is only needed while a delivery is examined."""
        work = self.root / "work"
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        return work

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One receive at a time: the next would take the files of this one for leftovers.

        Errors: LabError where another one is running.
        """
        path = self.root / "receive.lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LabError(
                    "another receive is running", where=str(path), remedy="wait for its end"
                ) from error
            yield

    def clean(self, accepted: Mapping[str, bool]) -> None:
        """Remove what a killed receive left: half-built folders, and files the register does not know.

        `accepted` says of every delivery in the register whether it was accepted.
        """
        shutil.rmtree(self.root / "work", ignore_errors=True)
        for pattern in ("identifiers/*/*", "optout/*/*", "payload/*/*/*"):
            for folder in self.root.glob(pattern):
                if not accepted.get(folder.name, False):
                    shutil.rmtree(folder)
        for folder in (self.root / "quarantine").glob("*"):
            if accepted.get(folder.name, True):
                shutil.rmtree(folder)
        for half_written in (self.root / "reports").glob(".*"):
            half_written.unlink()
