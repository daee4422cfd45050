"""`linkage receive`: each delivery into quarantine, examined, then accepted or refused whole.

A delivery becomes accepted in two steps that a crash may come between: its files take their place by one
rename, then the register and the audit log say so in one transaction. Files the register does not know are
removed at the next start, and a delivery that was only received is examined again when it is received again.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab.base.database import Database, Unit
from lab.base.errors import BadInput, LabError, NotFound
from lab.base.files import canonical_json, copy_beneath, new_folder, sha256_bytes, write_atomic
from lab.base.settings import Settings
from linkage import deliveries, staging
from linkage.deliveries import ACCEPTED, QUARANTINED, RECEIVED, Delivery
from linkage.manifest import NAME_OF_MANIFEST, Manifest, parse
from linkage.suppliers import schema as schemas
from linkage.suppliers.schema import TableSchema

_MAX_BYTES = 1 << 40
_MAX_MANIFEST = 16 << 20
_REASONS_TOLD = 3


@dataclass(frozen=True)
class Offered:
    """A folder with a manifest; `manifest` is None where the manifest cannot be used, for `fault`."""

    folder: Path
    raw: bytes
    manifest: Manifest | None
    fault: str = ""

    @property
    def digest(self) -> str:
        return sha256_bytes(self.raw)

    @property
    def delivery_id(self) -> str:
        return self.manifest.delivery_id if self.manifest else f"unknown-{self.digest[:12]}"


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery; `already` says that it had come before and nothing was done."""

    id: str
    supplier: str
    table: str
    state: str
    rows: int | None
    reason: str
    report: str
    already: bool = False
    dropped: int = 0


def offered(folder: Path) -> list[Offered]:
    """Deliveries in a folder, in the order to receive them: tables referred to first, then by time sent.

    Errors: NotFound for no folder, BadInput for a folder without any manifest.
    """
    if not folder.is_dir():
        raise NotFound("no such folder", where=str(folder), remedy="give the folder of a delivery")
    found = [_offer(path.parent) for path in folder.rglob(NAME_OF_MANIFEST)]
    if not found:
        remedy = "a delivery is its files and a manifest.json that names them"
        raise BadInput(f"no {NAME_OF_MANIFEST}", where=str(folder), remedy=remedy)
    return sorted(found, key=_order)


def _offer(folder: Path) -> Offered:
    path = folder / NAME_OF_MANIFEST
    raw = path.read_bytes()[:_MAX_MANIFEST] if path.is_file() and not path.is_symlink() else b""
    try:
        return Offered(folder, raw, parse(raw))
    except BadInput as error:
        return Offered(folder, raw, None, error.what)


def _order(offer: Offered) -> tuple[Any, ...]:
    if offer.manifest is None:
        return (1, 0, "", str(offer.folder))
    known = _schema(offer.manifest)
    rank = (known.route != "optout", len(known.after)) if known else (True, 0)
    return (0, *rank, offer.manifest.sent_at.isoformat(), str(offer.folder))


def _schema(manifest: Manifest) -> TableSchema | None:
    try:
        return schemas.load(manifest.supplier, manifest.table)
    except NotFound:
        return None


