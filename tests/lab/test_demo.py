"""What the demo leaves for who walks the road by hand."""

from pathlib import Path

from lab.base.settings import Settings
from lab.demo.prepare import NOTEBOOK, PROJECT, Place, leave_notebook
from lab.hub.room import workspace_of


def test_the_notebook_is_in_the_researchers_workspace_and_stays_hers(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = leave_notebook(place)
    assert path.parent == workspace_of(Settings.load(place.home), "rita", PROJECT)
    assert path.read_bytes() == NOTEBOOK.read_bytes()
    path.write_text("changed by rita")
    assert leave_notebook(place).read_text() == "changed by rita"
