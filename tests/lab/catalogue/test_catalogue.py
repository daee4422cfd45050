"""Safe data: a grant says what may come in, and only that is registered."""

import json
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.base.database import Database
from lab.base.errors import BadInput, LabError, NotFound, NotPermitted, Tampered
from lab.base.grant import read_grant, to_toml
from lab.base.settings import Settings
from lab.base.signing import ensure_key, sign_manifest
from lab.catalogue import grants, view
from lab.catalogue.receive import receive_extract
from lab.registry import projects
from lab.registry.view import today

GRANT = """
project = "p1"
grant = "g1"
owners = ["dwp", "hmrc"]
valid_until = {until}

[[dataset]]
name = "dwp_spells"
variables = ["person_id", "benefit"]
where = "benefit IN ('JSA', 'ESA') AND note <> '\\"'"

[[dataset]]
name = "pay"
variables = ["person_id", "employer_id", "pay"]
"""

DATASETS: list[dict[str, Any]] = [
    {
        "name": "dwp_spells",
        "owners": ["dwp"],
        "units": ["person_id"],
        "pseudonyms": ["person_id"],
        "rows": 2,
        "variables": [
            {"name": "person_id", "type": "string"},
            {"name": "benefit", "type": "category", "codes": {"JSA": "Jobseeker's Allowance"}},
        ],
    },
    {
        "name": "pay",
        "owners": ["hmrc"],
        "units": ["person_id", "employer_id"],
        "pseudonyms": ["person_id", "employer_id"],
        "rows": 1,
        "variables": [{"name": "pay", "type": "float"}],
    },
]


@pytest.fixture
def db(settings: Settings, tmp_path: Path) -> Database:
    made = settings.database()
    for slug in ("p1", "p2"):
        projects.ensure_project(
            made, slug, title="", purpose="", starts=today(), ends=today() + timedelta(9), actor="adam"
        )
    grants.add_grant(made, read_grant(_grant_file(tmp_path)), actor="adam")
    ensure_key(settings.ttp / "keys" / "k.pem", settings.trust / "ttp.pub")
    return made


def _grant_file(tmp_path: Path, text: str = GRANT) -> Path:
    path = tmp_path / "grant.toml"
    path.write_text(text.replace("{until}", (today() + timedelta(30)).isoformat()))
    return path


def _extract(settings: Settings, name: str = "e1", **changes: Any) -> Path:
    folder = settings.ttp / "outbox" / name
    (folder / "dwp_spells").mkdir(parents=True)
    (folder / "dwp_spells" / "part-0.parquet").write_bytes(name.encode())
    content = {"extract": name, "project": "p1", "grant": "g1", "datasets": DATASETS, **changes}
    sign_manifest(folder, content, settings.ttp / "keys" / "k.pem")
    return folder


