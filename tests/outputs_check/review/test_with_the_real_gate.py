"""The second half of the road with nothing simulated: the gate, the ledger, the command line."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulated_gate import PROJECT, Submit

from lab.base.database import Database
from lab.base.settings import Settings
from lab.base.signing import read_manifest
from lab.catalogue.models import ExtractRow, GrantRow
from lab.catalogue.view import extract_folder
from outputs_check.cli import main
from outputs_check.review import reading
from outputs_check.review.intake import intake
from outputs_check.review.release import release
from outputs_check.review.station import Station, open_station
from outputs_check.review.transitions import State

EXTRACT = "work-health-2025-1-0001"
REGISTER = '[claims]\nowners = ["dwp"]\nunits = ["person_id"]\npseudonyms = ["person_id"]\n'
HEAD = f'project = "{PROJECT}"\nunit = "person_id"\nowners = ["dwp"]\n'


@pytest.fixture
def claims(settings: Settings, db: Database) -> pd.DataFrame:
    """The project's current extract: 3,000 people, a few of them in one small district."""
    chance = np.random.default_rng(7)
    people = 3000
    data = pd.DataFrame(
        {
            "person_id": [f"P{number:08d}" for number in range(people)],
            "region": chance.choice(["North", "South", "Wales"], people),
            "sex": chance.choice(["F", "M"], people),
            "age": chance.integers(18, 66, people),
            "district": np.where(np.arange(people) < 4, "Tiny", "Large"),
        }
    )
    data.loc[0, ["region", "sex", "age"]] = ["North", "F", 66]
    folder = extract_folder(settings, PROJECT, EXTRACT)
    folder.mkdir(parents=True)
    data.to_parquet(folder / "claims.parquet")
    (folder / "datasets.toml").write_text(REGISTER)
    kinds = {"age": "integer"}
    variables = [{"name": name, "type": kinds.get(name, "category")} for name in data.columns]
    dataset: dict[str, Any] = {"name": "claims", "rows": people, "variables": variables}
    dataset |= {"owners": ["dwp"], "units": ["person_id"], "pseudonyms": ["person_id"]}
    with db.write(actor="test") as unit:
        unit.session.add(
            GrantRow(
                id="grant-1",
                project=PROJECT,
                owners=["dwp"],
                datasets=[],
                valid_until=date(2099, 1, 1),
                granted_at=datetime.now(UTC),
            )
        )
        unit.session.flush()
        unit.session.add(
            ExtractRow(
                id=EXTRACT,
                project=PROJECT,
                grant="grant-1",
                manifest_sha256="0" * 64,
                datasets=[dataset],
                received_at=datetime.now(UTC),
                current=True,
            )
        )
        unit.record("extract.registered", subject=EXTRACT)
    return data


@pytest.fixture
def station(settings: Settings, db: Database, claims: pd.DataFrame) -> Station:
    return open_station(settings)


def table(data: pd.DataFrame, row: str = "region") -> bytes:
    return pd.crosstab(data[row], data["sex"]).to_csv().encode()


def declared(*outputs: str) -> bytes:
    return (HEAD + "".join(f"\n[[output]]\n{each}\n" for each in outputs)).encode()


def count(file: str, row: str = "region", where: str = "") -> str:
    condition = f'where = "{where}"\n' if where else ""
    return (
        f'file = "{file}"\ntitle = "People by {row} and sex"\nstatistic = "count"\ndata = "claims"\n'
        f'{condition}rows = ["{row}"]\ncolumns = ["sex"]'
    )


@dataclass(frozen=True)
class Answer:
    """What a call of the program said."""

    status: int
    out: str
    err: str


Checks = Callable[..., Answer]


