"""The spine: who is one person, that ids stay, and that versions are whole or absent."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from custodian import Custodian
from typer.testing import CliRunner

from lab.base.audit import AuditEvent
from lab.base.errors import LabError, NotFound, Tampered
from lab.base.settings import Settings
from linkage import spine_store
from linkage.cli import app
from linkage.tables import confined

ANN = {
    "record_id": "D0000000001",
    "nino": "AB123456C",
    "forename": "Ann",
    "surname": "Lee",
    "date_of_birth": "1980-05-20",
    "sex": "F",
    "postcode": "M1 1AE",
    "postcode_from": date(2020, 1, 1),
}
TOM = {
    "record_id": "D0000000002",
    "nino": "CE654321A",
    "forename": "Tom",
    "surname": "Ray",
    "date_of_birth": "1955-03-11",
    "sex": "M",
    "postcode": "LS1 4AP",
}
NOBODY = {"record_id": "D0000000003", "forename": "BABY", "date_of_birth": "1900-01-01"}


def links(custodian: Custodian) -> pd.DataFrame:
    spine = spine_store.require_current(custodian.settings, custodian.database)
    with duckdb.connect() as con:
        frame = con.execute(
            "SELECT supplier, record_id, spine_id::VARCHAR AS spine_id, method, probability "
            f"FROM read_parquet('{spine.links}')"
        ).df()
    return frame.set_index("record_id")


def test_records_of_one_person_get_one_id_and_the_unknown_none(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN, TOM, NOBODY])
    custodian.accept("hmrc", "identifiers", [{**ANN, "record_id": "H1", "forename": "Annie"}])
    built = custodian.link()
    found = links(custodian)
    assert found.spine_id["D0000000001"] == found.spine_id["H1"] != found.spine_id["D0000000002"]
    assert "D0000000003" not in found.index
    assert found.method["H1"] == "key:nino+dob+name"
    dwp = built.quality["suppliers"]["dwp"]
    assert (dwp["records"], dwp["too_little_to_link"], dwp["linked"]) == (3, 1, 1)
    assert built.quality["people_by_suppliers"] == {"dwp": 1, "dwp+hmrc": 1}
    assert dwp["by_sex"]["F"]["linkage_rate"] == 1.0
    assert dwp["by_birth_decade"]["1950"]["linkage_rate"] == 0.0


def test_people_carry_year_of_birth_and_sex_only(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    custodian.accept("hmrc", "identifiers", [{**ANN, "record_id": "H1", "date_of_birth": None, "sex": "U"}])
    built = custodian.link()
    people = duckdb.sql(f"SELECT * EXCLUDE (spine_id) FROM read_parquet('{built.spine.persons}')")
    assert (people.columns, people.fetchall()) == (["year_of_birth", "sex"], [(1980, "F")])


def test_ids_stay_when_deliveries_extend_the_spine(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN, TOM])
    custodian.link()
    before = links(custodian)
    custodian.accept("hmrc", "identifiers", [{**TOM, "record_id": "H2"}])
    custodian.accept("dwp", "identifiers", [{**ANN, "surname": "Poe"}, {**ANN, "record_id": "D9"}])
    built = custodian.link()
    after = links(custodian)
    assert built.spine.version == "0002"
    assert after.spine_id[before.index].tolist() == before.spine_id.tolist()
    assert after.spine_id["H2"] == before.spine_id["D0000000002"]
    assert after.spine_id["D9"] == before.spine_id["D0000000001"]
    assert after.method["D9"] == "duplicate"


def test_without_a_new_delivery_the_spine_stands(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    first = custodian.link()
    again = custodian.link()
    assert (first.new, again.new) == (True, False)
    assert again.spine == first.spine


def test_one_step_is_one_audit_event(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    custodian.link()
    with custodian.database.read() as session:
        events = session.query(AuditEvent).filter_by(action="spine.built").all()
        assert [(event.subject, event.actor) for event in events] == [("0001", "test")]
        assert json.loads(events[0].details)["people"] == 1


def test_nothing_to_link_is_said(custodian: Custodian) -> None:
    with pytest.raises(NotFound, match="no accepted delivery of identifiers"):
        custodian.link()


def test_a_changed_spine_is_refused(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    built = custodian.link()
    built.spine.links.write_bytes(built.spine.persons.read_bytes())
    with pytest.raises(Tampered, match="a file of the spine is changed"):
        spine_store.current(custodian.settings, custodian.database)


def test_what_a_killed_run_left_is_cleared(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    place = spine_store.folder(custodian.settings)
    (place / "0001").mkdir(parents=True)  # renamed, then killed before it was recorded
    (place / ".0001.half").mkdir()
    (custodian.settings.ttp / ".work-half").mkdir()
    built = custodian.link()
    assert built.spine.version == "0001"
    assert [path.name for path in place.iterdir()] == ["0001"]
    assert not list(custodian.settings.ttp.glob(".work-*"))


def test_two_linkages_at_once_are_refused(custodian: Custodian) -> None:
    custodian.accept("dwp", "identifiers", [ANN])
    with (
        spine_store.one_at_a_time(custodian.settings),
        pytest.raises(LabError, match="another linkage or extract is running"),
    ):
        custodian.link()


def test_the_linkage_cannot_open_payload_and_the_extract_no_identifiers(settings: Settings) -> None:
    """Each route is closed to the other's connection; the same statement works on its own."""
    for route in ("identifiers", "payload"):
        folder = settings.ttp / route
        folder.mkdir()
        duckdb.sql("SELECT 1 AS a").write_parquet(str(folder / "data.parquet"))
    for route, other in (("identifiers", "payload"), ("payload", "identifiers")):
        with confined(settings.ttp / route) as con:
            opened = f"FROM read_parquet('{settings.ttp / route}/data.parquet')"
            assert con.execute(opened).fetchall() == [(1,)]
            with pytest.raises(duckdb.PermissionException):
                con.execute(opened.replace(route, other))
            with pytest.raises(duckdb.PermissionException):
                con.execute(f"COPY (SELECT 1) TO '{settings.ttp / other}/x.csv'")
            with pytest.raises(duckdb.Error, match="lock"):
                con.execute("SET enable_external_access = true")


def test_synthetic_people_are_found_by_command(custodian: Custodian, tmp_path: Path) -> None:
    truth = custodian.accept_synthetic(tmp_path / "sent", 1500)
    done = CliRunner().invoke(
        app, ["--home", str(custodian.settings.home), "link", "--truth", str(truth), "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    score = said["quality"]["truth"]
    assert score["f1"] >= 0.98, score
    assert score["precision"] >= 0.99, score
    assert said["quality"]["suppliers"]["nhs"]["model"]["used"]
    assert 0.9 < said["people"] / 1500 < 1.05
