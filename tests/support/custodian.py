"""A custodian's home for tests: deliveries accepted as they are, people linked, extracts made."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lab.base.database import Database
from lab.base.settings import Settings
from linkage.deliveries import Delivery
from linkage.extracts import Extract, make_extract
from linkage.keys import Keys
from linkage.matching import MatchOptions
from linkage.spine import Built, build
from linkage.suppliers import schema
from linkage.synth import generate

ARROW = {"VARCHAR": pa.string(), "DATE": pa.date32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
GRANT = """
project = "{project}"
grant = "{project}-1"
owners = ["dwp", "hmrc", "nhs"]
valid_until = {until}
{datasets}
"""


@dataclass
class Custodian:
    """What the trusted third party does, without the examination of deliveries."""

    settings: Settings
    loads: int = 0

    @property
    def database(self) -> Database:
        database = self.settings.database()
        database.create()
        return database

    def accept(self, supplier: str, table: str, rows: Any) -> str:
        """Put rows (dictionaries, or a frame) where an accepted delivery of the table stands."""
        self.loads += 1
        table_schema = schema.load(supplier, table)
        delivery = f"{supplier}-{table}-{self.loads:03d}"
        place = self.settings.ttp / table_schema.route / supplier
        place = place / delivery if table_schema.route == "identifiers" else place / table / delivery
        place.mkdir(parents=True)
        frame = pd.DataFrame(rows).reindex(columns=list(table_schema.column_names)).astype(object)
        columns = [
            pa.array(frame[column.name].where(frame[column.name].notna(), None), type=ARROW[column.sql_type])
            for column in table_schema.columns
        ]
        pq.write_table(pa.table(columns, names=list(table_schema.column_names)), place / "data.parquet")
        with self.database.write(actor="test") as unit:
            unit.session.add(
                Delivery(
                    id=delivery,
                    supplier=supplier,
                    table_name=table,
                    route=table_schema.route,
                    state="accepted",
                    rows=len(frame),
                    manifest_sha256=delivery,
                    received_at=datetime.now(UTC).isoformat(),
                )
            )
            unit.record("delivery.accepted", subject=delivery)
        return delivery

    def accept_synthetic(self, folder: Path, people: int, seed: int = 1) -> Path:
        """Accept the identifiers of some made-up people; return the file of the truth."""
        generate.write(folder, people, seed)
        for place in sorted(folder.glob("*/identifiers")):
            self.accept(place.parent.name, "identifiers", _read(place))
        return folder / "truth.parquet"

    def link(self, truth: Path | None = None) -> Built:
        return build(
            self.settings, self.database, actor="test", options=MatchOptions(one_to_one=True), truth=truth
        )

    def make_keys(self) -> Keys:
        keys = Keys.of(self.settings)
        keys.create()
        return keys

    def extract(self, datasets: str, project: str = "work-health", until: str = "2999-01-01") -> Extract:
        return make_extract(
            self.settings,
            self.database,
            project,
            self.grant(datasets, project=project, until=until),
            actor="test",
        )

    def grant(self, datasets: str, *, project: str = "work-health", until: str = "2999-01-01") -> Path:
        path = self.settings.home / "grant.toml"
        path.write_text(GRANT.format(project=project, until=until, datasets=datasets))
        return path


def _read(place: Path) -> pd.DataFrame:
    manifest = json.loads((place / "manifest.json").read_text())
    frames = []
    for path in (place / entry["name"] for entry in manifest["files"]):
        if path.suffix == ".parquet":
            frames.append(pd.read_parquet(path))
        else:
            text = {"dtype": str, "keep_default_na": False, "na_values": [""]}
            frames.append(pd.read_csv(path, encoding=manifest["encoding"], **text))
    frame = pd.concat(frames)
    if "postcode_from" in frame:
        frame["postcode_from"] = pd.to_datetime(frame["postcode_from"]).dt.date
    return frame
