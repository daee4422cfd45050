"""Each fault in the rows of a delivery is caught, for its own reason, and nothing of it goes further."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from counterfeit import Counterfeiter, Frame

from linkage.intake import Intake
from linkage.offers import offered

Change = Callable[[Frame], Frame | None]


def put(column: str, value: Any, rows: slice = slice(3, 8)) -> Change:
    """Write a value into some rows of a column (made, if it is not there)."""

    def change(frame: Frame) -> None:
        if column not in frame:
            frame[column] = None
        frame.loc[rows, column] = value

    return change


def each(column: str, value: Callable[[int], str]) -> Change:
    """Write a value of its own into every row of a column."""

    def change(frame: Frame) -> None:
        frame[column] = [value(number) for number in range(len(frame))]

    return change


def overlap(frame: Frame) -> None:
    """A second live spell of the same benefit, begun within the first."""
    spell = frame[frame["duration_days"].astype(float) > 40].iloc[0].to_dict()
    later = (pd.Timestamp(spell["start_date"]) + pd.Timedelta(days=10)).date().isoformat()
    spell |= {"spell_id": "S0000000001", "start_date": later}
    spell |= dict.fromkeys(("end_date", "end_reason", "duration_days"))
    frame.loc[len(frame)] = spell


def without_a_month(column: str, month: str) -> Change:
    return lambda frame: frame[~frame[column].str.startswith(month)]


ROWS: list[tuple[str, str, str, Change, str]] = [
    ("column missing", "dwp", "spells", lambda f: f.drop(columns="la_code"), "lacks column la_code"),
    (
        "column unknown",
        "dwp",
        "spells",
        put("favourite", "1"),
        "has column favourite, which the schema does not",
    ),
    ("not a date", "dwp", "spells", put("start_date", "2021-02-30"), "start_date: every value is a date"),
    (
        "date the other way",
        "nhs",
        "fitnotes",
        put("issued_date", "31/12/2020"),
        "issued_date: every value is a date",
    ),
    (
        "not a number",
        "dwp",
        "spells",
        put("weekly_award", "12.50"),
        "weekly_award: every value is a whole number",
    ),
    ("not a measurement", "nhs", "events", put("value", "high"), "value: every value is a number"),
    ("not a month", "hmrc", "pay", put("pay_period", "2020-13"), "pay_period: every value is a month"),
    (
        "code unknown",
        "hmrc",
        "employments",
        put("region_of_work", "E12000099"),
        "region_of_work: every value is in",
    ),
    (
        "pattern broken",
        "nhs",
        "episodes",
        put("diagnosis_02", "J45.9"),
        "diagnosis_02: every value is of the form",
    ),
    (
        "negative award",
        "dwp",
        "spells",
        put("weekly_award", "-5"),
        "weekly_award: every value is from 0 to 120000",
    ),
    ("award over the maximum", "dwp", "spells", put("weekly_award", "60000", slice(None)), "legal maximum"),
    ("key twice", "dwp", "spells", put("spell_id", "S0000000001"), "spell_id: no value twice"),
    ("key missing", "nhs", "events", put("record_id", None), "record_id: no value is missing"),
    (
        "too much missing",
        "hmrc",
        "employments",
        put("sic2007", None, slice(None, None, 3)),
        "at most 10% is missing",
    ),
    ("check digit", "nhs", "events", put("snomed_code", "38341004"), "SNOMED code's (Verhoeff) check digit"),
    (
        "duration",
        "nhs",
        "fitnotes",
        put("duration_days", "3", slice(None, None, 9)),
        "to_date - from_date + 1",
    ),
    ("overlap", "dwp", "spells", overlap, "Spells of one benefit of one person do not overlap"),
    (
        "after the period",
        "nhs",
        "events",
        put("event_date", "2031-01-01"),
        "Every event lies in the reference period",
    ),
    (
        "discharge first",
        "nhs",
        "episodes",
        put("discharge_date", "2019-04-06"),
        "discharge is before the admission",
    ),
    ("refund", "hmrc", "pay", put("taxable_pay", "-100", slice(0, 400)), "only where is_correction is Y"),
    ("paid twice", "hmrc", "pay", lambda f: pd.concat([f, f.head(3)]), "One row per employment, month"),
    ("unknown job", "hmrc", "pay", put("employment_id", "M9999999999"), "accepted delivery of employments"),
    (
        "month without a row",
        "nhs",
        "events",
        without_a_month("event_date", "2022-03"),
        "no month of the reference period",
    ),
    ("empty", "nhs", "fitnotes", lambda f: f.head(0), "There is at least one row"),
    (
        "NINO",
        "dwp",
        "spells",
        put("jcp_district", "AB 12 34 56 C"),
        "jcp_district holds what looks like NINOs",
    ),
    ("NINO in a date", "nhs", "events", put("event_date", "QQ123456C".replace("Q", "G")), "looks like NINOs"),
    (
        "NHS number",
        "dwp",
        "spells",
        put("lsoa_code", "9434765919"),
        "lsoa_code holds what looks like NHS numbers",
    ),
    (
        "NHS number as a number",
        "nhs",
        "events",
        put("value", "9434765919"),
        "value holds what looks like NHS numbers",
    ),
    ("postcode", "nhs", "fitnotes", put("practice_code", "ls10 4zt"), "looks like postcodes"),
    ("e-mail", "nhs", "episodes", put("operation_04", "jo@example.org"), "looks like e-mail addresses"),
    ("names", "hmrc", "employments", put("employer_id", "Sarah Jones", slice(None)), "looks like names"),
    (
        "a column of names",
        "dwp",
        "spells",
        put("claimant", "O'Brien"),
        "claimant holds what looks like names",
    ),
    ("an identifier's column", "hmrc", "pay", put("Date of Birth", "1"), "Date of Birth is an identifier"),
    (
        "numbers no NHS has",
        "nhs",
        "identifiers",
        each("nhs_number", lambda n: f"{n:010d}"),
        "NHS number's (modulus 11)",
    ),
    ("born tomorrow", "hmrc", "identifiers", put("date_of_birth", "01/01/2030"), "No date of birth is after"),
]


@pytest.mark.parametrize(
    ("supplier", "table", "change", "reason"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_fault_in_the_rows(
    supplied: Path,
    intake: Intake,
    counterfeit: Counterfeiter,
    supplier: str,
    table: str,
    change: Change,
    reason: str,
) -> None:
    if table == "pay":
        intake.receive(offered(supplied / "hmrc/employments"))
    (receipt,) = intake.receive(offered(counterfeit.send(supplier, table, change)))
    assert receipt.state == "quarantined"
    found = receipt.reason + Path(receipt.report).read_text(encoding="utf-8").replace("&#x27;", "'")
    assert reason in found
    assert not list((intake.settings.ttp / "payload").rglob("*dwp-spells*"))
    assert list((intake.settings.ttp / "quarantine").iterdir()) == [intake.layout.quarantine(receipt.id)]
