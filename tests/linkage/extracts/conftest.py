"""Homes with a spine and payload, small enough to write the expected extract down."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from custodian import Custodian
from extract_rows import pay, spell

from lab.base.settings import Settings


@pytest.fixture(scope="session")
def linked_home(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    """Ann (all three suppliers) and Tom (DWP alone), linked; their payload; the custodian's keys."""
    made = Custodian(Settings.load(tmp_path_factory.mktemp("linked") / "home"))
    made.settings.prepare()
    ann = {
        "nino": "AB123456C",
        "forename": "Ann",
        "surname": "Lee",
        "date_of_birth": "1980-05-20",
        "sex": "F",
        "postcode": "M1 1AE",
    }
    tom = {
        "record_id": "D0000000002",
        "nino": "CE654321A",
        "forename": "Tom",
        "surname": "Ray",
        "date_of_birth": "1955-03-11",
        "sex": "M",
        "postcode": "LS1 4AP",
    }
    made.accept("dwp", "identifiers", [{**ann, "record_id": "D0000000001"}, tom])
    made.accept("hmrc", "identifiers", [{**ann, "record_id": "H0000000001"}])
    made.accept("nhs", "identifiers", [{**ann, "record_id": "N0000000001", "nino": None}])
    made.link()
    made.make_keys()
    made.accept(
        "dwp",
        "spells",
        [
            spell("S1", "D0000000001", date(2020, 1, 1), date(2020, 1, 14), 700_00, "UC"),
            spell("S2", "D0000000001", date(2020, 1, 8), date(2020, 1, 21), 70_00, "PIP"),
            spell("S3", "D0000000002", date(2020, 2, 20), None, 100_00, "SP", la_code="W06000015"),
            spell("S4", "D0000000009", date(2020, 3, 1), None, 100_00, "SP"),
        ],
    )
    made.accept(
        "hmrc",
        "employments",
        [
            {
                "employment_id": "M1",
                "record_id": "H0000000001",
                "employer_id": "P1",
                "start_date": date(2019, 5, 1),
                "tax_year": "2019-20",
                "payroll_scheme_size": "1-9",
                "region_of_work": "E12000007",
                "sic2007": "84110",
            },
        ],
    )
    made.accept(
        "hmrc",
        "pay",
        [
            pay("M1", date(2019, 12, 1), 2000_50),
            pay("M1", date(2020, 1, 1), 2100_00),
            pay("M1", date(2020, 1, 1), -100_00, "Y"),
            pay("M1", date(2020, 2, 1), 2000_00),
        ],
    )
    made.accept(
        "nhs",
        "episodes",
        [
            {
                "episode_key": f"K{n}",
                "record_id": "N0000000001",
                "spell_id": f"L{stay}",
                "admission_date": date(2020, 2, day),
                "admission_method": "21",
                "diagnosis_01": "J459",
                "main_specialty": "300",
                "provider_code": "RB8",
                "ethnic_category": "A",
                "episode_order": 1,
                "episode_status": "3",
            }
            for n, stay, day in ((1, 1, 1), (2, 1, 2), (3, 2, 9))
        ],
    )
    made.accept(
        "nhs",
        "fitnotes",
        [
            {
                "fitnote_id": f"F{n}",
                "record_id": "N0000000001",
                "issued_date": date(2020, 2, first),
                "from_date": date(2020, 2, first),
                "to_date": date(2020, 2, last),
                "may_be_fit": "N",
                "diagnosis_group": "V",
                "duration_days": last - first + 1,
                "practice_code": "P12345",
            }
            for n, first, last in ((1, 1, 10), (2, 6, 15))
        ],
    )
    return made


@pytest.fixture
def custodian(linked_home: Custodian, tmp_path: Path) -> Custodian:
    """A copy of the linked home that a test may change."""
    home = tmp_path / "home"
    shutil.copytree(linked_home.settings.home, home)
    return Custodian(Settings(home, f"sqlite:///{home / 'lab.db'}"), linked_home.loads)