@pytest.fixture
def checks(settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Checks:
    """Run `outputs-check` as a person does, in this process: its start-up is paid once."""

    def run(*arguments: str, actor: str = "carl") -> Answer:
        monkeypatch.setattr(
            sys, "argv", ["outputs-check", "--home", str(settings.home), "--as", actor, *arguments]
        )
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


def test_the_road_from_the_inbox_to_the_release_by_command(
    settings: Settings,
    station: Station,
    claims: pd.DataFrame,
    submit: Submit,
    checks: Checks,
) -> None:
    files = {
        "safe.csv": table(claims),
        "small.csv": table(claims, "district"),
        "submission.toml": declared(count("safe.csv"), count("small.csv", "district")),
    }
    name = submit(files, extract=EXTRACT)
    assert "in_review" in checks("intake").out
    shown = json.loads(checks("show", name, "--json").out)
    assert {each["file"]: each["verdict"] for each in shown["outputs"]} == {
        "safe.csv": "PASS",
        "small.csv": "BLOCK",
    }
    told = json.loads((settings.checking / "status" / f"{name}.json").read_bytes())
    assert told["state"] == "in_review"

    refused = checks("vote", name, "safe.csv", "approve", actor="rita")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "only output checkers decide" in refused.err
    for bad in (("small.csv", "approve"), ("safe.csv", "reject"), ("none.csv", "approve")):
        answer = checks("vote", name, *bad)
        assert (answer.status, answer.err.count("\n"), answer.out) == (1, 1, "")

    assert checks("vote", name, "safe.csv", "approve").status == 0
    assert checks("release", name).status == 1, "one vote is not two"
    assert "approved" in checks("vote", name, "safe.csv", "approve", "--as", "cora", actor="adam").out
    released = json.loads(checks("release", name, "--json").out)
    assert [each["file"] for each in released["files"]] == ["safe.csv"]
    folder = Path(released["path"])
    manifest = read_manifest(folder, settings.trust / "release.pub")
    assert manifest["files"][0]["sha256"] == released["files"][0]["sha256"]
    assert pd.read_csv(folder / "safe.csv").shape == (3, 3)
    assert [each["submission"] for each in json.loads(checks("releases", "--json").out)] == [name]
    assert json.loads(checks("queue", "--json").out) == []
    assert json.loads(checks("queue", "--all", "--json").out)[0]["state"] == "released"
    station.db.verify_audit()


def approve(station: Station, name: str, checks: Checks) -> None:
    for voter in ("carl", "cora"):
        for output in reading.submission(station, name, voter).outputs:
            assert checks("vote", name, output.file, "approve", actor=voter).status == 0


def test_two_that_are_safe_alone_and_not_together_do_not_both_leave(
    settings: Settings,
    station: Station,
    claims: pd.DataFrame,
    submit: Submit,
    checks: Checks,
) -> None:
    """Both are approved before either is released; they differ by the one person who is 66."""
    everybody = submit(
        {"all.csv": table(claims), "submission.toml": declared(count("all.csv"))}, extract=EXTRACT
    )
    younger = submit(
        {
            "younger.csv": table(claims[claims["age"] < 66]),
            "submission.toml": declared(count("younger.csv", where="age < 66")),
        },
        extract=EXTRACT,
    )
    assert {each.state for each in intake(station)} == {State.IN_REVIEW}
    for name in (everybody, younger):
        approve(station, name, checks)
    release(station, everybody, "carl")
    refused = checks("release", younger)
    assert (refused.status, "has changed since" in refused.err) == (1, True)
    view = reading.submission(station, younger, "carl")
    assert (view.state, view.verdict.name) == (State.RETURNED, "BLOCK")
    assert not (settings.checking / "release" / PROJECT / younger).exists()


def test_a_submission_without_a_declaration_goes_back(station: Station, submit: Submit) -> None:
    name = submit({"safe.csv": b"region,F,M\nNorth,100,100\n"}, extract=EXTRACT)
    assert intake(station)[0].state is State.RETURNED
    assert reading.submission(station, name, "carl").verdict.name == "BLOCK"


def test_a_new_extract_sends_an_approval_back(
    station: Station,
    db: Database,
    claims: pd.DataFrame,
    submit: Submit,
    settings: Settings,
    checks: Checks,
) -> None:
    name = submit({"all.csv": table(claims), "submission.toml": declared(count("all.csv"))}, extract=EXTRACT)
    intake(station)
    approve(station, name, checks)
    newer = f"{EXTRACT}-b"
    extract_folder(settings, PROJECT, EXTRACT).rename(extract_folder(settings, PROJECT, newer))
    with db.write(actor="test") as unit:
        old = unit.session.get(ExtractRow, EXTRACT)
        assert old is not None
        old.id = newer
        unit.record("extract.registered", subject=newer)
    assert "another extract" in checks("release", name).err
    view = reading.submission(station, name, "carl")
    assert (view.state, view.extract, view.output(1).votes) == (State.IN_REVIEW, newer, ())
