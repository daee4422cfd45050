"""A whole small lab that is made to be thrown away: people, projects, signed extracts of made-up rows."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from lab.base.grant import Grant, GrantedDataset
from lab.base.settings import Settings
from lab.base.signing import ensure_key, sign_manifest
from lab.catalogue.grants import add_grant
from lab.catalogue.receive import receive_extract
from lab.registry import people, projects
from lab.registry.view import Role

TODAY = date.today()
YEAR = timedelta(days=365)


def make_lab(home: Path, password: str) -> Settings:
    """Set a lab up: rita and rhea work on work-health, ravi on pensions, the others have their reasons."""
    settings = Settings(home, f"sqlite:///{home / 'lab.db'}")
    settings.prepare()
    db = settings.database()
    db.create()
    for slug in ("work-health", "pensions", "asleep", "empty"):
        projects.ensure_project(
            db,
            slug,
            title=f"About {slug}",
            purpose="tests",
            starts=TODAY - YEAR,
            ends=TODAY + YEAR,
            actor="adam",
        )
    for name, role, slugs in (
        ("rita", Role.RESEARCHER, ("work-health", "asleep", "empty")),
        ("rhea", Role.RESEARCHER, ("work-health",)),
        ("ravi", Role.RESEARCHER, ("pensions",)),
        ("late", Role.RESEARCHER, ("work-health",)),
        ("carl", Role.CHECKER, ()),
        ("cora", Role.CHECKER, ()),
        ("adam", Role.ADMIN, ()),
    ):
        _person(settings, name, password, role, slugs)
    projects.set_active(db, "asleep", False, actor="adam")
    for slug in ("work-health", "pensions"):
        receive_extract(settings, db, make_extract(settings, slug), actor="adam")
    return settings


def _person(settings: Settings, name: str, password: str, role: Role, slugs: tuple[str, ...]) -> None:
    db = settings.database()
    people.ensure_person(db, name, name.title(), actor="adam")
    people.set_password(db, name, password, actor="adam")
    people.ensure_role(db, name, role, actor="adam")
    if role is Role.RESEARCHER:
        until = TODAY - timedelta(days=1) if name == "late" else TODAY + YEAR
        people.ensure_accreditation(
            db, name, scheme="DEA", number=name, valid_from=TODAY - YEAR, valid_until=until, actor="adam"
        )
    for slug in slugs:
        projects.ensure_member(db, slug, name, actor="adam")


def make_extract(settings: Settings, project: str) -> Path:
    """Grant and sign an extract of one small linked table, in parts by year."""
    grant = Grant(f"{project}-1", project, ("dwp", "hmrc"), TODAY + YEAR, (_granted(),))
    add_grant(settings.database(), grant, actor="adam")
    folder = settings.home / "outbox" / f"{project}-extract"
    for year, part in person_year(project).groupby("year"):
        place = folder / "person_year" / f"year={year}"
        place.mkdir(parents=True)
        part.drop(columns="year").to_parquet(place / "part-0.parquet", index=False)
    ensure_key(settings.ttp / "keys" / "extract-signing.pem", settings.trust / "ttp.pub")
    sign_manifest(folder, _manifest(project), settings.ttp / "keys" / "extract-signing.pem")
    return folder


def person_year(project: str) -> pd.DataFrame:
    """Return the rows of a project's extract."""
    regions = ["London", "Wales", "Scotland"]
    rows = [
        {
            "person_id": f"{project[:1]}{person:05d}",
            "year": year,
            "sex": "F" if person % 2 else "M",
            "region": regions[person % 3],
            "on_benefit": int(person % 5 == 0),
            "pay": 20_000.0 + person,
        }
        for person in range(600)
        for year in (2023, 2024)
    ]
    return pd.DataFrame(rows)


def _granted() -> GrantedDataset:
    return GrantedDataset("person_year", tuple(person_year("x").columns))


def _manifest(project: str) -> dict[str, Any]:
    types = {"person_id": "string", "sex": "category", "region": "category", "pay": "float"}
    variables = [
        {"name": name, "type": types.get(name, "integer"), "description": name, "codes": {}}
        for name in person_year(project).columns
    ]
    dataset = {
        "name": "person_year",
        "title": "A person's year",
        "owners": ["dwp", "hmrc"],
        "units": ["person_id"],
        "pseudonyms": ["person_id"],
        "rows": 1200,
        "variables": variables,
    }
    return {
        "extract": f"{project}-extract",
        "project": project,
        "grant": f"{project}-1",
        "spine": "s1",
        "deliveries": [],
        "made_at": "2025-05-01T09:00:00Z",
        "datasets": [dataset],
        "linkage_quality": {},
    }
