"""Whatever ends a receive in the middle, nothing is half accepted and the next receive finishes the work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.base.sandbox import bubblewrap


def test_killed_at_any_step_nothing_is_half_accepted(supplied: Path, tmp_path: Path) -> None:
    delivery = supplied / "hmrc" / "employments"
    script = Path(__file__).parents[2] / "support" / "killed_receive.py"
    command = [sys.executable, str(script), str(tmp_path / "home"), str(delivery), *map(str, range(1, 20))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    killed = [each for each in told["kills"] if each["receive"] == "killed"]
    assert len(killed) >= 8, "the receive has many steps, and was killed at each"
    assert all(each["whole"] for each in told["kills"])
    assert {tuple(each["states"]) for each in killed} >= {(), ("received",), ("accepted",)}
    assert told["last"] == "accepted"
    assert told["after"] == {"states": ["accepted"], "whole": True}
    (data,) = [name for name in told["files"] if name.endswith("data.parquet")]
    delivery_id = Path(data).parent.name
    reports = {f"reports/{delivery_id}.html", f"reports/{delivery_id}.json"}
    assert set(told["files"]) == {data, "receive.lock", *reports}


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(supplied: Path, tmp_path: Path) -> None:
    home = tmp_path / "small"
    home.mkdir()
    inside = (
        f"{sys.executable} -m linkage --home {home} receive {supplied}/nhs/events; echo status $?; "
        f"find {home}/ttp/payload {home}/ttp/work -type f 2>/dev/null | wc -l"
    )
    sized = ["--dev-bind", "/", "/", "--size", "900000", "--tmpfs", str(home)]
    command = [str(bubblewrap()), *sized, "sh", "-c", inside]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "bwrap:" in done.stderr:
        pytest.skip(f"no sandbox here: {done.stderr.strip()}")
    assert "status 1" in done.stdout
    assert done.stdout.split()[-1] == "0"
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert "full" in done.stderr or "No space left" in done.stderr
