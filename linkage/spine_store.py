"""The versions of the spine: recorded in the database, kept in folders that are whole or absent."""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Integer, String, select
from sqlalchemy.orm import Mapped, mapped_column

from lab.base.database import Base, Database
from lab.base.errors import LabError, NotFound, Tampered
from lab.base.files import canonical_json, new_folder, sha256_bytes, sha256_file, write_atomic
from lab.base.settings import Settings
from lab.base.signing import MANIFEST, list_files


class SpineRow(Base):
    """One version of the spine; the newest is the current one."""

    __tablename__ = "spines"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    people: Mapped[int] = mapped_column(Integer)
    records: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Spine:
    """One version: its folder holds links.parquet, people.parquet and quality.json."""

    version: str
    path: Path
    deliveries: tuple[str, ...]
    people: int
    records: int

    @property
    def links(self) -> Path:
        """Parquet of supplier, record_id, spine_id (UUID), method, probability."""
        return self.path / "links.parquet"

    @property
    def persons(self) -> Path:
        """Parquet of spine_id (UUID), year_of_birth, sex."""
        return self.path / "people.parquet"

    def quality(self) -> dict[str, Any]:
        """Return the quality report."""
        report: dict[str, Any] = json.loads((self.path / "quality.json").read_bytes())
        return report


def folder(settings: Settings) -> Path:
    """Return the folder that holds the versions."""
    return settings.ttp / "spine"


def version_name(number: int) -> str:
    """Return the name of a version, in which names sort as numbers do."""
    return f"{number:04d}"


def current(settings: Settings, db: Database) -> Spine | None:
    """Return the newest version, once its files are proved to be those that were recorded.

    Raises:
        Tampered: a file is changed or missing.
    """
    with db.read() as session:
        row = session.scalars(select(SpineRow).order_by(SpineRow.number.desc()).limit(1)).first()
        if row is None:
            return None
        number, digest, people, records = row.number, row.manifest_sha256, row.people, row.records
    path = folder(settings) / version_name(number)
    manifest = _verified(path, digest)
    return Spine(manifest["spine"], path, tuple(manifest["deliveries"]), people, records)


def require_current(settings: Settings, db: Database) -> Spine:
    """Return the newest version.

    Raises:
        NotFound: there is none yet. Tampered: as `current`.
    """
    spine = current(settings, db)
    if spine is None:
        raise NotFound(
            "there is no spine yet", where=str(folder(settings)), remedy="make one with 'linkage link'"
        )
    return spine


def _verified(path: Path, digest: str) -> dict[str, Any]:
    remedy = "restore the version from a backup"
    file = path / MANIFEST
    if not file.is_file() or sha256_file(file) != digest:
        raise Tampered("the spine is not the one that was recorded", where=str(path), remedy=remedy)
    manifest: dict[str, Any] = json.loads(file.read_bytes())
    if list_files(path) != manifest["files"]:
        raise Tampered("a file of the spine is changed or missing", where=str(path), remedy=remedy)
    return manifest


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold the linkage's lock.

    Raises:
        LabError: another linkage or extract is running.
    """
    settings.ttp.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.ttp / ".linkage.lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LabError(
                "another linkage or extract is running",
                where=str(settings.ttp),
                remedy="wait until it is done",
            ) from error
        yield


def clear_leftovers(settings: Settings, db: Database) -> None:
    """Remove what a run that was killed left behind: work folders, and versions that were never recorded."""
    with db.read() as session:
        known = {version_name(number) for number in session.scalars(select(SpineRow.number))}
    place = folder(settings)
    leftovers = [path for path in place.glob("*") if path.name not in known] if place.is_dir() else []
    leftovers += settings.ttp.glob(".work-*")
    for path in leftovers:
        shutil.rmtree(path)


@contextmanager
def new_version(settings: Settings, db: Database) -> Iterator[tuple[str, Path]]:
    """Build the next version's folder; it takes its name when the block ends well. Yields name and folder."""
    with db.read() as session:
        last = session.scalars(select(SpineRow.number).order_by(SpineRow.number.desc()).limit(1)).first()
    version = version_name((last or 0) + 1)
    with new_folder(folder(settings) / version) as building:
        yield version, building


def write_manifest(building: Path, version: str, deliveries: tuple[str, ...], previous: str | None) -> str:
    """Write the manifest of a version; return its SHA-256."""
    data = canonical_json(
        {
            "spine": version,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "deliveries": list(deliveries),
            "previous": previous,
            "files": list_files(building),
        }
    )
    write_atomic(building / MANIFEST, data)
    return sha256_bytes(data)


def record(
    db: Database, version: str, digest: str, people: int, records: int, actor: str, details: dict[str, Any]
) -> None:
    """Make a version the current one."""
    with db.write(actor=actor, via="linkage") as unit:
        unit.session.add(
            SpineRow(
                number=int(version),
                manifest_sha256=digest,
                people=people,
                records=records,
                made_at=datetime.now(UTC),
            )
        )
        unit.record(
            "spine.built",
            subject=version,
            details={"manifest": digest, "people": people, "records": records, **details},
        )
