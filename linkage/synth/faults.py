"""Deliveries with a fault, planted beside the good ones: what validation has to stop."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from lab.base.errors import BadInput
from linkage.suppliers import schema
from linkage.synth.writer import DeliveryWriter

Change = Callable[[pa.Table], pa.Table]

_SENT_AT = "2025-06-02T09:00:00Z"  # after the good load, so that it can be compared with it


def _replace(table: pa.Table, column: str, rows: Callable[[pa.Array], pa.Array], value: str) -> pa.Table:
    place = table.schema.get_field_index(column)
    old = table.column(column)
    changed = pc.if_else(rows(pa.array(range(len(old)), pa.int64())), value, old)
    return table.set_column(place, column, changed)


def _every(step: int) -> Callable[[pa.Array], pa.Array]:
    return lambda number: pc.equal(pc.subtract(number, pc.multiply(pc.divide(number, step), step)), 0)


def _half(table: pa.Table) -> pa.Table:
    return table.slice(0, table.num_rows // 2)


def _nino_for_industry(table: pa.Table) -> pa.Table:
    return _replace(table, "sic2007", _every(200), "GX123456A")


def _unknown_benefit(table: pa.Table) -> pa.Table:
    return _replace(table, "benefit", _every(500), "XYZ")


def _end_before_start(table: pa.Table) -> pa.Table:
    return _replace(table, "end_date", _every(300), "1999-12-31")


# Which table a fault is planted in, and how; a broken manifest is broken after the files are written.
FAULTS: Mapping[str, tuple[str, str, Change]] = {
    "half-load": ("dwp", "spells", _half),
    "identifier-in-payload": ("hmrc", "employments", _nino_for_industry),
    "bad-codes": ("dwp", "spells", _unknown_benefit),
    "broken-manifest": ("nhs", "fitnotes", lambda table: table),
    "end-before-start": ("hmrc", "employments", _end_before_start),
}


def require_known(names: Iterable[str]) -> None:
    """Refuse a fault that nobody can plant."""
    for name in names:
        if name not in FAULTS:
            raise BadInput(f"unknown fault {name!r}", where="--fault", remedy=f"one of: {', '.join(FAULTS)}")


def plant(name: str, out: Path) -> Path:
    """Write the faulty delivery below `out`/faults/<name> from the good one; return its folder."""
    supplier, table, change = FAULTS[name]
    good = out / supplier / table
    if not json.loads((good / "manifest.json").read_text(encoding="utf-8"))["rows"]:
        raise BadInput(f"no rows to plant {name!r} in", where=f"{supplier}/{table}", remedy="more --people")
    folder = out / "faults" / name / supplier / table
    writer = DeliveryWriter(folder, schema.load(supplier, table), sent_at=_SENT_AT)
    for batch in _batches(good):
        writer.write(change(batch))
    writer.close()
    if name == "broken-manifest":
        _break(folder)
    return folder


def _batches(folder: Path) -> Iterator[pa.Table]:
    """A good CSV delivery again, as text, some rows at a time."""
    for file in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]:
        path = folder / file["name"]
        with path.open(encoding="utf-8", newline="") as stream:
            names = next(csv.reader(stream))
        options = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        for batch in pyarrow.csv.open_csv(path, convert_options=options):
            yield pa.Table.from_batches([batch])


def _break(folder: Path) -> None:
    """Lose the last line on the way: the file is no longer what its manifest says."""
    path = sorted(folder.glob("*.csv"))[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
