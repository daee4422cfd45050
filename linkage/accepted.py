"""Which deliveries were accepted, and where their files are."""

from dataclasses import dataclass
from pathlib import Path

from lab.base.database import Database
from lab.base.settings import Settings
from linkage import deliveries
from linkage.layout import Layout
from linkage.suppliers import schema


@dataclass(frozen=True)
class Accepted:
    """One accepted delivery. Later ones supersede earlier ones record by record."""

    id: str
    supplier: str
    table: str
    route: str

    def files(self, settings: Settings) -> list[Path]:
        """Return the Parquet files of the delivery."""
        table = schema.load(self.supplier, self.table)
        return sorted(Layout(settings.ttp).accepted(table, self.id).glob("*.parquet"))


def accepted(db: Database, route: str) -> list[Accepted]:
    """Return the accepted deliveries of a route, the oldest first."""
    found = deliveries.listed(db, state=deliveries.ACCEPTED)
    return [
        Accepted(each["id"], each["supplier"], each["table"], route)
        for each in found
        if each["route"] == route
    ]
