"""Receiving a signed extract: verified, held against its grant, registered, whole or not at all."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound, NotPermitted, Tampered
from lab.base.files import new_folder, sha256_file
from lab.base.grant import Grant
from lab.base.settings import Settings
from lab.base.signing import MANIFEST, read_manifest
from lab.catalogue.grants import find_grant, require_standing
from lab.catalogue.models import ExtractRow
from lab.catalogue.view import Dataset, ExtractView, extract_folder
from lab.catalogue.view import extract as find_extract
from lab.registry.view import today

REGISTER = "datasets.toml"


def receive_extract(settings: Settings, db: Database, folder: Path, *, actor: str) -> ExtractView:
    """Take an extract into the lab and make it its project's current one.

    What is verified is the copy that stays, so nobody can change a file between check and use. The
    same extract again changes nothing.

    Raises:
        Tampered: signature or a file's hash does not fit.
        NotPermitted: it holds more than its grant allows, or the grant has ended or was withdrawn.
    """
    promised = read_manifest(folder, settings.trust / "ttp.pub", files=False)
    extract_id, project = _plain(promised["extract"]), _plain(promised["project"])
    grant = find_grant(db, promised["grant"])
    require_standing(db, grant.id)
    _check_against_grant(promised, grant)
    destination = extract_folder(settings, project, extract_id)
    if known := find_extract(settings, db, extract_id):
        _check_same(destination, folder)
        return known
    if destination.exists():
        shutil.rmtree(destination)  # a crash came between the folder and its record: start anew
    with new_folder(destination) as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True, symlinks=True)
        manifest = read_manifest(copy, settings.trust / "ttp.pub")
        if manifest != promised:
            raise Tampered("the extract changed while it was received", where=str(folder))
        (copy / REGISTER).write_text(datasets_toml(manifest), encoding="utf-8")
    _register(db, manifest, sha256_file(destination / MANIFEST), actor)
    found = find_extract(settings, db, extract_id)
    if found is None:
        raise NotFound("the extract was taken away while it was registered", where=extract_id)
    return found


def datasets_toml(manifest: dict[str, Any]) -> str:
    """Return the register of the data's owners, units and pseudonyms that the gate reads."""
    lines = []
    for entry in manifest["datasets"]:
        dataset = Dataset.from_manifest(entry)
        lines += [f"[{_plain(dataset.name)}]"]
        for key in ("owners", "units", "pseudonyms"):
            values = ", ".join(f'"{_plain(value)}"' for value in getattr(dataset, key))
            lines += [f"{key} = [{values}]"]
        lines += [""]
    return "\n".join(lines)


def _check_against_grant(manifest: dict[str, Any], grant: Grant) -> None:
    where = f"grant {grant.id}"
    if manifest["project"] != grant.project:
        raise NotPermitted(f"the extract is for the project {manifest['project']}", where=where)
    if grant.valid_until < today():
        raise NotPermitted(f"the grant ended on {grant.valid_until}", where=where, remedy="ask the owners")
    for entry in manifest["datasets"]:
        dataset = Dataset.from_manifest(entry)
        names = {variable.name for variable in dataset.variables}
        if beyond := names - grant.allows(dataset.name):
            raise NotPermitted(f"the extract holds '{min(beyond)}' of {dataset.name}", where=where)
        if beyond := set(dataset.owners) - set(grant.owners):
            raise NotPermitted(f"{dataset.name} is data of '{min(beyond)}'", where=where)


def _check_same(destination: Path, folder: Path) -> None:
    if sha256_file(destination / MANIFEST) != sha256_file(folder / MANIFEST):
        raise BadInput("an extract of that name is registered and differs", where=destination.name)


def _register(db: Database, manifest: dict[str, Any], digest: str, actor: str) -> None:
    with db.write(actor=actor, via="lab") as unit:
        unit.session.execute(
            update(ExtractRow).where(ExtractRow.project == manifest["project"]).values(current=False)
        )
        unit.session.add(
            ExtractRow(
                id=manifest["extract"],
                project=manifest["project"],
                grant=manifest["grant"],
                manifest_sha256=digest,
                datasets=manifest["datasets"],
                received_at=datetime.now(UTC),
                current=True,
            )
        )
        details = {"project": manifest["project"], "grant": manifest["grant"], "manifest": digest}
        unit.record("extract.registered", subject=manifest["extract"], details=details)


def _plain(name: str) -> str:
    if not name or not name.isascii() or not name.replace("-", "_").replace("_", "a").isalnum():
        raise BadInput("not a plain name", where=name, remedy="use letters, digits, - and _")
    return name
