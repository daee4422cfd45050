"""A project's extract: what its grant names and nothing else, under the project's own pseudonyms, signed.

The process opens payload and the spine's links, never an identifier; the connection is confined to those
folders.
"""
# ruff: noqa: S608 - names come from the schemas and are quoted; filters are rebuilt from their parse trees

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.database import Database
from lab.base.errors import BadInput
from lab.base.files import new_folder
from lab.base.settings import Settings
from lab.base.signing import sign_manifest
from linkage import leaks, payload, rowfilter, spine_store
from linkage.accepted import Accepted, accepted
from linkage.datasets import PERSON, Dataset, Variable, dataset
from linkage.grants import Grant, GrantedDataset, read_grant
from linkage.keys import Keys
from linkage.pseudonyms import ProjectPseudonyms, id_bytes
from linkage.spine_store import Spine
from linkage.tables import confined, literal, name, scalar

ROW_GROUP = 1_000_000


@dataclass(frozen=True)
class ExtractedDataset:
    """One dataset as written. `unlinked` rows belong to nobody on the spine; `filtered` were not granted."""

    name: str
    rows: int
    unlinked: int
    filtered: int
    entry: dict[str, Any]


@dataclass(frozen=True)
class Extract:
    """A signed extract in the outbox."""

    id: str
    path: Path
    project: str
    grant: str
    spine: str
    datasets: tuple[ExtractedDataset, ...]

    def describe(self) -> dict[str, Any]:
        """Return what a machine wants to know of it."""
        return {
            "extract": self.id,
            "path": str(self.path),
            "project": self.project,
            "grant": self.grant,
            "spine": self.spine,
            "datasets": [
                {"name": each.name, "rows": each.rows, "unlinked": each.unlinked, "filtered": each.filtered}
                for each in self.datasets
            ],
        }


def make_extract(settings: Settings, db: Database, project: str, grant_file: Path, *, actor: str) -> Extract:
    """Make and sign the extract of a project's grant in HOME/ttp/outbox.

    Raises:
        NotPermitted: the grant is another project's, or has ended.
        BadInput: an unknown variable, a row filter that is no plain condition, keys that others can read.
        NotFound: no spine, dataset or delivery.
        Tampered: the last look found what must not leave.
    """
    grant = read_grant(grant_file)
    grant.require(project)
    wanted = [(granted, _granted_variables(granted, grant)) for granted in grant.datasets]
    keys = Keys.of(settings)
    pseudonyms = ProjectPseudonyms(project, keys.read_master())
    with spine_store.one_at_a_time(settings):
        outbox = settings.ttp / "outbox"
        _clear_leftovers(settings, db, outbox)
        spine = spine_store.require_current(settings, db)
        extract_id = f"{project}-{datetime.now(UTC):%Y%m%dt%H%M%S}-{token_hex(3)}"
        with tempfile.TemporaryDirectory(prefix=".work-", dir=settings.ttp) as work:
            made = Path(work) / extract_id
            made.mkdir(mode=0o700)
            deliveries = accepted(db, "payload")
            with confined(Path(work), settings.ttp / "payload", spine.path) as con:
                datasets = _write(con, settings, deliveries, spine, wanted, pseudonyms, made)
            with confined(Path(work)) as con:
                for each, (granted, variables) in zip(datasets, wanted, strict=True):
                    leaks.check(con, made / each.name, variables, each.rows, _partition(granted, variables))
            used = [delivery.id for delivery in deliveries if _used(delivery, datasets)]
            return _publish(settings, db, made, outbox, grant, spine, used, datasets, keys, actor)


def _granted_variables(granted: GrantedDataset, grant: Grant) -> tuple[Variable, ...]:
    source = dataset(granted.name)
    if missing := set(source.owners) - set(grant.owners):
        raise BadInput(
            f"the grant names data of '{min(missing)}', who is not among its owners", where=granted.name
        )
    if PERSON not in granted.variables:
        raise BadInput(
            f"a dataset without {PERSON} cannot be checked: people are counted by it",
            where=granted.name,
            remedy=f"grant {PERSON} as well",
        )
    return tuple(source.variable(variable) for variable in granted.variables)


def _partition(granted: GrantedDataset, variables: tuple[Variable, ...]) -> str:
    """Name the variable that the partition's folders take the place of: a year that is a variable itself."""
    source = dataset(granted.name)
    return source.year_of if source.year_of == "year" and _shows_year(source, variables) else ""


