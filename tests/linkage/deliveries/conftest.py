"""Deliveries to receive: made up once, damaged copies of them by each test."""

from pathlib import Path

import pytest
from counterfeit import Counterfeiter

from lab.base.settings import Settings
from linkage.intake import Intake
from linkage.synth import generate
from linkage.synth.faults import FAULTS

PEOPLE = 2_500


@pytest.fixture(scope="session")
def supplied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What three suppliers would send about some people, with every planted fault beside it."""
    out = tmp_path_factory.mktemp("supplied") / "deliveries"
    generate.write(out, PEOPLE, 11, list(FAULTS))
    return out


@pytest.fixture
def counterfeit(supplied: Path, tmp_path: Path) -> Counterfeiter:
    """Makes deliveries that differ from a good one in what a test asks for."""
    return Counterfeiter(supplied, tmp_path / "counterfeit")


@pytest.fixture
def intake(settings: Settings) -> Intake:
    """The receiving end of an empty lab."""
    return Intake(settings, settings.database(), "custodian")
