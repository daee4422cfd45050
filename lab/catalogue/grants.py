"""Grants: which variables of which datasets a project gets, for which rows, until when.

A grant is a TOML file, written by hand and approved by the owners it names:

    project = "work-health"
    grant = "work-health-2025-1"
    owners = ["dwp", "hmrc"]
    valid_until = 2027-03-31

    [[dataset]]
    name = "dwp_spells"
    variables = ["person_id", "benefit", "start_date"]
    where = "start_date >= DATE '2019-04-06'"
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound
from lab.catalogue.models import GrantRow
from lab.registry import view

_KEYS = {"project", "grant", "owners", "valid_until", "dataset"}
_DATASET_KEYS = {"name", "variables", "where"}


@dataclass(frozen=True)
class GrantedDataset:
    """One table of a grant; `where` is empty where all rows are granted."""

    name: str
    variables: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True)
class Grant:
    """A grant, complete from construction."""

    id: str
    project: str
    owners: tuple[str, ...]
    valid_until: date
    datasets: tuple[GrantedDataset, ...]

    def allows(self, dataset: str) -> frozenset[str]:
        """Return the granted variables of a dataset; none where it is not granted."""
        return frozenset(
            variable for entry in self.datasets if entry.name == dataset for variable in entry.variables
        )


def read_grant(path: Path) -> Grant:
    """Read a grant from its file.

    Raises:
        BadInput: an unknown or missing key, or a value of the wrong kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not a TOML file: {error}", where=str(path)) from error
    _only_keys(content, _KEYS, str(path))
    return Grant(
        id=_text(content["grant"], "grant", path),
        project=_text(content["project"], "project", path),
        owners=_texts(content["owners"], "owners", path),
        valid_until=_date(content["valid_until"], path),
        datasets=tuple(_dataset(entry, path) for entry in content["dataset"]),
    )


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


def to_toml(grant: Grant) -> str:
    """Return the grant as the file that `read_grant` reads."""
    lines = [
        f"project = {_quoted(grant.project)}",
        f"grant = {_quoted(grant.id)}",
        f"owners = {_list(grant.owners)}",
        f"valid_until = {grant.valid_until.isoformat()}",
    ]
    for dataset in grant.datasets:
        lines += ["", "[[dataset]]", f"name = {_quoted(dataset.name)}"]
        lines += [f"variables = {_list(dataset.variables)}"]
        lines += [f"where = {_quoted(dataset.where)}"] if dataset.where else []
    return "\n".join(lines) + "\n"


def _from_row(row: GrantRow) -> Grant:
    datasets = tuple(
        GrantedDataset(entry["name"], tuple(entry["variables"]), entry["where"]) for entry in row.datasets
    )
    return Grant(row.id, row.project, tuple(row.owners), row.valid_until, datasets)


def _entry(dataset: GrantedDataset) -> dict[str, Any]:
    return {"name": dataset.name, "variables": list(dataset.variables), "where": dataset.where}


def _dataset(entry: Any, path: Path) -> GrantedDataset:
    if not isinstance(entry, dict):
        raise BadInput("'dataset' must be a list of tables", where=str(path), remedy="write [[dataset]]")
    _only_keys({"where": "", **entry}, _DATASET_KEYS, f"{path}, dataset {entry.get('name', '?')}")
    where = entry.get("where", "")
    variables = _texts(entry["variables"], "variables", path)
    return GrantedDataset(
        _text(entry["name"], "name", path), variables, where and _text(where, "where", path)
    )


def _only_keys(content: dict[str, Any], keys: set[str], where: str) -> None:
    if unknown := content.keys() - keys:
        raise BadInput(
            f"unknown key '{min(unknown)}'", where=where, remedy=f"known: {', '.join(sorted(keys))}"
        )
    if missing := keys - content.keys():
        raise BadInput(f"the key '{min(missing)}' is missing", where=where)


def _text(value: Any, key: str, path: Path) -> str:
    if not isinstance(value, str) or not value.strip() or ('"' in value and key != "where"):
        raise BadInput(f"'{key}' must be a text", where=str(path))
    return value


def _texts(value: Any, key: str, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise BadInput(f"'{key}' must be a list of texts that is not empty", where=str(path))
    return tuple(_text(item, key, path) for item in value)


def _date(value: Any, path: Path) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise BadInput("'valid_until' must be a date, unquoted", where=str(path), remedy="write 2027-03-31")
    return value


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"