def _shows_year(source: Dataset, variables: tuple[Variable, ...]) -> bool:
    return bool(source.year) and source.year_of in {variable.name for variable in variables}


def _used(delivery: Accepted, datasets: list[ExtractedDataset]) -> bool:
    tables = {table for each in datasets for table in dataset(each.name).tables}
    return f"{delivery.supplier}_{delivery.table}" in tables


def _write(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    deliveries: list[Accepted],
    spine: Spine,
    wanted: list[tuple[GrantedDataset, tuple[Variable, ...]]],
    pseudonyms: ProjectPseudonyms,
    folder: Path,
) -> list[ExtractedDataset]:
    payload.stage_spine(con, spine)
    _stage_people(con, pseudonyms)
    needed = sorted({table for granted, _ in wanted for table in dataset(granted.name).tables})
    staged = {table: payload.stage(con, settings, deliveries, table) for table in needed}
    done = []
    for granted, variables in wanted:
        source = dataset(granted.name)
        rows, before = _select(con, source, granted, variables, pseudonyms)
        _write_files(con, source, variables, folder / source.name)
        unlinked = sum(staged[table].unlinked for table in source.tables) if source.name in staged else 0
        done.append(
            ExtractedDataset(
                source.name, rows, unlinked, before - rows, _entry(source, variables, rows, granted)
            )
        )
    return done


def _stage_people(con: duckdb.DuckDBPyConnection, pseudonyms: ProjectPseudonyms) -> None:
    """Make `pseudonyms_of_person` (spine_id, pseudonym), all of them in one call of the cipher."""
    con.execute(
        "CREATE TEMP TABLE places AS SELECT spine_id, spine_id::UHUGEINT AS id, "
        "row_number() OVER (ORDER BY spine_id) - 1 AS place FROM spine_people"
    )
    halves = con.execute(
        "SELECT (id >> 64)::UBIGINT AS high, (id & 18446744073709551615::UHUGEINT)::UBIGINT AS low "
        "FROM places ORDER BY place"
    ).fetchnumpy()
    ids = id_bytes(*(np.asarray(halves[half], dtype=np.uint64) for half in ("high", "low")))
    column = pseudonyms.people(ids)
    con.register("encrypted", pa.table({"place": np.arange(len(column)), "pseudonym": column}))
    con.execute(
        "CREATE TEMP TABLE pseudonyms_of_person AS "
        "SELECT p.spine_id AS id, e.pseudonym FROM places p JOIN encrypted e USING (place)"
    )
    con.unregister("encrypted")


def _select(
    con: duckdb.DuckDBPyConnection,
    source: Dataset,
    granted: GrantedDataset,
    variables: tuple[Variable, ...],
    pseudonyms: ProjectPseudonyms,
) -> tuple[int, int]:
    """Make the table `chosen`; return its rows and those before the row filter."""
    filterable = [variable for variable in source.variables if not variable.domain]
    year = f", {source.year} AS extract_year" if _shows_year(source, variables) else ""
    columns = ", ".join(f"{variable.expression} AS {name(variable.name)}" for variable in filterable)
    ids = "".join(
        f", {variable.expression} AS {name(f'id of {variable.name}')}"
        for variable in variables
        if variable.domain
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE offered AS SELECT {columns}{ids}{year} FROM {source.source} t")
    before = int(scalar(con, "SELECT count(*) FROM offered"))
    where = ""
    if granted.where:
        names = [variable.name for variable in filterable]
        where = f"WHERE {rowfilter.rebuild(granted.where, names, granted.name)}"
    joins, shown = [], []
    for number, variable in enumerate(variables):
        if not variable.domain:
            shown.append(f"o.{name(variable.name)}")
            continue
        table = _pseudonym_table(con, variable, pseudonyms)
        joins.append(f"LEFT JOIN {table} p{number} ON p{number}.id = o.{name(f'id of {variable.name}')}")
        shown.append(f"p{number}.pseudonym AS {name(variable.name)}")
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE chosen AS "
            f"SELECT {', '.join(shown)}{', extract_year' if year else ''} "
            f"FROM (SELECT * FROM offered {where}) o {' '.join(joins)}"
        )
    except duckdb.Error as error:
        if not where:
            raise
        raise BadInput(
            f"the row filter does not fit the data: {str(error).splitlines()[0]}", where=granted.name
        ) from error
    return int(scalar(con, "SELECT count(*) FROM chosen")), before


