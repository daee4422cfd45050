"""`python -m tests.corpus [PYTHON-WITH-ACRO]`: print the scorecard and write it into README.md.

Without another Python the verdicts of ACRO are those recorded in acro.json; how to install it stands in
`acro_peer`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.corpus.cases import every_case
from tests.corpus.peer import RECORDED, export, recorded
from tests.corpus.scorecard import faults, scorecard, written_into
from tests.corpus.verdicts import outcomes

README = Path(__file__).parents[2] / "README.md"


def main() -> int:
    if len(sys.argv) > 1:
        ask_acro(sys.argv[1])
    judged = outcomes(every_case())
    text = scorecard(judged, recorded())
    print(text)
    print(faults(judged))
    README.write_text(written_into(README.read_text(), text))
    return 0 if all(outcome.right for outcome in judged) else 1


def ask_acro(python: str) -> None:
    """Record what ACRO says today."""
    with tempfile.TemporaryDirectory(prefix="acro-") as folder:
        export(Path(folder))
        command = [python, str(Path(__file__).with_name("acro_peer.py")), folder]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    today = datetime.now(UTC).date().isoformat()
    RECORDED.write_text(json.dumps({"date": today, **json.loads(said)}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
