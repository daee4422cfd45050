"""What sessions and the gate may ask the catalogue. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lab.base.database import Database
from lab.base.errors import NotPermitted
from lab.base.settings import Settings
from lab.catalogue.models import ExtractRow, GrantRow, GrantWithdrawalRow


@dataclass(frozen=True)
class Variable:
    """A column of a dataset; `codes` maps each code to its meaning where there is a code list."""

    name: str
    type: str
    description: str
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Dataset:
    """A table of an extract; the first unit is the person."""

    name: str
    title: str
    owners: tuple[str, ...]
    units: tuple[str, ...]
    pseudonyms: tuple[str, ...]
    rows: int
    variables: tuple[Variable, ...]

    @classmethod
    def from_manifest(cls, entry: Mapping[str, Any]) -> "Dataset":
        """Read a dataset from its entry in an extract's manifest."""
        variables = tuple(
            Variable(each["name"], each["type"], each.get("description", ""), dict(each.get("codes") or {}))
            for each in entry["variables"]
        )
        owners, units, pseudonyms = (tuple(entry[key]) for key in ("owners", "units", "pseudonyms"))
        return cls(
            entry["name"], entry.get("title", ""), owners, units, pseudonyms, int(entry["rows"]), variables
        )


@dataclass(frozen=True)
class ExtractView:
    """A registered extract and the folder it lies in."""

    id: str
    project: str
    grant: str
    grant_valid_until: date
    grant_withdrawn: bool
    path: Path
    datasets: tuple[Dataset, ...]

    def require_grant(self, on: date) -> None:
        """Let the data be used on a day.

        Raises:
            NotPermitted: the owners' grant has ended, or they have withdrawn it.
        """
        if self.grant_withdrawn or self.grant_valid_until < on:
            ended = "was withdrawn" if self.grant_withdrawn else f"ended on {self.grant_valid_until}"
            raise NotPermitted(
                f"the grant of its data {ended}",
                where=f"project {self.project}",
                remedy="ask the data's owners for a new one",
            )


def extract_folder(settings: Settings, project: str, extract: str) -> Path:
    """Return where a registered extract lies."""
    return settings.lab / "extracts" / project / extract


def current_extract(settings: Settings, db: Database, project: str) -> ExtractView | None:
    """Return the extract that a project works on now, or None."""
    query = select(ExtractRow).where(ExtractRow.project == project, ExtractRow.current.is_(True))
    with db.read() as session:
        row = session.scalar(query)
        return _view(settings, session, row) if row else None


def extract(settings: Settings, db: Database, extract_id: str) -> ExtractView | None:
    """Return one extract, current or not, or None."""
    with db.read() as session:
        row = session.get(ExtractRow, extract_id)
        return _view(settings, session, row) if row else None


def _view(settings: Settings, session: Session, row: ExtractRow) -> ExtractView:
    grant = session.get(GrantRow, row.grant)
    withdrawn = session.get(GrantWithdrawalRow, row.grant) is not None
    datasets = tuple(Dataset.from_manifest(entry) for entry in row.datasets)
    valid_until = grant.valid_until if grant else date.min
    path = extract_folder(settings, row.project, row.id)
    return ExtractView(row.id, row.project, row.grant, valid_until, withdrawn, path, datasets)
