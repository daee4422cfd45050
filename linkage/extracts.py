"""A project's extract: what its grant names and nothing else, under the project's own pseudonyms, signed.

The process opens payload and the spine's links, never an identifier; the connection is confined to those
folders.
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import duckdb
from sqlalchemy import select

from lab.base.audit import AuditEvent
from lab.base.database import Database
from lab.base.errors import BadInput
from lab.base.files import new_folder
from lab.base.grant import Grant, read_grant
from lab.base.settings import Settings
from lab.base.signing import sign_manifest
from linkage import leaks, payload, selection, spine_store
from linkage.accepted import Accepted, accepted
from linkage.keys import Keys
from linkage.pseudonyms import ProjectPseudonyms
from linkage.selection import Choice
from linkage.spine_store import Spine
from linkage.tables import confined


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
    choices = [Choice.of(granted) for granted in grant.datasets]
    _check_owners(choices, grant)
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
                datasets = _write(con, settings, deliveries, spine, choices, pseudonyms, made)
            with confined(Path(work)) as con:
                for each, choice in zip(datasets, choices, strict=True):
                    leaks.check(con, made / each.name, choice.variables, each.rows, choice.partition)
            tables = {table for choice in choices for table in payload.opened(choice.source.tables)}
            used = [each.id for each in deliveries if f"{each.supplier}_{each.table}" in tables]
            return _publish(settings, db, made, outbox, grant, spine, used, datasets, keys, actor)


def _check_owners(choices: list[Choice], grant: Grant) -> None:
    for choice in choices:
        if missing := set(choice.source.owners) - set(grant.owners):
            raise BadInput(
                f"the grant gives data of '{min(missing)}', who is not among its owners",
                where=choice.source.name,
            )


def _write(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    deliveries: list[Accepted],
    spine: Spine,
    choices: list[Choice],
    pseudonyms: ProjectPseudonyms,
    folder: Path,
) -> list[ExtractedDataset]:
    payload.stage_spine(con, spine)
    selection.stage_people(con, pseudonyms)
    needed = sorted({table for choice in choices for table in choice.source.tables})
    staged = {table: payload.stage(con, settings, deliveries, table) for table in needed}
    done = []
    for choice in choices:
        own = choice.source.name
        rows, before = selection.select(con, choice, pseudonyms)
        selection.write_files(con, choice, folder / own)
        unlinked = staged[own].unlinked if own in staged else 0
        done.append(ExtractedDataset(own, rows, unlinked, before - rows, choice.describe(rows)))
    return done


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
