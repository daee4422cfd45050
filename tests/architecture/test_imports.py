"""The architecture is a test: who may import whom stands in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400


def test_import_contracts_hold() -> None:
    script = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_top_level_holds_what_the_design_says() -> None:
    allowed = {"pyproject.toml", "README.md", "Makefile", "requirements.lock"}
    allowed |= {"lab", "outputs_check", "linkage", "tests", "ansible"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    found = {name.partition("/")[0] for name in listed.stdout.splitlines()}
    assert {name for name in found if not name.startswith(".")} <= allowed


def test_no_file_is_too_long_to_read() -> None:
    files = [path for zone in ("lab", "outputs_check", "linkage") for path in (ROOT / zone).rglob("*.py")]
    too_long = {str(path): count for path in files if (count := path.read_text().count("\n")) > LONGEST_FILE}
    assert not too_long