@dataclass(frozen=True)
class Intake:
    """Receives deliveries into one lab. `again`: examine those once more that were refused before."""

    settings: Settings
    database: Database
    actor: str
    again: bool = False

    def receive(
        self, offers: list[Offered], done: Callable[[Receipt], None] = lambda _: None
    ) -> list[Receipt]:
        """Receive each delivery in turn; one that is refused does not stop the next.

        Errors: LabError where another receive is running.
        """
        receipts = []
        with self._alone():
            self._clean()
            for offer in offers:
                receipts.append(self._receive(offer))
                done(receipts[-1])
        return receipts

    def _receive(self, offer: Offered) -> Receipt:
        with self.database.read() as session:
            before = deliveries.find(session, offer.digest)
            if before and (before.state == ACCEPTED or (before.state == QUARANTINED and not self.again)):
                return self._receipt(before, already=True)
        quarantine = self._quarantine(offer.delivery_id)
        shutil.rmtree(quarantine, ignore_errors=True)
        faults = self._take(offer, quarantine)
        self._register(offer)
        with TemporaryDirectory(dir=self._work()) as work:
            return self._decide(offer, quarantine, Path(work), faults)

    def _take(self, offer: Offered, quarantine: Path) -> list[str]:
        """Copy a delivery's files into quarantine; return what differs from its manifest."""
        faults = [offer.fault] if offer.fault else []
        with new_folder(quarantine) as folder:
            write_atomic(folder / NAME_OF_MANIFEST, offer.raw)
            for file in offer.manifest.files if offer.manifest else ():
                try:
                    digest = copy_beneath(offer.folder, file.name, folder / file.name, _MAX_BYTES)
                except BadInput as error:
                    faults.append(
                        f"file {file.name} is not there as a plain file ({error.remedy or error.what})"
                    )
                    continue
                if digest != file.sha256:
                    faults.append(f"file {file.name} is not the one in its manifest (SHA-256 differs)")
        return faults + _unlisted(offer)

    def _register(self, offer: Offered) -> None:
        """Say in the register that the delivery is here: received, not decided."""
        manifest = offer.manifest
        with self.database.write(actor=self.actor, via="linkage") as unit:
            row = deliveries.find(unit.session, offer.digest)
            if row is None:
                row = Delivery(id=offer.delivery_id, manifest_sha256=offer.digest)
                unit.session.add(row)
            row.supplier = manifest.supplier if manifest else "unknown"
            row.table_name = manifest.table if manifest else "unknown"
            row.route = manifest.route if manifest else "unknown"
            row.period_days = deliveries.period_days(manifest) if manifest else None
            row.state, row.reason, row.received_at = RECEIVED, "", deliveries.now()
            details = {"manifest": offer.digest, "rows": manifest.rows if manifest else None}
            unit.record("delivery.received", subject=row.id, details=details)

    def _decide(self, offer: Offered, quarantine: Path, work: Path, faults: list[str]) -> Receipt:
        # Great Expectations takes seconds to import: only where something is received.
        from linkage import examine

        manifest = offer.manifest
        known = _schema(manifest) if manifest else None
        if manifest and known is None:
            faults.append(f"no table {manifest.table!r} of supplier {manifest.supplier!r} is known here")
        if manifest and known and known.route != manifest.route:
            faults.append(f"{known.name} comes by the {known.route} route, not by {manifest.route}")
        if faults or manifest is None or known is None:
            return self._refuse(offer, examine.Examination(tuple(faults)))
        with staging.connected(work) as connection:
            past = deliveries.history(self.database, manifest)
            found = examine.examine(
                connection, known, manifest, quarantine, work, past, self._neighbours(known)
            )
            if found.faults:
                return self._refuse(offer, found)
            with new_folder(self._place(known, offer.delivery_id)) as folder:
                examine.save(connection, known, folder / "data.parquet")
        return self._accept(offer, found)

    def _accept(self, offer: Offered, found: Any) -> Receipt:
        self._report(offer, found)
        with self.database.write(actor=self.actor, via="linkage") as unit:
            row = self._row(unit, offer)
            row.state, row.rows, row.dropped = ACCEPTED, found.rows, found.dropped
            row.null_rates = json.dumps(found.null_rates)
            details = {"rows": found.rows, "dropped": found.dropped, "checks": len(found.checks)}
            unit.record("delivery.accepted", subject=row.id, details=details)
            receipt = self._receipt(row)
        shutil.rmtree(self._quarantine(offer.delivery_id), ignore_errors=True)
        return receipt

    def _refuse(self, offer: Offered, found: Any) -> Receipt:
        self._report(offer, found)
        more = len(found.faults) - _REASONS_TOLD
        reason = "; ".join(found.faults[:_REASONS_TOLD]) + (f"; and {more} more" if more > 0 else "")
        with self.database.write(actor=self.actor, via="linkage") as unit:
            row = self._row(unit, offer)
            row.state, row.reason = QUARANTINED, reason
            row.rows = offer.manifest.rows if offer.manifest else None
            unit.record(
                "delivery.quarantined",
                subject=row.id,
                details={"faults": len(found.faults), "reason": reason},
            )
            return self._receipt(row)

    def _row(self, unit: Unit, offer: Offered) -> Delivery:
        row = deliveries.find(unit.session, offer.digest)
        if row is None:
            raise LabError("the delivery left the register while it was examined", where=offer.delivery_id)
        return row

    def _report(self, offer: Offered, found: Any) -> None:
        from linkage import report

        accepted = not found.faults
        subject = report.Subject(
            offer.delivery_id, accepted, deliveries.now()[:16].replace("T", " "), offer.manifest
        )
        place = self._reports() / offer.delivery_id
        write_atomic(place.with_suffix(".html"), report.page(subject, found).encode())
        if found.validation:
            write_atomic(place.with_suffix(".json"), canonical_json(found.validation.result))

    def _receipt(self, row: Delivery, *, already: bool = False) -> Receipt:
        page = self._reports() / f"{row.id}.html"
        return Receipt(
            row.id,
            row.supplier,
            row.table_name,
            row.state,
            row.rows,
            row.reason,
            str(page),
            already,
            row.dropped,
        )

    def _neighbours(self, known: TableSchema) -> Any:
        from linkage.examine import Neighbours

        others = {table: schemas.load(known.supplier, table) for table in known.after}
        optouts = [schemas.load(known.supplier, table) for table in schemas.tables(known.supplier)]
        lists = [each for each in optouts if each.route == "optout" and known.route != "optout"]
        dropping = bool(lists) and "record_id" in known.column_names
        return Neighbours(
            tables={table: self._files(each) for table, each in others.items()},
            schemas=others,
            optouts=[path for each in lists for path in self._files(each)] if dropping else [],
        )

    def _files(self, known: TableSchema) -> list[Path]:
        """Files of all accepted deliveries of a table."""
        ids = deliveries.accepted_ids(self.database, known.supplier, known.table)
        return [path for each in ids for path in sorted(self._place(known, each).glob("*.parquet"))]

    def _place(self, known: TableSchema, delivery_id: str) -> Path:
        """Where an accepted delivery's files are."""
        folder = self.settings.ttp / known.route / known.supplier
        return folder / known.table / delivery_id if known.route == "payload" else folder / delivery_id

    def _quarantine(self, delivery_id: str) -> Path:
        return self.settings.ttp / "quarantine" / delivery_id

    def _reports(self) -> Path:
        return self.settings.ttp / "reports"

    def _work(self) -> Path:
        work = self.settings.ttp / "work"
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        return work

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One receive at a time: the next would take the files of this one for leftovers."""
        self.settings.prepare()
        path = self.settings.ttp / "receive.lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LabError(
                    "another receive is running", where=str(path), remedy="wait for its end"
                ) from error
            yield

    def _clean(self) -> None:
        """Remove what a killed receive left: work, half-built folders, files the register does not know."""
        shutil.rmtree(self.settings.ttp / "work", ignore_errors=True)
        known = {each["id"]: each["state"] for each in deliveries.listed(self.database)}
        ttp = self.settings.ttp
        for depth in ("identifiers/*/*", "optout/*/*", "payload/*/*/*"):
            for folder in ttp.glob(depth):
                if known.get(folder.name) != ACCEPTED:
                    shutil.rmtree(folder)
        for folder in (ttp / "quarantine").glob("*"):
            if known.get(folder.name) in (None, ACCEPTED):
                shutil.rmtree(folder)


def _unlisted(offer: Offered) -> list[str]:
    """Data files beside the manifest that it does not name."""
    if offer.manifest is None:
        return []
    listed = {file.name for file in offer.manifest.files}
    with os.scandir(offer.folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith((".csv", ".parquet")))
    return [f"file {name} is not in the manifest" for name in names if name not in listed]
