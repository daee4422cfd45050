"""Extracts: what is granted and nothing else, signed, whole or absent."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest
from custodian import Custodian
from extract_rows import spell

from lab.base.audit import AuditEvent
from lab.base.errors import BadInput, LabError, NotFound, NotPermitted, Tampered
from lab.base.signing import read_manifest
from linkage import leaks
from linkage.datasets import dataset
from linkage.extracts import Extract, make_extract

SPELLS = """[[dataset]]
name = "dwp_spells"
variables = ["benefit", "person_id", "start_date", "region", "weekly_award"]
"""
YEARS = """[[dataset]]
name = "person_year"
variables = ["person_id", "year", "sex", "age_band", "region", "benefit_days", "benefit_award", "on_benefit",
             "employed", "months_employed", "pay", "admissions", "fit_note_days", "any_fit_note"]
"""


def rows(extract: Extract, name: str, columns: str = "*", order: str = "ALL") -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT {columns} FROM read_parquet('{extract.path}/{name}/**/*.parquet') ORDER BY {order}"
        )
        return found.fetchall()


def test_granted_variables_of_linked_rows_in_pounds_by_year(custodian: Custodian) -> None:
    extract = custodian.extract(SPELLS)
    assert rows(extract, "dwp_spells", "benefit, start_date, region, weekly_award, year") == [
        ("PIP", date(2020, 1, 8), "North West", 70.0, 2020),
        ("SP", date(2020, 2, 20), "Wales", 100.0, 2020),
        ("UC", date(2020, 1, 1), "North West", 700.0, 2020),
    ]
    made = extract.datasets[0]
    assert (made.rows, made.unlinked, made.filtered) == (3, 1, 0)
    files = [path.relative_to(extract.path).as_posix() for path in extract.path.rglob("*.parquet")]
    assert files == ["dwp_spells/year=2020/part-0.parquet"]
    with duckdb.connect() as con:
        file = f"read_parquet('{extract.path / files[0]}', hive_partitioning = false)"
        names = con.execute(f"SELECT column_name FROM (DESCRIBE FROM {file})").fetchall()
        assert names == [("benefit",), ("person_id",), ("start_date",), ("region",), ("weekly_award",)]
        people = [row[0] for row in con.execute(f"SELECT person_id FROM {file}").fetchall()]
        meta = con.execute(f"SELECT DISTINCT compression FROM parquet_metadata('{extract.path / files[0]}')")
        assert meta.fetchall() == [("ZSTD",)]
    assert people == sorted(people)


def test_the_row_filter_takes_rows_in_the_extract_s_own_units(custodian: Custodian) -> None:
    extract = custodian.extract(SPELLS + "where = \"weekly_award > 100 OR region = 'Wales'\"\n")
    assert [row[0] for row in rows(extract, "dwp_spells", "benefit")] == ["SP", "UC"]
    assert extract.datasets[0].filtered == 1


def test_people_by_year_as_written_down(custodian: Custodian) -> None:
    """A day on two benefits or fit notes counts once, both awards count; the period ends in February."""
    found = rows(
        custodian.extract(YEARS),
        "person_year",
        "year, sex, age_band, region, benefit_days, benefit_award, on_benefit, employed, months_employed, "
        "pay, admissions, fit_note_days, any_fit_note",
        "sex, year",
    )
    assert found == [
        (2019, "F", "35-44", "London", 0, 0.0, 0, 1, 1, 2000.50, 0, 0, 0),
        (2020, "F", "35-44", "North West", 21, 1540.0, 1, 1, 2, 4000.0, 2, 15, 1),
        (2019, "M", "55-64", "Not known", 0, 0.0, 0, 0, 0, 0.0, 0, 0, 0),
        (2020, "M", "65+", "Wales", 10, 142.86, 1, 0, 0, 0.0, 0, 0, 0),
    ]


def test_one_person_has_one_pseudonym_in_all_datasets(custodian: Custodian) -> None:
    extract = custodian.extract(
        SPELLS + '[[dataset]]\nname = "people"\nvariables = ["person_id", "sex"]\n'
        '[[dataset]]\nname = "hmrc_pay"\n'
        'variables = ["person_id", "employment_id", "pay_period", "taxable_pay"]\n'
        '[[dataset]]\nname = "hmrc_employments"\nvariables = ["person_id", "employment_id", "employer_id"]\n'
    )
    ann = {row[0] for row in rows(extract, "people", "person_id", "sex LIMIT 1")}
    assert {row[0] for row in rows(extract, "hmrc_pay", "person_id")} == ann
    assert ann < {row[0] for row in rows(extract, "dwp_spells", "person_id")}
    job = {row[0] for row in rows(extract, "hmrc_pay", "employment_id")}
    assert job == {row[0] for row in rows(extract, "hmrc_employments", "employment_id")}
    assert "M1" not in job
    assert rows(extract, "hmrc_pay", "taxable_pay") == [(-100.0,), (2000.0,), (2000.5,), (2100.0,)]


def test_projects_cannot_be_joined(custodian: Custodian) -> None:
    people = '[[dataset]]\nname = "people"\nvariables = ["person_id"]\n'
    ours, again, theirs = (
        {row[0] for row in rows(custodian.extract(people, project), "people")}
        for project in ("work-health", "work-health", "other")
    )
    assert ours == again
    assert not ours & theirs


def test_the_manifest_says_what_it_is(custodian: Custodian) -> None:
    extract = custodian.extract(
        SPELLS
        + '[[dataset]]\nname = "hmrc_employments"\nvariables = ["person_id", "employer_id", "start_date"]\n'
    )
    manifest = read_manifest(extract.path, custodian.settings.trust / "ttp.pub")
    assert (manifest["project"], manifest["grant"], manifest["spine"]) == (
        "work-health",
        "work-health-1",
        "0001",
    )
    spells, jobs = manifest["datasets"]
    assert (spells["owners"], spells["units"], spells["pseudonyms"]) == (
        ["dwp"],
        ["person_id"],
        ["person_id"],
    )
    assert (jobs["units"], jobs["pseudonyms"]) == (["person_id", "employer_id"], ["person_id", "employer_id"])
    described = {variable["name"]: variable for variable in spells["variables"]}
    assert described["benefit"]["codes"]["JSA"] == "Jobseeker's Allowance"
    assert described["weekly_award"]["type"] == "number"
    assert described["weekly_award"]["description"].endswith("in pounds")
    assert manifest["deliveries"] == ["dwp-spells-004", "hmrc-employments-005"]
    assert manifest["linkage_quality"]["suppliers"]["hmrc"]["linked"] == 1


def test_later_deliveries_supersede_by_key(custodian: Custodian) -> None:
    custodian.accept("dwp", "spells", [spell("S1", "D0000000001", date(2021, 6, 1), None, 5_00, "JSA")])
    found = rows(custodian.extract(SPELLS), "dwp_spells", "benefit, start_date, weekly_award")
    assert ("JSA", date(2021, 6, 1), 5.0) in found
    assert len(found) == 3


@pytest.mark.parametrize(
    ("datasets", "error", "message"),
    [
        (SPELLS.replace("benefit", "record_id"), BadInput, "unknown variable 'record_id'"),
        (SPELLS.replace('"person_id", ', ""), BadInput, "people are counted by it"),
        (SPELLS.replace("dwp_spells", "dwp_identifiers"), NotFound, "no dataset 'dwp_identifiers'"),
        (SPELLS.replace("dwp_spells", "nhs_events"), BadInput, "unknown variable"),
        ('[[dataset]]\nname = "nhs_events"\nvariables = ["person_id"]\n', NotFound, "no accepted delivery"),
        (SPELLS + "where = \"spell_id = 'S1'\"\n", BadInput, "unknown variable 'spell_id'"),
        (SPELLS + "where = \"start_date = DATE '2020-99-01'\"\n", BadInput, "does not fit the data"),
    ],
)
def test_what_cannot_be_granted(
    custodian: Custodian, datasets: str, error: type[LabError], message: str
) -> None:
    with pytest.raises(error, match=message):
        custodian.extract(datasets)
    assert not list((custodian.settings.ttp).glob("outbox/*"))
    assert not list(custodian.settings.ttp.glob(".work-*"))


def test_an_expired_grant_and_an_owner_who_did_not_grant_are_refused(custodian: Custodian) -> None:
    with pytest.raises(NotPermitted, match="ended on 2020-01-01"):
        custodian.extract(SPELLS, until="2020-01-01")
    grant = custodian.grant(SPELLS)
    grant.write_text(grant.read_text().replace('"dwp", ', ""))
    with pytest.raises(BadInput, match="data of 'dwp', who is not among its owners"):
        make_extract(custodian.settings, custodian.database, "work-health", grant, actor="test")


@pytest.mark.parametrize("value", ["AB123456C", "M1 1AE", "ann.lee@example.org"])
def test_what_looks_like_an_identifier_is_never_signed(custodian: Custodian, value: str) -> None:
    row = spell("S8", "D0000000001", date(2020, 5, 1), None, 5_00, "JSA")
    custodian.accept("dwp", "spells", [{**row, "lsoa_code": value}])
    with pytest.raises(Tampered, match="'lsoa_code' holds values that look like identifiers"):
        custodian.extract(SPELLS.replace('"benefit"', '"lsoa_code"'))
    assert not list((custodian.settings.ttp).glob("outbox/*"))


def test_the_last_look_finds_columns_and_rows_that_were_not_granted(tmp_path: Path) -> None:
    variables = [dataset("people").variable(name) for name in ("person_id", "sex")]
    duckdb.sql("SELECT repeat('a', 32) AS person_id, 'F' AS sex").write_parquet(str(tmp_path / "x.parquet"))
    with duckdb.connect() as con:
        leaks.check(con, tmp_path, variables, 1, "")
        with pytest.raises(Tampered, match="other rows"):
            leaks.check(con, tmp_path, variables, 2, "")
        with pytest.raises(Tampered, match="other columns"):
            leaks.check(con, tmp_path, variables[:1], 1, "")
        duckdb.sql("SELECT 'D0000000001' AS person_id, 'F' AS sex").write_parquet(str(tmp_path / "x.parquet"))
        with pytest.raises(Tampered, match="no pseudonyms"):
            leaks.check(con, tmp_path, variables, 1, "")


def test_an_extract_is_one_audit_event(custodian: Custodian) -> None:
    extract = custodian.extract(SPELLS)
    with custodian.database.read() as session:
        event = session.query(AuditEvent).filter_by(action="extract.made").one()
        assert event.subject == extract.id
        assert json.loads(event.details)["datasets"]["dwp_spells"] == {
            "rows": 3,
            "unlinked": 1,
            "filtered": 0,
        }


@pytest.mark.parametrize("after", [0.0, 0.15, 0.3])
def test_killed_it_leaves_nothing_half(custodian: Custodian, after: float) -> None:
    """A signed extract is in the outbox whole, or there is none; the next run clears what was left."""
    grant = custodian.grant(SPELLS + YEARS)
    code = (
        "import sys; from pathlib import Path; from lab.base.settings import Settings\n"
        "from linkage.extracts import make_extract\n"
        "s = Settings.load(Path(sys.argv[1])); print('go', flush=True)\n"
        "make_extract(s, s.database(), 'work-health', Path(sys.argv[2]), actor='test')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(custodian.settings.home), str(grant)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"go\n"
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    outbox = custodian.settings.ttp / "outbox"
    for folder in outbox.glob("[!.]*"):
        read_manifest(folder, custodian.settings.trust / "ttp.pub")
    extract = custodian.extract(SPELLS)
    assert not list(outbox.glob(".*"))
    assert not list(custodian.settings.ttp.glob(".work-*"))
    read_manifest(extract.path, custodian.settings.trust / "ttp.pub")