def _pseudonym_table(
    con: duckdb.DuckDBPyConnection, variable: Variable, pseudonyms: ProjectPseudonyms
) -> str:
    if variable.domain == "person":
        return "pseudonyms_of_person"
    column = name(f"id of {variable.name}")
    values = [
        row[0]
        for row in con.execute(f"SELECT DISTINCT {column} FROM offered WHERE {column} IS NOT NULL").fetchall()
    ]
    table = f"pseudonyms_of_{variable.name}"
    con.register(
        "hashed",
        pa.table(
            {
                "id": pa.array(values, pa.string()),
                "pseudonym": pa.array(pseudonyms.others(variable.domain, values), pa.string()),
            }
        ),
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS FROM hashed")
    con.unregister("hashed")
    return name(table)


def _write_files(
    con: duckdb.DuckDBPyConnection, source: Dataset, variables: tuple[Variable, ...], folder: Path
) -> None:
    """Write `chosen` in the order of the pseudonyms, which says nothing of a supplier's own order."""
    folder.mkdir(mode=0o700)
    options = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    if not _shows_year(source, variables):
        con.execute(f"COPY (FROM chosen ORDER BY ALL) TO {literal(str(folder / 'part-0.parquet'))} {options}")
        return
    hidden = "extract_year, year" if source.year_of == "year" else "extract_year"
    years = con.execute("SELECT DISTINCT extract_year FROM chosen ORDER BY 1").fetchall()
    for (year,) in years or [(datetime.now(UTC).year,)]:
        part = folder / f"year={year}"
        part.mkdir(mode=0o700)
        con.execute(
            f"COPY (SELECT * EXCLUDE ({hidden}) FROM chosen WHERE extract_year = {int(year)} ORDER BY ALL) "
            f"TO {literal(str(part / 'part-0.parquet'))} {options}"
        )


def _entry(
    source: Dataset, variables: tuple[Variable, ...], rows: int, granted: GrantedDataset
) -> dict[str, Any]:
    hidden = [variable.name for variable in variables if variable.domain]
    counted = [PERSON, *(variable.name for variable in variables if variable.counted)]
    return {
        "name": source.name,
        "title": source.title,
        "owners": list(source.owners),
        "units": counted,
        "pseudonyms": hidden,
        "rows": rows,
        "where": granted.where,
        "variables": [variable.describe() for variable in variables],
    }


def _publish(
    settings: Settings,
    db: Database,
    made: Path,
    outbox: Path,
    grant: Grant,
    spine: Spine,
    deliveries: list[str],
    datasets: list[ExtractedDataset],
    keys: Keys,
    actor: str,
) -> Extract:
    """Sign, record and move to the outbox; what is killed in between is cleared by the next run."""
    manifest = {
        "extract": made.name,
        "project": grant.project,
        "grant": grant.id,
        "spine": spine.version,
        "deliveries": deliveries,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "datasets": [each.entry for each in datasets],
        "linkage_quality": spine.quality(),
    }
    with new_folder(outbox / made.name) as building:
        for each in made.iterdir():
            shutil.move(each, building / each.name)
        sign_manifest(building, manifest, keys.signing)
    with db.write(actor=actor, via="linkage") as unit:
        counts = {
            each.name: {"rows": each.rows, "unlinked": each.unlinked, "filtered": each.filtered}
            for each in datasets
        }
        unit.record(
            _MADE,
            subject=made.name,
            details={"project": grant.project, "grant": grant.id, "spine": spine.version, "datasets": counts},
        )
    return Extract(made.name, outbox / made.name, grant.project, grant.id, spine.version, tuple(datasets))


_MADE = "extract.made"


def _clear_leftovers(settings: Settings, db: Database, outbox: Path) -> None:
    """Remove what a run that was killed left behind: work folders, and extracts that were never recorded."""
    with db.read() as session:
        recorded = set(session.scalars(select(AuditEvent.subject).where(AuditEvent.action == _MADE)))
    leftovers = [path for path in outbox.glob("*") if path.name not in recorded] if outbox.is_dir() else []
    leftovers += settings.ttp.glob(".work-*")
    for path in leftovers:
        shutil.rmtree(path)
