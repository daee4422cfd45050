"""A grant: which variables of which datasets a project gets, for which rows, until when.

The lab records it and writes it as a TOML file; the trusted third party reads that file:

    project = "work-health"
    grant = "work-health-2025-1"
    owners = ["dwp", "hmrc"]
    valid_until = 2027-03-31

    [[dataset]]
    name = "dwp_spells"
    variables = ["person_id", "benefit", "start_date"]
    where = "start_date >= DATE '2019-04-06'"
"""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lab.base.errors import BadInput, NotFound, NotPermitted

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_KEYS = {"project", "grant", "owners", "valid_until", "dataset"}
_DATASET_KEYS = {"name", "variables", "where"}


@dataclass(frozen=True)
class GrantedDataset:
    """One table of a grant; `where` is empty where every row is granted."""

    name: str
    variables: tuple[str, ...]
    where: str = ""

    def __post_init__(self) -> None:
        if len(set(self.variables)) != len(self.variables):
            raise BadInput("the grant names a variable twice", where=self.name)


@dataclass(frozen=True)
class Grant:
    """A grant, complete from construction."""

    id: str
    project: str
    owners: tuple[str, ...]
    valid_until: date
    datasets: tuple[GrantedDataset, ...]

    def __post_init__(self) -> None:
        for value in (self.id, self.project):
            if not _PLAIN.fullmatch(value):
                raise BadInput("not a plain name", where=value, remedy="use letters, digits, - and _")
        names = [dataset.name for dataset in self.datasets]
        if len(set(names)) != len(names):
            raise BadInput("the grant names a dataset twice", where=self.id)

    def allows(self, dataset: str) -> frozenset[str]:
        """Return the granted variables of a dataset; none where it is not granted."""
        return frozenset(
            variable for entry in self.datasets if entry.name == dataset for variable in entry.variables
        )

    def require(self, project: str, on: date | None = None) -> None:
        """Make sure that the grant is this project's and still valid.

        Raises:
            NotPermitted: naming the reason.
        """
        if project != self.project:
            raise NotPermitted(f"the grant is for the project {self.project}", where=self.id)
        if (on or datetime.now(UTC).date()) > self.valid_until:
            raise NotPermitted(
                f"the grant ended on {self.valid_until}",
                where=self.id,
                remedy="ask the data owners for a new one",
            )


def read_grant(path: Path) -> Grant:
    """Read a grant file.

    Raises:
        NotFound: no such file. BadInput: no TOML, an unknown or missing key, a value of the wrong kind.
    """
    if not path.is_file():
        raise NotFound("no such grant file", where=str(path), remedy="export it with 'lab grant export'")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not a TOML file: {error}", where=str(path)) from error
    where = str(path)
    _only_keys(content, _KEYS, _KEYS, where)
    entries = content["dataset"]
    if not isinstance(entries, list) or not entries:
        raise BadInput("a grant needs at least one [[dataset]]", where=where)
    until = content["valid_until"]
    if not isinstance(until, date) or isinstance(until, datetime):
        raise BadInput("'valid_until' must be a date, unquoted", where=where, remedy="write 2027-03-31")
    return Grant(
        _text(content["grant"], "grant", where),
        _text(content["project"], "project", where),
        _texts(content["owners"], "owners", where),
        until,
        tuple(_dataset(entry, where) for entry in entries),
    )


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


def _quoted(value: str) -> str:
    # JSON's strings are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


def _dataset(entry: Any, where: str) -> GrantedDataset:
    if not isinstance(entry, dict):
        raise BadInput("'dataset' must be a list of tables", where=where, remedy="write [[dataset]]")
    _only_keys(entry, _DATASET_KEYS, _DATASET_KEYS - {"where"}, where)
    condition = entry.get("where", "")
    return GrantedDataset(
        _text(entry["name"], "name", where),
        _texts(entry["variables"], "variables", where),
        _text(condition, "where", where) if condition else "",
    )


def _only_keys(content: dict[str, Any], known: set[str], needed: set[str], where: str) -> None:
    if unknown := content.keys() - known:
        raise BadInput(
            f"unknown key '{min(unknown)}'", where=where, remedy=f"known: {', '.join(sorted(known))}"
        )
    if missing := needed - content.keys():
        raise BadInput(f"the key '{min(missing)}' is missing", where=where)


def _text(value: Any, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"'{key}' must be a text", where=where)
    return value


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise BadInput(f"'{key}' must be a list of texts that is not empty", where=where)
    return tuple(_text(item, key, where) for item in value)
