"""What every test may use."""

import os
from pathlib import Path

import pytest
from chromium import chromium
from postgresql_server import postgresql
from running_lab import room, running_lab

from lab.base.settings import Settings

__all__ = ["chromium", "postgresql", "room", "running_lab"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data that stands beside a developer's checkout; it is not ours to copy."""
    folder = Path(os.environ.get("LAB_SHARED") or Path(__file__).parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip(f"the reference data is not here: {folder} (set LAB_SHARED)")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty lab of its own for each test, set up."""
    made = Settings(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'lab.db'}")
    made.prepare()
    made.database().create()
    return made
