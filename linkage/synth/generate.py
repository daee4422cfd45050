"""Made-up deliveries of three suppliers, block by block, so that memory stays that of a block."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from lab.base.errors import BadInput
from lab.base.files import new_folder
from linkage.suppliers import schema
from linkage.synth import benefits, dirt, faults, health, lives, people, work
from linkage.synth.arrays import Flags
from linkage.synth.people import BLOCK, People
from linkage.synth.records import LETTERS, Records
from linkage.synth.writer import DeliveryWriter, arrow_schema

_FORMATS = {
    ("dwp", "identifiers"): ("csv", "cp1252"),
    ("hmrc", "pay"): ("parquet", "utf-8"),
    ("nhs", "identifiers"): ("parquet", "utf-8"),
    ("nhs", "episodes"): ("parquet", "utf-8"),
}
_CSV = ("csv", "utf-8")
TRUTH = pa.schema([("supplier", pa.string()), ("record_id", pa.string()), ("truth_id", pa.string())])


def write(
    out: Path,
    count: int,
    seed: int,
    fault_names: Sequence[str] = (),
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Write the deliveries of `count` people below `out`; return the rows of each <supplier>/<table>.

    The truth (supplier, record_id, truth_id) goes to `out`/truth.parquet, in no delivery. `advance` is told
    the people done. Errors: BadInput for a folder with something in it, no people or an unknown fault.
    """
    faults.require_known(fault_names)
    if count < 1 or seed < 0:
        raise BadInput("--people is at least 1 and --seed at least 0", where=f"{count}, {seed}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput("the folder is not empty", where=str(out), remedy="choose another --out or empty it")
    if out.exists():
        out.rmdir()
    with new_folder(out, mode=0o755) as folder:
        rows = _write_all(folder, count, seed, advance)
        for name in fault_names:
            faults.plant(name, folder)
    return rows


def _write_all(folder: Path, count: int, seed: int, advance: Callable[[int], None]) -> dict[str, int]:
    writers = _writers(folder)
    with pyarrow.parquet.ParquetWriter(folder / "truth.parquet", TRUTH) as truth:
        for block in range(-(-count // BLOCK)):
            size = min(BLOCK, count - block * BLOCK)
            _write_block(block, size, seed, writers, truth)
            advance(size)
    for writer in writers.values():
        writer.close()
    return {f"{supplier}/{table}": writer.rows for (supplier, table), writer in writers.items()}


def _writers(out: Path) -> dict[tuple[str, str], DeliveryWriter]:
    wanted = [
        (supplier, table)
        for supplier in LETTERS
        for table in schema.tables(supplier)
        if schema.load(supplier, table).route != "optout"
    ]
    return {
        key: DeliveryWriter(out / key[0] / key[1], schema.load(*key), *_FORMATS.get(key, _CSV))
        for key in wanted
    }


def _write_block(
    block: int,
    size: int,
    seed: int,
    writers: dict[tuple[str, str], DeliveryWriter],
    truth: pyarrow.parquet.ParquetWriter,
) -> None:
    folk = people.make(block, seed)
    life = lives.simulate(folk, np.random.default_rng([seed, block, 1]))
    rng = np.random.default_rng([seed, block, 2])
    spells = benefits.spells(folk, life, rng)
    jobs = work.make(folk, life, rng)
    care = health.make(folk, life, rng)
    held = {
        "dwp": _some_more(len(folk), spells["person"], 0.10, rng),
        "hmrc": _some_more(len(folk), jobs.employments["person"], 0.06, rng),
        "nhs": rng.random(len(folk)) < 0.97,
    }
    tables = {
        "dwp": {"spells": spells},
        "hmrc": {"employments": jobs.employments, "pay": jobs.pay},
        "nhs": {"episodes": care.episodes, "events": care.events, "fitnotes": care.fitnotes},
    }
    for number, supplier in enumerate(LETTERS):
        own = np.random.default_rng([seed, block, 3 + number])
        records = Records.of(supplier, folk, held[supplier], size, seed, own)
        frame = dirt.identifiers(folk, records.person, supplier, own)
        frame["record_id"] = records.keys
        _send(frame, writers[supplier, "identifiers"], own)
        truth.write_table(_truth(supplier, folk, records))
        keyed = records.keyed(tables[supplier], block, seed, own)
        for table, payload in keyed.items():
            _send(payload, writers[supplier, table], own)


def _some_more(count: int, known: "pd.Series[int]", share: float, rng: np.random.Generator) -> Flags:
    """Everyone a supplier has payload of, and some it only knows the name of."""
    held = rng.random(count) < share
    held[known.unique()] = True
    return held


def _truth(supplier: str, folk: People, records: Records) -> pa.Table:
    names = np.char.mod("T%09d", folk.index[records.person])
    supplier_column = pa.array([supplier] * len(names), pa.string())
    return pa.table([supplier_column, pa.array(records.keys, pa.string()), pa.array(names)], schema=TRUTH)


def _send(frame: pd.DataFrame, writer: DeliveryWriter, rng: np.random.Generator) -> None:
    """Write a block's rows in an order that says nothing of who belongs together."""
    shuffled = frame.iloc[rng.permutation(len(frame))]
    arrow = arrow_schema(writer.schema)
    columns = []
    for field, column in zip(arrow, writer.schema.columns, strict=True):
        values: Any = shuffled[column.name]
        if column.type == "month":
            values = values.dt.strftime("%Y-%m")
        elif column.type == "date" and values.dtype == object:
            values = pd.to_datetime(values)
        columns.append(pa.array(values, type=field.type, from_pandas=True))
    writer.write(pa.table(columns, schema=arrow))
