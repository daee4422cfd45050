"""Receiving: good deliveries are accepted, bad ones refused whole, and everything can be told afterwards."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from counterfeit import Counterfeiter, Frame

from lab.base.errors import BadInput, LabError, NotFound
from lab.base.sandbox import bubblewrap
from lab.base.settings import Settings
from linkage import deliveries, staging
from linkage.intake import Intake, Receipt
from linkage.offers import offered
from linkage.suppliers import schema


def receive(intake: Intake, *folders: Path) -> list[Receipt]:
    return [receipt for folder in folders for receipt in intake.receive(offered(folder))]


def stored(settings: Settings) -> list[Path]:
    return sorted(
        path
        for route in ("identifiers", "payload", "optout")
        for path in (settings.ttp / route).rglob("*.parquet")
    )


def test_everything_good_is_accepted_and_everything_faulty_refused(
    supplied: Path, intake: Intake, settings: Settings
) -> None:
    receipts = receive(intake, supplied)
    by_state = {state: [r for r in receipts if r.state == state] for state in ("accepted", "quarantined")}
    assert len(by_state["accepted"]) == 9
    reasons = {r.reason for r in by_state["quarantined"]}
    assert len(by_state["quarantined"]) == 5
    for expected in ("benefit: every value is in the code list", "SHA-256 differs", "ends before it starts",
                     "As many rows as the last loads have", "holds what looks like NINOs"):  # fmt: skip
        assert any(expected in reason for reason in reasons), expected
    assert len(stored(settings)) == 9
    assert not (settings.ttp / "work").exists() or not any((settings.ttp / "work").iterdir())
    quarantine = {path.name for path in (settings.ttp / "quarantine").iterdir()}
    assert quarantine == {r.id for r in by_state["quarantined"]}


def test_accepted_tables_have_the_schema_s_columns_types_and_rows(
    supplied: Path, intake: Intake, settings: Settings
) -> None:
    for receipt in receive(intake, supplied / "hmrc", supplied / "nhs" / "events"):
        known = schema.load(receipt.supplier, receipt.table)
        folder = intake.layout.accepted(known, receipt.id)
        relation = f"read_parquet('{folder}/*.parquet')"
        described = duckdb.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        assert [(row[0], row[1]) for row in described] == [(c.name, c.sql_type) for c in known.columns]
        assert duckdb.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0] == receipt.rows


def test_values_come_through_as_they_were_sent(
    supplied: Path, intake: Intake, counterfeit: Counterfeiter
) -> None:
    (receipt,) = receive(intake, supplied / "dwp/identifiers")
    sent = counterfeit.good("dwp", "identifiers").set_index("record_id")["surname"].dropna()
    path = intake.layout.accepted(schema.load("dwp", "identifiers"), receipt.id) / "data.parquet"
    kept = dict(
        duckdb.execute(f"SELECT record_id, surname FROM '{path}' WHERE surname IS NOT NULL").fetchall()
    )
    assert kept == sent.to_dict()
    assert any("É" in name or "Ü" in name or "Ç" in name for name in kept.values())


def test_each_step_stands_in_the_audit_log(supplied: Path, intake: Intake) -> None:
    receive(intake, supplied / "dwp/spells", supplied / "faults/bad-codes")
    events = intake.database.audit_events(action="delivery.")
    assert [event["action"] for event in events] == [
        "delivery.received", "delivery.accepted", "delivery.received", "delivery.quarantined",
    ]  # fmt: skip
    assert all(event["actor"] == "custodian" and event["via"].startswith("linkage:") for event in events)
    intake.database.verify_audit()


def test_the_same_delivery_again_does_nothing_and_says_so(supplied: Path, intake: Intake) -> None:
    first = receive(intake, supplied / "dwp/spells", supplied / "faults/bad-codes")
    events = len(intake.database.audit_events())
    again = receive(intake, supplied / "dwp/spells", supplied / "faults/bad-codes")
    assert [r.state for r in again] == [r.state for r in first] == ["accepted", "quarantined"]
    assert [r.already for r in again] == [True, True]
    assert [r.reason for r in again] == [r.reason for r in first]
    assert len(intake.database.audit_events()) == events


def test_what_was_refused_can_be_examined_again(supplied: Path, intake: Intake, settings: Settings) -> None:
    """Pay that came before its employments is refused; once they are there, it is good."""
    (early,) = receive(intake, supplied / "hmrc/pay")
    assert early.state == "quarantined"
    assert "Every employment_id stands in an accepted delivery of employments" in early.reason
    receive(intake, supplied / "hmrc/employments")
    (still,) = receive(intake, supplied / "hmrc/pay")
    assert still.already
    again = Intake(settings, intake.database, "custodian", again=True)
    (late,) = receive(again, supplied / "hmrc/pay")
    assert (late.state, late.id, late.reason) == ("accepted", early.id, "")


def test_tables_referred_to_are_received_first(supplied: Path) -> None:
    order = [(offer.manifest.supplier, offer.manifest.table) for offer in offered(supplied) if offer.manifest]
    assert order.index(("hmrc", "employments")) < order.index(("hmrc", "pay"))


def test_a_later_load_is_held_against_the_earlier_ones(intake: Intake, counterfeit: Counterfeiter) -> None:
    for number in range(3):
        sent_by = f"load {number}"
        assert receive(intake, counterfeit.send("nhs", "fitnotes", sent_by=sent_by))[0].state == "accepted"
    fewer = counterfeit.send("nhs", "fitnotes", lambda frame: frame.iloc[: len(frame) // 2])
    assert "As many rows as the last loads" in receive(intake, fewer)[0].reason
    emptied = counterfeit.send("dwp", "spells", sent_by="good")
    assert receive(intake, emptied)[0].state == "accepted"

    def lose(frame: Frame) -> None:
        frame.loc[::4, "lsoa_code"] = None
        frame.loc[::3, "ethnic_group"] = None

    assert (
        "no more is missing than in the last loads"
        in receive(intake, counterfeit.send("dwp", "spells", lose))[0].reason
    )


def test_a_shorter_period_is_not_held_against_a_longer_one(
    intake: Intake, counterfeit: Counterfeiter
) -> None:
    receive(intake, counterfeit.send("nhs", "fitnotes"))
    quarter = {"start": "2025-01-01", "end": "2025-03-31"}

    def recent(frame: Frame) -> Frame:
        return frame[frame["issued_date"].between(quarter["start"], quarter["end"])]

    later = counterfeit.send("nhs", "fitnotes", recent, reference_period=quarter)
    assert receive(intake, later)[0].state == "accepted"


def test_the_report_is_whole_and_says_why(supplied: Path, intake: Intake) -> None:
    (receipt,) = receive(intake, supplied / "faults/end-before-start")
    page = Path(receipt.report).read_text(encoding="utf-8")
    said = ("Refused and quarantined", "No employment ends before it starts", "1999-12-31")
    for text in (*said, "2019-04-06 to 2025-04-05", "Great Expectations"):
        assert text in page
    assert not any(link in page for link in ("src=", "href=", "<script", "http"))
    result = json.loads(Path(receipt.report).with_suffix(".json").read_text(encoding="utf-8"))
    assert result["success"] is False
    assert result["statistics"]["evaluated_expectations"] > 20


def test_a_report_about_identifiers_shows_none(intake: Intake, counterfeit: Counterfeiter) -> None:
    def spoil(frame: Frame) -> None:
        frame["sex"] = "SMITHERS"

    (receipt,) = receive(intake, counterfeit.send("dwp", "identifiers", spoil))
    assert "sex: every value is in the code list" in receipt.reason
    told = Path(receipt.report).read_text() + Path(receipt.report).with_suffix(".json").read_text()
    assert "SMITHERS" not in told
    assert "SMITHERS" not in receipt.reason


def test_a_report_escapes_what_a_supplier_sends(intake: Intake, counterfeit: Counterfeiter) -> None:
    def script(frame: Frame) -> None:
        frame.loc[3, "jcp_district"] = "<script>alert(1)</script>"

    (receipt,) = receive(intake, counterfeit.send("dwp", "spells", script, sent_by="<img src=x>"))
    page = Path(receipt.report).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_opted_out_patients_are_dropped_counted_and_never_stored(
    intake: Intake, counterfeit: Counterfeiter, supplied: Path
) -> None:
    out = sorted(counterfeit.good("nhs", "fitnotes")["record_id"].unique())[:40]
    lists = counterfeit.send(
        "nhs",
        "fitnotes",
        lambda frame: frame.loc[frame["record_id"].isin(out), ["record_id"]].drop_duplicates(),
        table="optouts",
        route="optout",
    )
    told = receive(intake, lists, supplied / "nhs/fitnotes", supplied / "nhs/identifiers")
    receipts = {each["table"]: each for each in deliveries.listed(intake.database)}
    assert receipts["optouts"]["rows"] == 40
    assert receipts["identifiers"]["dropped"] == 40
    dropped = counterfeit.good("nhs", "fitnotes")["record_id"].isin(out).sum()
    assert receipts["fitnotes"]["dropped"] == dropped == told[1].dropped
    for table in ("fitnotes", "identifiers"):
        folder = intake.layout.accepted(schema.load("nhs", table), receipts[table]["id"])
        kept = duckdb.execute(f"SELECT DISTINCT record_id FROM '{folder}/*.parquet'").fetchall()
        assert not {key for (key,) in kept} & set(out)
    assert not any((intake.settings.ttp / "quarantine").iterdir())


def test_one_receive_at_a_time(supplied: Path, intake: Intake) -> None:
    with intake.layout.alone(), pytest.raises(LabError, match="another receive is running"):
        receive(intake, supplied / "dwp/spells")


def test_no_folder_and_no_manifest_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        offered(tmp_path / "nowhere")
    (tmp_path / "spells.csv").write_text("a,b\n")
    with pytest.raises(BadInput, match=r"no manifest\.json"):
        offered(tmp_path)


def test_the_folder_itself_may_be_a_link(supplied: Path, intake: Intake, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(supplied / "dwp/identifiers")
    (receipt,) = receive(intake, link)
    assert receipt.state == "accepted"


def test_a_manifest_nobody_may_read_does_not_stop_the_next(tmp_path: Path) -> None:
    """Without the right of root to read everything."""
    for name, text in (("closed", "{}"), ("open", "[]")):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "manifest.json").write_text(text)
    (tmp_path / "in/closed/manifest.json").chmod(0)
    command = [
        str(bubblewrap()),
        "--dev-bind",
        "/",
        "/",
        "--cap-drop",
        "ALL",
        sys.executable,
        "-m",
        "linkage",
    ]
    command += ["--home", str(tmp_path / "home"), "receive", str(tmp_path / "in"), "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    reasons = sorted(receipt["reason"] for receipt in json.loads(result.stdout))
    assert "cannot be read: Permission denied" in reasons[0]
    assert "it is not an object" in reasons[1]


def linkage(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "linkage", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_says_what_became_of_each(supplied: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    both = tmp_path / "both"
    (both / "good").mkdir(parents=True)
    (both / "good" / "spells").symlink_to(supplied / "dwp/spells")  # links are not followed
    nothing = linkage("receive", str(both), home=home)
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("error: no manifest.json")
    assert len(nothing.stderr.splitlines()) == 1
    shutil.copytree(supplied / "dwp/identifiers", both / "good" / "people")
    shutil.copytree(supplied / "faults/identifier-in-payload", both / "bad")
    first = linkage("receive", str(both), home=home)
    assert first.returncode == 1
    assert first.stderr == ""
    told = first.stdout.splitlines()
    assert told[0].startswith("accepted: dwp identifiers")
    assert told[1].startswith("quarantined: hmrc employments")
    assert "looks like NINOs" in told[2]
    again = linkage("receive", str(both), "--json", home=home)
    good, entry = json.loads(again.stdout)
    assert (good["state"], good["already"]) == ("accepted", True)
    assert again.returncode == 1
    assert {"id", "supplier", "table", "state", "rows", "reason", "report"} <= set(entry)
    assert (entry["supplier"], entry["table"], entry["state"]) == ("hmrc", "employments", "quarantined")
    listed = json.loads(linkage("deliveries", "--state", "quarantined", "--json", home=home).stdout)
    assert [each["id"] for each in listed] == [entry["id"]]
    counts = json.loads(linkage("status", "--json", home=home).stdout)
    assert {(each["table"], each["state"]): each["deliveries"] for each in counts} == {
        ("identifiers", "accepted"): 1, ("employments", "quarantined"): 1,
    }  # fmt: skip


def test_what_examines_payload_cannot_open_identifiers(
    supplied: Path, intake: Intake, tmp_path: Path
) -> None:
    receive(intake, supplied / "dwp/identifiers", supplied / "dwp/spells")
    payload, identifiers = (schema.load("dwp", table) for table in ("spells", "identifiers"))
    with staging.connected(tmp_path / "work", intake.layout.supplied(payload)) as connection:
        own, other = (f"'{intake.layout.supplied(each)}/**/*.parquet'" for each in (payload, identifiers))
        assert connection.execute(f"SELECT count(*) > 0 FROM {own}").fetchall() == [(True,)]
        assert duckdb.execute(f"SELECT count(*) > 0 FROM {other}").fetchall() == [(True,)]
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"SELECT count(*) FROM {other}")
