"""The grants that stand: recorded once, never changed."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound
from lab.base.grant import Grant, GrantedDataset
from lab.catalogue.models import GrantRow
from lab.registry import view


def add_grant(db: Database, grant: Grant, *, actor: str) -> None:
    """Record a grant; the same one again changes nothing.

    Raises:
        BadInput: a grant of that name stands and says something else.
        NotFound: no such project.
    """
    if view.project(db, grant.project) is None:
        raise NotFound("no such project", where=grant.project, remedy="create it with 'lab project create'")
    with db.write(actor=actor, via="lab") as unit:
        row = unit.session.get(GrantRow, grant.id)
        if row is not None:
            if _from_row(row) != grant:
                raise BadInput("the grant stands already and differs", where=grant.id, remedy="name it anew")
            return
        datasets = [_entry(dataset) for dataset in grant.datasets]
        unit.session.add(
            GrantRow(
                id=grant.id,
                project=grant.project,
                owners=list(grant.owners),
                valid_until=grant.valid_until,
                datasets=datasets,
                granted_at=datetime.now(UTC),
            )
        )
        details = {"owners": grant.owners, "until": grant.valid_until.isoformat(), "datasets": datasets}
        unit.record("grant.recorded", subject=grant.id, details={"project": grant.project, **details})


def latest_grant(db: Database, project: str) -> Grant:
    """Return the newest grant of a project.

    Raises:
        NotFound: it has none.
    """
    query = select(GrantRow).where(GrantRow.project == project).order_by(GrantRow.granted_at.desc())
    with db.read() as session:
        row = session.scalars(query).first()
        if row is None:
            raise NotFound(
                "the project has no grant", where=project, remedy="record one with 'lab grant add'"
            )
        return _from_row(row)


def find_grant(db: Database, grant_id: str) -> Grant:
    """Return a grant.

    Raises:
        NotFound: there is none of that name.
    """
    with db.read() as session:
        row = session.get(GrantRow, grant_id)
        if row is None:
            raise NotFound("no such grant", where=grant_id, remedy="record it with 'lab grant add'")
        return _from_row(row)


def _from_row(row: GrantRow) -> Grant:
    datasets = tuple(
        GrantedDataset(entry["name"], tuple(entry["variables"]), entry["where"]) for entry in row.datasets
    )
    return Grant(row.id, row.project, tuple(row.owners), row.valid_until, datasets)


def _entry(dataset: GrantedDataset) -> dict[str, Any]:
    return {"name": dataset.name, "variables": list(dataset.variables), "where": dataset.where}