def test_grant_survives_its_file(tmp_path: Path) -> None:
    grant = read_grant(_grant_file(tmp_path))
    again = tmp_path / "again.toml"
    again.write_text(to_toml(grant))
    assert read_grant(again) == grant
    assert grant.allows("dwp_spells") == {"person_id", "benefit"}
    assert grant.allows("nhs_episodes") == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('grant = "g1"', "", "'grant' is missing"),
        ('grant = "g1"', 'grant = "g1"\nextra = 1', "unknown key 'extra'"),
        ('owners = ["dwp", "hmrc"]', "owners = []", "'owners' must be a list"),
        ('owners = ["dwp", "hmrc"]', 'owners = "dwp"', "'owners' must be a list"),
        ("valid_until = {until}", 'valid_until = "2027-01-01"', "must be a date"),
        ('name = "pay"', "name = 3", "'name' must be a text"),
        ('variables = ["person_id", "benefit"]', "", "'variables' is missing"),
        ("[[dataset]]", "[[dataset", "not a TOML file"),
    ],
)
def test_bad_grant_is_refused_in_one_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = _grant_file(tmp_path, GRANT.replace(old, new, 1))
    with pytest.raises(BadInput, match=complaint) as caught:
        read_grant(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_standing_grant_cannot_be_changed(db: Database, tmp_path: Path) -> None:
    wider = GRANT.replace('"benefit"]', '"benefit", "la_code"]')
    with pytest.raises(BadInput, match="stands already"):
        grants.add_grant(db, read_grant(_grant_file(tmp_path, wider)), actor="adam")


def test_grant_needs_its_project(db: Database, tmp_path: Path) -> None:
    path = _grant_file(tmp_path, GRANT.replace('"p1"', '"p9"').replace('"g1"', '"g9"'))
    with pytest.raises(NotFound, match="no such project .p9"):
        grants.add_grant(db, read_grant(path), actor="adam")


def test_extract_is_registered_with_what_the_gate_reads(settings: Settings, db: Database) -> None:
    found = receive_extract(settings, db, _extract(settings), actor="adam")
    assert found == view.current_extract(settings, db, "p1")
    assert (found.path / "dwp_spells" / "part-0.parquet").read_bytes() == b"e1"
    register = tomllib.loads((found.path / "datasets.toml").read_text())
    assert register["pay"] == {
        "owners": ["hmrc"],
        "units": ["person_id", "employer_id"],
        "pseudonyms": ["person_id", "employer_id"],
    }
    assert found.datasets[0].variables[1].codes == {"JSA": "Jobseeker's Allowance"}
    assert db.audit_events(last=1)[0]["action"] == "extract.registered"


def test_newer_extract_takes_over_and_the_older_one_stays_known(settings: Settings, db: Database) -> None:
    receive_extract(settings, db, _extract(settings, "e1"), actor="adam")
    receive_extract(settings, db, _extract(settings, "e2"), actor="adam")
    current = view.current_extract(settings, db, "p1")
    assert current is not None
    assert current.id == "e2"
    assert view.extract(settings, db, "e1") is not None
    assert view.current_extract(settings, db, "p2") is None


def test_same_extract_again_changes_nothing(settings: Settings, db: Database) -> None:
    folder = _extract(settings)
    first = receive_extract(settings, db, folder, actor="adam")
    head = db.verify_audit()
    assert receive_extract(settings, db, folder, actor="adam") == first
    assert db.verify_audit() == head


def test_folder_left_by_a_crash_is_replaced(settings: Settings, db: Database) -> None:
    left = view.extract_folder(settings, "p1", "e1")
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    found = receive_extract(settings, db, _extract(settings), actor="adam")
    assert not (found.path / "half").exists()


def _change_a_byte(folder: Path) -> None:
    (folder / "dwp_spells" / "part-0.parquet").write_bytes(b"e2")


def _add_a_file(folder: Path) -> None:
    (folder / "names.parquet").write_bytes(b"")


def _rewrite_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "project": "p2"}))


@pytest.mark.parametrize("change", [_change_a_byte, _add_a_file, _rewrite_the_manifest])
def test_changed_extract_is_refused_and_nothing_is_left(
    settings: Settings, db: Database, change: Callable[[Path], None]
) -> None:
    folder = _extract(settings)
    change(folder)
    with pytest.raises(Tampered):
        receive_extract(settings, db, folder, actor="adam")
    assert view.current_extract(settings, db, "p1") is None
    assert not list((settings.lab / "extracts").rglob("*.parquet"))


def _with(**changes: Any) -> list[dict[str, Any]]:
    return [{**DATASETS[0], **changes}]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"project": "p2"}, "the extract is for the project p2"),
        ({"datasets": _with(name="nhs_episodes")}, "of nhs_episodes"),
        ({"datasets": _with(variables=[{"name": "la_code", "type": "string"}])}, "'la_code' of dwp_spells"),
        ({"datasets": _with(owners=["nhs"])}, "is data of 'nhs'"),
        ({"grant": "g9"}, "no such grant"),
        ({"extract": "../e1"}, "not a plain name"),
    ],
)
def test_extract_beyond_its_grant_is_refused(
    settings: Settings, db: Database, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(LabError, match=complaint):
        receive_extract(settings, db, _extract(settings, "e1", **changes), actor="adam")
    assert view.current_extract(settings, db, "p1") is None


def test_extract_of_an_ended_grant_is_refused(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.catalogue.receive.today", lambda: date(2099, 1, 1))
    with pytest.raises(NotPermitted, match="the grant ended on"):
        receive_extract(settings, db, _extract(settings), actor="adam")


def test_a_withdrawn_grant_lets_nothing_in_and_is_in_the_log_once(settings: Settings, db: Database) -> None:
    receive_extract(settings, db, _extract(settings), actor="adam")
    for _ in range(2):
        grants.withdraw_grant(db, "g1", reason="the owner asked", actor="adam")
    events = db.audit_events(action="grant.withdrawn")
    assert [json.loads(event["details"])["reason"] for event in events] == ["the owner asked"]
    found = view.current_extract(settings, db, "p1")
    assert found is not None
    with pytest.raises(NotPermitted, match="the grant of its data was withdrawn"):
        found.require_grant(date.today())
    with pytest.raises(NotPermitted, match="the grant was withdrawn on"):
        receive_extract(settings, db, _extract(settings, "e2"), actor="adam")
