"""The grants that stand: recorded once, never changed, and withdrawn where their owners say so."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound, NotPermitted
from lab.base.grant import Grant, GrantedDataset
from lab.catalogue.models import GrantRow, GrantWithdrawalRow
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


def withdraw_grant(db: Database, grant_id: str, *, reason: str, actor: str) -> None:
    """Take a grant back from now on; taken back already, it stays so.

    Raises:
        NotFound: there is none of that name.
    """
    grant = find_grant(db, grant_id)
    with db.write(actor=actor, via="lab") as unit:
        if unit.session.get(GrantWithdrawalRow, grant_id) is None:
            unit.session.add(GrantWithdrawalRow(grant=grant_id, withdrawn_on=view.today(), reason=reason))
            details = {"project": grant.project, "reason": reason}
            unit.record("grant.withdrawn", subject=grant_id, details=details)


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


def require_standing(db: Database, grant_id: str) -> None:
    """Make sure that a grant was not withdrawn.

    Raises:
        NotPermitted: it was.
    """
    with db.read() as session:
        row = session.get(GrantWithdrawalRow, grant_id)
    if row is not None:
        raise NotPermitted(
            f"the grant was withdrawn on {row.withdrawn_on}", where=grant_id, remedy=row.reason
        )


def _from_row(row: GrantRow) -> Grant:
    datasets = tuple(
        GrantedDataset(entry["name"], tuple(entry["variables"]), entry["where"]) for entry in row.datasets
    )
    return Grant(row.id, row.project, tuple(row.owners), row.valid_until, datasets)


def _entry(dataset: GrantedDataset) -> dict[str, Any]:
    return {"name": dataset.name, "variables": list(dataset.variables), "where": dataset.where}
