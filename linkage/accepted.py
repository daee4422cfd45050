"""Which deliveries were accepted, and where their files are; the table is the intake's own."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import column, select, table

from lab.base.database import Database
from lab.base.settings import Settings

_DELIVERIES = table(
    "deliveries",
    column("id"),
    column("supplier"),
    column("table_name"),
    column("route"),
    column("state"),
    column("received_at"),
)


@dataclass(frozen=True)
class Accepted:
    """One accepted delivery. Later ones supersede earlier ones record by record."""

    id: str
    supplier: str
    table: str
    route: str

    def files(self, settings: Settings) -> list[Path]:
        """Return the Parquet files of the delivery."""
        place = settings.ttp / self.route / self.supplier
        place = place / self.id if self.route == "identifiers" else place / self.table / self.id
        return sorted(place.glob("*.parquet"))


def accepted(db: Database, route: str) -> list[Accepted]:
    """Return the accepted deliveries of a route, the oldest first."""
    query = (
        select(_DELIVERIES.c.id, _DELIVERIES.c.supplier, _DELIVERIES.c.table_name)
        .where(_DELIVERIES.c.route == route, _DELIVERIES.c.state == "accepted")
        .order_by(_DELIVERIES.c.received_at, _DELIVERIES.c.id)
    )
    with db.read() as session:
        return [Accepted(str(row[0]), str(row[1]), str(row[2]), route) for row in session.execute(query)]
