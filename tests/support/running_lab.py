"""A whole small lab for tests that need a running hub: people, projects, signed extracts, the hub."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pandas as pd
import pytest
import requests

from lab.base.errors import IsolationRefused, NotFound
from lab.base.grant import Grant, GrantedDataset
from lab.base.sandbox import require_isolation
from lab.base.settings import Settings
from lab.base.signing import ensure_key, sign_manifest
from lab.catalogue.grants import add_grant
from lab.catalogue.receive import receive_extract
from lab.hub.config import proxy_program
from lab.hub.process import HubProcess, free_port, start_hub, stop_sessions
from lab.hub.visitor import Kernel, Visitor
from lab.registry import people, projects
from lab.registry.view import Role

PASSWORD = "open sesame, quite long"
TODAY = date.today()
YEAR = timedelta(days=365)


class RunningLab:
    """A lab, its hub, and people who visit it."""

    def __init__(self, settings: Settings, hub: HubProcess) -> None:
        self.settings, self.hub = settings, hub
        self._visitors: dict[str, Visitor] = {}

    def visitor(self, username: str) -> Visitor:
        """Return someone who has logged in."""
        if username not in self._visitors:
            found = Visitor(self.hub.url)
            found.log_in(username, PASSWORD)
            self._visitors[username] = found
        return self._visitors[username]

    def kernel(self, username: str, project: str) -> "RoomKernel":
        """Return a kernel in someone's session, which is started if need be."""
        return RoomKernel(self.visitor(username).open_session(project).kernel())

    def get(self, username: str, path: str) -> requests.Response:
        """Open a page as someone."""
        return self.visitor(username).browser.get(self.hub.url + path, timeout=60)

    def close(self) -> None:
        """Stop the sessions and the hub."""
        self.hub.stop()
        stop_sessions(self.settings)


@dataclass(frozen=True)
class RoomKernel:
    """A kernel in a session."""

    kernel: Kernel

    def run(self, code: str) -> str:
        """Run a cell that goes well, and return what it printed."""
        result = self.kernel.run(dedent(code))
        assert result.status == "ok", result.error
        return result.text.strip()


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """One hub for all the tests that need one; it takes some seconds to start."""
    require_hub()
    settings = make_lab(tmp_path_factory.mktemp("lab") / "home")
    running = RunningLab(settings, start_hub(settings, free_port()))
    yield running
    running.close()


@pytest.fixture(scope="session")
def room(running_lab: RunningLab) -> RoomKernel:
    """A kernel of rita's, in her session of work-health."""
    return running_lab.kernel("rita", "work-health")


def require_hub() -> None:
    """Skip where no hub can run, except where tests have to count."""
    try:
        require_isolation()
        proxy_program()
    except (IsolationRefused, NotFound) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def make_lab(home: Path) -> Settings:
    """Set a lab up: rita works on work-health, ravi on pensions, the others have their reasons."""
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
    _person(settings, "rita", Role.RESEARCHER, "work-health", "asleep", "empty")
    _person(settings, "ravi", Role.RESEARCHER, "pensions")
    _person(settings, "late", Role.RESEARCHER, "work-health", until=TODAY - timedelta(days=1))
    _person(settings, "carl", Role.CHECKER)
    _person(settings, "cora", Role.CHECKER)
    _person(settings, "adam", Role.ADMIN)
    projects.set_active(db, "asleep", False, actor="adam")
    for slug in ("work-health", "pensions"):
        receive_extract(settings, db, make_extract(settings, slug), actor="adam")
    return settings


def _person(settings: Settings, name: str, role: Role, *slugs: str, until: date = TODAY + YEAR) -> None:
    db = settings.database()
    people.ensure_person(db, name, name.title(), actor="adam")
    people.set_password(db, name, PASSWORD, actor="adam")
    people.ensure_role(db, name, role, actor="adam")
    if role is Role.RESEARCHER:
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
