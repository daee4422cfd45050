"""Calls of the three programs by the demo."""

from pathlib import Path

import pytest

from lab.base.errors import LabError
from lab.demo.programs import Programs


def test_a_program_that_answered_nothing_has_failed(tmp_path: Path) -> None:
    """A refused delivery and a refused call have one exit status; only the first has an answer."""
    with pytest.raises(LabError, match="no such folder"):
        Programs(tmp_path).ask("linkage", "receive", str(tmp_path / "none"), allow=1)
