"""The register of deliveries: what came, what became of it, and how large it was."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy import Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lab.base.database import Database
from lab.base.models import Base
from linkage.manifest import Manifest

RECEIVED, ACCEPTED, QUARANTINED = "received", "accepted", "quarantined"
LOADS_COMPARED = 3


class Delivery(Base):
    """One delivery. States: received (in quarantine, not yet decided), accepted, quarantined (refused)."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    supplier: Mapped[str] = mapped_column(String(64), index=True)
    table_name: Mapped[str] = mapped_column(String(64))
    route: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    rows: Mapped[int | None] = mapped_column(Integer)
    dropped: Mapped[int] = mapped_column(Integer, default=0)
    manifest_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    period_days: Mapped[int | None] = mapped_column(Integer)
    received_at: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text, default="")
    null_rates: Mapped[str] = mapped_column(Text, default="{}")


@dataclass(frozen=True)
class History:
    """Medians of the last accepted loads of a table: rows, and share of missing values by column."""

    rows: float | None = None
    null_rates: Mapping[str, float] = field(default_factory=dict)


def find(session: Session, digest: str) -> Delivery | None:
    """The delivery with this manifest, if it came before."""
    return session.scalars(select(Delivery).where(Delivery.manifest_sha256 == digest)).one_or_none()


def listed(database: Database, supplier: str = "", state: str = "") -> list[dict[str, Any]]:
    """Deliveries, the oldest first, optionally of one supplier or in one state."""
    query = select(Delivery).order_by(Delivery.received_at, Delivery.id)
    if supplier:
        query = query.where(Delivery.supplier == supplier)
    if state:
        query = query.where(Delivery.state == state)
    with database.read() as session:
        return [
            {
                "id": each.id,
                "supplier": each.supplier,
                "table": each.table_name,
                "route": each.route,
                "state": each.state,
                "rows": each.rows,
                "dropped": each.dropped,
                "received_at": each.received_at,
                "reason": each.reason,
            }
            for each in session.scalars(query)
        ]


def accepted_ids(database: Database, supplier: str, table: str) -> list[str]:
    """Names of the accepted deliveries of a table, the oldest first."""
    return [each["id"] for each in listed(database, supplier, ACCEPTED) if each["table"] == table]


def history(database: Database, manifest: Manifest) -> History:
    """What earlier loads of the same table over a period of about the same length looked like."""
    days = period_days(manifest)
    query = (
        select(Delivery)
        .where(
            Delivery.supplier == manifest.supplier,
            Delivery.table_name == manifest.table,
            Delivery.state == ACCEPTED,
            Delivery.period_days.between(int(days * 0.9), int(days * 1.1) + 1),
        )
        .order_by(Delivery.received_at.desc())
        .limit(LOADS_COMPARED)
    )
    with database.read() as session:
        loads = [
            ((load.rows or 0) + load.dropped, json.loads(load.null_rates)) for load in session.scalars(query)
        ]
    if not loads:
        return History()
    columns = {column for _, rates in loads for column in rates}
    return History(
        rows=median(rows for rows, _ in loads),
        null_rates={name: median(rates[name] for _, rates in loads if name in rates) for name in columns},
    )


def period_days(manifest: Manifest) -> int:
    """Length of the reference period, first and last day both counted."""
    return (manifest.period_end - manifest.period_start).days + 1


def now() -> str:
    """The time as the register keeps it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
