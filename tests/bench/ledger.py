"""A ledger of 10,000 released cells over a million people: how long the next table takes.

No peer does this: ACRO and SACRO compare an output with no other.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from outputs_check.gate.check import check_submission
from outputs_check.gate.data import DataFolder
from outputs_check.gate.equation import COUNT, Equation, Shown
from outputs_check.gate.footprints import Footprints
from outputs_check.gate.ledger import opened
from outputs_check.gate.relation import Relation
from outputs_check.gate.verdict import Verdict
from tests.bench.harness import TIMES, Row, seconds

PEOPLE, TABLES, CATEGORIES = 1_000_000, 100, 10
LIMIT = "under 2 s"
_VARIABLES = [f"v{number}" for number in range(11)]


def rows() -> Iterator[Row]:
    """Release 100 tables of 10 × 10 cells, then check one more as a program and in this process."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        what = f"a ledger of {TABLES * CATEGORIES**2:,} released cells over {PEOPLE:,} people"
        for name, run in (
            (f"{what}: the whole check", place.check),
            ("the same as a program", place.program),
        ):
            yield Row(name, statistics.median(seconds(run) for _ in range(TIMES)), "none", None, LIMIT)


class Place:
    """A data folder, a full ledger, and a submission with a table that nobody has released."""

    def __init__(self, root: Path) -> None:
        self.data, self.submission, self.ledger = root / "data", root / "submission", root / "ledger.sqlite"
        self.data.mkdir()
        self.submission.mkdir()
        frame = _people()
        frame.to_parquet(self.data / "claims.parquet")
        listed = 'owners = ["dwp"]\nunits = ["person_id"]\npseudonyms = ["person_id"]\n'
        (self.data / "datasets.toml").write_text(f"[claims]\n{listed}")
        self._release()
        (self.submission / "submission.toml").write_text(
            'project = "bench"\nunit = "person_id"\n\n[[output]]\nfile = "t.csv"\ntitle = "Under 80"\n'
            'statistic = "count"\ndata = "claims"\nwhere = "age < 80"\nrows = ["v3"]\ncolumns = ["v9"]\n'
        )
        young = frame[frame.age < 80]
        pd.crosstab(young.v3, young.v9).to_csv(self.submission / "t.csv")

    def check(self) -> None:
        """The gate, in this process."""
        if check_submission(self.submission, self.data, ledger=self.ledger).verdict is not Verdict.PASS:
            raise AssertionError("the table of the benchmark is not PASS")

    def program(self) -> None:
        """`outputs-check check`, from start to exit."""
        where = ["--data", str(self.data), "--ledger", str(self.ledger), "--json"]
        command = [sys.executable, "-m", "outputs_check", "check", str(self.submission), *where]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def _release(self) -> None:
        """Record every pair of variables, for everybody and for those from 40 on."""
        wheres = (None, '"age" >= 40')
        tables = [(pair, where) for where in wheres for pair in itertools.combinations(_VARIABLES, 2)]
        with DataFolder(self.data) as data, opened(self.ledger, write=True) as book:
            dataset = data.dataset("claims")
            units = ("person_id",)
            for number, (pair, where) in enumerate(tables[:TABLES]):
                table = Equation(
                    "t.csv", "claims", data.rows_of(dataset), units, COUNT, (), dimensions=pair, where=where
                )
                keys, counted = Relation(data, table).grouped("count(*) AS n")
                shown = [
                    Shown(key, f"{key}", float(count)) for key, count in zip(keys, counted["n"], strict=True)
                ]
                footprints = Footprints(data, dataclasses.replace(table, shown=tuple(shown)))
                book.record(f"release-{number}", "t.csv", "0" * 64, [footprints])


def _people() -> pd.DataFrame:
    random = np.random.default_rng(3)
    columns = {
        name: [f"c{number}" for number in random.integers(0, CATEGORIES, PEOPLE)] for name in _VARIABLES
    }
    people = [f"{number:032x}" for number in random.permutation(PEOPLE)]
    return pd.DataFrame({"person_id": people, **columns, "age": random.integers(16, 90, PEOPLE)})
