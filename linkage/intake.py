"""`linkage receive`: each delivery into quarantine, examined, then accepted or refused whole.

A delivery becomes accepted in two steps that a crash may come between: its files take their place by one
rename, then the register and the audit log say so in one transaction. Files the register does not know are
removed at the next start, and a delivery that was only received is examined again when it is received again.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab.base.database import Database, Unit
from lab.base.errors import BadInput, LabError
from lab.base.files import canonical_json, copy_beneath, new_folder, write_atomic
from lab.base.settings import Settings
from linkage import deliveries, staging
from linkage.deliveries import ACCEPTED, QUARANTINED, RECEIVED, Delivery
from linkage.layout import Layout
from linkage.manifest import NAME_OF_MANIFEST
from linkage.offers import Offered
from linkage.suppliers import schema as schemas
from linkage.suppliers.schema import TableSchema

if TYPE_CHECKING:  # Great Expectations takes seconds to import: only where something is examined
    from linkage.examine import Examination, Neighbours

_MAX_BYTES = 1 << 40
_REASONS_TOLD = 3


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


@dataclass(frozen=True)
class Intake:
    """Receives deliveries into one lab. `again`: examine those once more that were refused before."""

    settings: Settings
    database: Database
    actor: str
    again: bool = False

    @cached_property
    def layout(self) -> Layout:
        """Where things are kept."""
        return Layout(self.settings.ttp)

    def receive(
        self, offers: list[Offered], done: Callable[[Receipt], None] = lambda _: None
    ) -> list[Receipt]:
        """Receive each delivery in turn; one that is refused does not stop the next.

        Errors: LabError where another receive is running.
        """
        receipts = []
        with self.layout.alone():
            register = deliveries.listed(self.database)
            self.layout.clean({each["id"]: each["state"] == ACCEPTED for each in register})
            for offer in offers:
                receipts.append(self._receive(offer))
                done(receipts[-1])
        return receipts

    def _receive(self, offer: Offered) -> Receipt:
        with self.database.read() as session:
            before = deliveries.find(session, offer.digest)
            if before and (before.state == ACCEPTED or (before.state == QUARANTINED and not self.again)):
                return self._receipt(before, already=True)
        faults = self._take(offer)
        self._register(offer)
        with TemporaryDirectory(dir=self.layout.work()) as work:
            return self._decide(offer, Path(work), faults)

    def _take(self, offer: Offered) -> list[str]:
        """Copy a delivery's files into quarantine; return what differs from its manifest."""
        quarantine = self.layout.quarantine(offer.delivery_id)
        shutil.rmtree(quarantine, ignore_errors=True)
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
        return faults + [f"file {name} is not in the manifest" for name in offer.strangers()]

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

    def _decide(self, offer: Offered, work: Path, faults: list[str]) -> Receipt:
        from linkage import examine

        manifest, known = offer.manifest, offer.schema()
        if manifest and known is None:
            faults.append(f"no table {manifest.table!r} of supplier {manifest.supplier!r} is known here")
        if manifest and known and known.route != manifest.route:
            faults.append(f"{known.name} comes by the {known.route} route, not by {manifest.route}")
        if faults or manifest is None or known is None:
            return self._refuse(offer, examine.Examination(tuple(faults)))
        quarantine = self.layout.quarantine(offer.delivery_id)
        place = self.layout.accepted(known, offer.delivery_id)
        seen = (quarantine, self.layout.supplied(known), self.layout.optouts(known))
        with staging.connected(work, *seen) as connection:
            past, neighbours = deliveries.history(self.database, manifest), self._neighbours(known)
            found = examine.examine(connection, known, manifest, quarantine, work, past, neighbours)
            if found.faults:
                return self._refuse(offer, found)
            with new_folder(place) as folder:
                examine.save(connection, known, folder / "data.parquet")
        return self._accept(offer, found)

    def _accept(self, offer: Offered, found: "Examination") -> Receipt:
        self._report(offer, found)
        with self.database.write(actor=self.actor, via="linkage") as unit:
            row = self._row(unit, offer)
            row.state, row.rows, row.dropped = ACCEPTED, found.rows, found.dropped
            row.null_rates = json.dumps(found.null_rates)
            details = {"rows": found.rows, "dropped": found.dropped, "checks": len(found.checks)}
            unit.record("delivery.accepted", subject=row.id, details=details)
            receipt = self._receipt(row)
        shutil.rmtree(self.layout.quarantine(offer.delivery_id), ignore_errors=True)
        return receipt

    def _refuse(self, offer: Offered, found: "Examination") -> Receipt:
        self._report(offer, found)
        more = len(found.faults) - _REASONS_TOLD
        reason = "; ".join(found.faults[:_REASONS_TOLD]) + (f"; and {more} more" if more > 0 else "")
        with self.database.write(actor=self.actor, via="linkage") as unit:
            row = self._row(unit, offer)
            row.state, row.reason = QUARANTINED, reason
            row.rows = offer.manifest.rows if offer.manifest else None
            details = {"faults": len(found.faults), "reason": reason}
            unit.record("delivery.quarantined", subject=row.id, details=details)
            return self._receipt(row)

    def _row(self, unit: Unit, offer: Offered) -> Delivery:
        row = deliveries.find(unit.session, offer.digest)
        if row is None:
            raise LabError("the delivery left the register while it was examined", where=offer.delivery_id)
        return row

    def _report(self, offer: Offered, found: "Examination") -> None:
        from linkage import report

        when = deliveries.now()[:16].replace("T", " ") + " UTC"
        subject = report.Subject(offer.delivery_id, not found.faults, when, offer.manifest)
        page = self.layout.report(offer.delivery_id)
        write_atomic(page, report.page(subject, found).encode())
        if found.validation:
            write_atomic(page.with_suffix(".json"), canonical_json(found.validation.result))

    def _receipt(self, row: Delivery, *, already: bool = False) -> Receipt:
        return Receipt(
            id=row.id,
            supplier=row.supplier,
            table=row.table_name,
            state=row.state,
            rows=row.rows,
            reason=row.reason,
            report=str(self.layout.report(row.id)),
            already=already,
            dropped=row.dropped,
        )

    def _neighbours(self, known: TableSchema) -> "Neighbours":
        """Accepted files that the examination of a table needs."""
        from linkage.examine import Neighbours

        siblings = {table: schemas.load(known.supplier, table) for table in schemas.tables(known.supplier)}
        lists = [each for each in siblings.values() if each.route == "optout"]
        dropping = known.route != "optout" and "record_id" in known.column_names
        return Neighbours(
            tables={table: self._files(siblings[table]) for table in known.after},
            schemas=siblings,
            optouts=[path for each in lists for path in self._files(each)] if dropping else [],
        )

    def _files(self, known: TableSchema) -> list[Path]:
        """Files of all accepted deliveries of a table."""
        ids = deliveries.accepted_ids(self.database, known.supplier, known.table)
        return [path for each in ids for path in sorted(self.layout.accepted(known, each).glob("*.parquet"))]
