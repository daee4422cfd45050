"""Stations 1 to 4: deliveries, validation, linkage, and the extract of one project."""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lab.base.errors import LabError
from lab.base.files import canonical_json, sha256_bytes, sha256_file, write_atomic
from lab.base.settings import Settings
from lab.demo.programs import Programs
from lab.demo.report import Report
from lab.hub.places import Places
from lab.hub.process import check_alone
from lab.hub.room import workspace_of

NOTEBOOK = Path(__file__).parent / "analysis.ipynb"
PROJECT = "work-health"
PEOPLE = {
    "rita": ("Rita Researcher", "researcher"),
    "carl": ("Carl Checker", "checker"),
    "cora": ("Cora Checker", "checker"),
    "adam": ("Adam Admin", "admin"),
}
_A_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Place:
    """The demo's folder: the lab's home, the deliveries, the accounts."""

    work: Path

    @property
    def home(self) -> Path:
        """The lab's home folder."""
        return self.work / "home"

    @property
    def deliveries(self) -> Path:
        """What the suppliers sent."""
        return self.work / "deliveries"

    @property
    def programs(self) -> Programs:
        """The three programs, on this lab."""
        return Programs(self.home)

    def accounts(self) -> dict[str, str]:
        """Return the demo people's passwords, made up once for this folder."""
        path = self.work / "accounts.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(12) for name in PEOPLE}
            write_atomic(path, json.dumps(made, indent=2).encode(), 0o600)
        loaded: dict[str, str] = json.loads(path.read_text())
        return loaded


def deliver(place: Place, report: Report, people: int, seed: int, given: Path | None) -> Path:
    """Take deliveries that someone prepared, or have them generated: one of them faulty on purpose."""
    with report.station("deliveries") as station:
        if given is not None:
            if not any(given.rglob("manifest.json")):
                raise LabError(
                    "no delivery: no manifest.json", where=str(given), remedy="see README, Deliveries"
                )
            station.told = f"taken from {given}"
            return given
        shutil.rmtree(place.deliveries, ignore_errors=True)
        options = ("--people", str(people), "--seed", str(seed), "--out", str(place.deliveries))
        place.programs.run("linkage", "synth", *options, "--fault", "identifier-in-payload")
        count = len(list(place.deliveries.rglob("manifest.json")))
        station.told = f"{count} from DWP, HMRC and NHS about {people:,} people who do not exist"
        return place.deliveries


def keep_apart(place: Place, deliveries: Path) -> None:
    """Give every set of deliveries a lab of its own; the one before is set aside until it is asked for.

    Good deliveries about other people, or fewer, look like broken loads beside those that came first.
    """
    manifests = [path for path in deliveries.rglob("manifest.json") if path.is_file()]
    digests = sorted(sha256_file(path) for path in manifests if os.access(path, os.R_OK))
    name = sha256_bytes(canonical_json(digests))[:12]
    mark, aside = place.home / "deliveries.sha256", place.work / f"home-{name}"
    if mark.exists() and (before := mark.read_text()) != name:
        check_alone(Places.of(Settings.load(place.home)))
        place.home.rename(place.work / f"home-{before}")
    if not place.home.exists() and aside.exists():
        aside.rename(place.home)
    place.home.mkdir(mode=0o700, exist_ok=True)
    write_atomic(mark, name.encode())


def validate(place: Place, report: Report, deliveries: Path) -> None:
    """Receive every delivery; a faulty one is quarantined and the next goes on."""
    with report.station("validation") as station:
        place.programs.run("lab", "init")
        answers = place.programs.ask("linkage", "receive", str(deliveries), allow=1)
        refused = [entry for entry in answers if entry["state"] == "quarantined"]
        accepted = [entry for entry in answers if entry["state"] == "accepted"]
        if not accepted:
            first = f"no delivery was accepted; the first one: {refused[0]['reason']}"
            raise LabError(first, where=str(deliveries), remedy=f"read {refused[0]['report']}")
        rows = sum(entry["rows"] or 0 for entry in accepted)
        station.told = f"{len(accepted)} accepted, {rows:,} rows; {len(refused)} quarantined"
        for entry in refused:
            station.told += (
                f"\n{'':27}{entry['supplier']} {entry['table']}: {entry['reason']}: {entry['report']}"
            )


def link(place: Place, report: Report, deliveries: Path) -> None:
    """Link everybody's records to the spine; with the truth beside them, say how well."""
    with report.station("linkage") as station:
        if not (place.home / "ttp" / "keys" / "master.key").exists():
            place.programs.run("linkage", "keys", "init")
        truth = deliveries / "truth.parquet"
        known = ("--truth", str(truth)) if truth.exists() else ()
        answer = place.programs.ask("linkage", "link", *known)
        station.told = f"{answer['records']:,} records are {answer['people']:,} people"
        if scores := answer["quality"].get("truth"):
            station.told += f"; precision {scores['precision']:.4f}, recall {scores['recall']:.4f}"


def extract(place: Place, report: Report) -> None:
    """Make the project's extract, and register it in the lab's catalogue."""
    programs = place.programs
    with report.station("extract") as station:
        _people_and_project(place)
        grant = place.work / "grant.toml"
        if not grant.exists():
            ends = (date.today() + _A_YEAR).isoformat()
            text = (Path(__file__).parent / "grant.toml").read_text().replace("2000-01-01", ends)
            write_atomic(grant, text.encode(), 0o644)
        programs.run("lab", "grant", "add", str(grant), actor="adam")
        order = place.work / "grant-order.toml"
        programs.run("lab", "grant", "export", "--project", PROJECT, "--out", str(order), actor="adam")
        made = programs.ask("linkage", "extract", "--project", PROJECT, "--grant", str(order))
        station.told = programs.run("lab", "catalogue", "receive", made["path"], actor="adam").strip()


def leave_notebook(place: Place) -> Path:
    """Leave the demo's notebook in rita's workspace, unless she has it, and may have changed it."""
    path = workspace_of(Settings.load(place.home), "rita", PROJECT) / NOTEBOOK.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        write_atomic(path, NOTEBOOK.read_bytes(), 0o600)
    return path


def _people_and_project(place: Place) -> None:
    programs, passwords = place.programs, place.accounts()
    for username, (name, role) in PEOPLE.items():
        options = ("--name", name, "--role", role, "--password-stdin")
        programs.run("lab", "person", "add", username, *options, stdin=passwords[username] + "\n")
    until = (date.today() + _A_YEAR).isoformat()
    programs.run("lab", "person", "accredit", "rita", "--number", "DEMO-1", "--until", until, actor="adam")
    purpose = "Does a spell of sickness lower pay in the year after?"
    described = ("--title", "Work and health", "--purpose", purpose)
    programs.run("lab", "project", "create", PROJECT, *described, actor="adam")
    programs.run("lab", "project", "add-member", PROJECT, "rita", actor="adam")
