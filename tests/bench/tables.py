"""A table of means over 5 million rows: the gate's whole check against the pivot that made the table.

ACRO (https://pypi.org/project/acro), the peer that checks such tables, has an environment of its own:
`python3.11 -m venv V && V/bin/pip install acro pyarrow`, then `ACRO_PYTHON=V/bin/python make bench`.
Without it the figure of `acro.json` is shown, with the version and the date it was measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from outputs_check.gate.check import check_submission
from outputs_check.gate.verdict import Verdict
from tests.bench.harness import Row, in_turns

ROWS = 5_000_000
LIMITS = {1: "at most 2 × pandas", 5: "none: pandas adds up no person"}
_RECORD = Path(__file__).with_name("acro.json")
_PIVOT = """
import sys, pandas
frame = pandas.read_parquet(sys.argv[1], columns=["region", "sector", "pay"])
frame.pivot_table(index="region", columns="sector", values="pay", aggfunc="mean").to_csv(sys.argv[2])
"""
_ACRO = """
import contextlib, io, sys, time, acro, pandas
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    frame = pandas.read_parquet(sys.argv[1], columns=["region", "sector", "pay"])
    read = time.perf_counter()
    frame.pivot_table(index="region", columns="sector", values="pay", aggfunc="mean")
    pivoted = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        session = acro.ACRO(suppress=False)
        session.pivot_table(frame, index=["region"], columns=["sector"], values=["pay"], aggfunc="mean")
    print(read - started + time.perf_counter() - pivoted, pivoted - started)
"""


def rows() -> Iterator[Row]:
    """Measure, and say so on the way: it takes some minutes."""
    for name, each in (("one row for each person", 1), ("a million people with five rows each", 5)):
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder), each)
            what = f"mean, {ROWS:,} rows, 10 × 10 cells, {name}"
            ours, peer = in_turns(place.check, place.pivot)
            yield Row(f"{what}: the whole check", ours, "pandas read and pivot", peer, LIMITS[each])
            if each == 1:
                programs = in_turns(place.check_program, place.pivot_program)
                yield Row(
                    "the same as a program", programs[0], "the same as a program", programs[1], LIMITS[each]
                )
                yield _acro(place, ours, peer)


class Place:
    """A data folder and a submission with the mean of pay by region and sector."""

    def __init__(self, root: Path, rows_each: int) -> None:
        self.root, self.data, self.submission = root, root / "data", root / "submission"
        self.data.mkdir()
        self.submission.mkdir()
        self.parquet = self.data / "claims.parquet"
        _people(rows_each).to_parquet(self.parquet)
        listed = 'owners = ["dwp"]\nunits = ["person_id"]\npseudonyms = ["person_id"]\n'
        (self.data / "datasets.toml").write_text(f"[claims]\n{listed}")
        (self.submission / "submission.toml").write_text(
            'project = "bench"\nunit = "person_id"\n\n[[output]]\nfile = "t.csv"\ntitle = "Mean pay"\n'
            'statistic = "mean"\ndata = "claims"\nvalue = "pay"\nrows = ["region"]\ncolumns = ["sector"]\n'
        )
        self.pivot().to_csv(self.submission / "t.csv")

    def check(self) -> None:
        """The gate, in this process."""
        if check_submission(self.submission, self.data).verdict is not Verdict.PASS:
            raise AssertionError("the table of the benchmark is not PASS")

    def pivot(self) -> pd.DataFrame:
        """What a researcher runs, in this process."""
        frame = pd.read_parquet(self.parquet, columns=["region", "sector", "pay"])
        return frame.pivot_table(index="region", columns="sector", values="pay", aggfunc="mean")

    def check_program(self) -> None:
        """`outputs-check check`, from start to exit."""
        self._run("-m", "outputs_check", "check", str(self.submission), "--data", str(self.data), "--json")

    def pivot_program(self) -> None:
        """The researcher's script, from start to exit."""
        self._run("-c", _PIVOT, str(self.parquet), str(self.root / "pivot.csv"))

    def _run(self, *arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def _people(rows_each: int) -> pd.DataFrame:
    random = np.random.default_rng(20)
    person = random.permutation(ROWS) // rows_each
    return pd.DataFrame(
        {
            "person_id": [f"p{number:08x}" for number in person],
            "region": [f"R{number}" for number in random.integers(0, 10, ROWS)],
            "sector": [f"S{number}" for number in random.integers(0, 10, ROWS)],
            "pay": np.round(random.lognormal(10, 0.5, ROWS), 2),
        }
    )


def _acro(place: Place, ours: float, pandas_seconds: float) -> Row:
    """ACRO on the same data: measured where it is installed, else as it was recorded."""
    python = os.environ.get("ACRO_PYTHON")
    if python:
        _RECORD.write_text(json.dumps(_measured(python, place.parquet), indent=2) + "\n")
    record = json.loads(_RECORD.read_text())
    times, version, date = record["times_pandas"], record["version"], record["date"]
    peer = f"ACRO {version} read and pivot_table, {times:.0f} × pandas ({date})"
    return Row("the same table by ACRO", ours, peer, times * pandas_seconds, "")


def _measured(python: str, parquet: Path) -> dict[str, object]:
    command = [python, "-c", _ACRO, str(parquet), "3"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    ratios = [float(theirs) / float(plain) for theirs, plain in (line.split() for line in lines if line)]
    ask = [python, "-c", "from importlib.metadata import version; print(version('acro'))"]
    version = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    return {
        "version": version,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "times_pandas": statistics.median(ratios),
    }
