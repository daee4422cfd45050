"""`linkage match`: two files of people in, a file of links out."""
# ruff: noqa: S608 - the SQL is put together from this module's own names and quoted paths

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from lab.base.errors import BadInput
from linkage import matching, personfile, standardise
from linkage.matching import MatchOptions, MatchResult
from linkage.tables import confined, literal, scalar


@dataclass(frozen=True)
class Score:
    """Links held against the truth."""

    links: int
    correct: int
    truth: int

    @property
    def precision(self) -> float:
        """Share of links that are right; 1 where there are none."""
        return self.correct / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were linked; 1 where there are none."""
        return self.correct / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.correct / (self.links + self.truth) if self.links + self.truth else 1.0

    def describe(self) -> dict[str, float]:
        """Return the counts and the three figures."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class FileMatch:
    """What `match_files` did: what was read, the result, notes for a person, the score against a truth."""

    left: personfile.PersonFile
    right: personfile.PersonFile
    result: MatchResult
    notes: tuple[str, ...]
    score: Score | None

    def describe(self, options: MatchOptions) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "left_rows": self.left.rows,
            "right_rows": self.right.rows,
            "links": self.result.links,
            "passes": [{**asdict(each), "probability": each.probability} for each in self.result.passes],
            "model": asdict(self.result.model),
            "method": options.describe(),
            "notes": list(self.notes),
            "score": self.score.describe() if self.score else None,
        }


def match_files(
    left: Path, right: Path, out: Path, options: MatchOptions, truth: Path | None = None
) -> FileMatch:
    """Match two person files and write left_id, right_id, method, probability to a Parquet file.

    `truth` has left_id and right_id. The file is written whole or not at all.
    """
    if not out.absolute().parent.is_dir():
        raise BadInput("the folder for the links does not exist", where=str(out.absolute().parent))
    with tempfile.TemporaryDirectory(prefix="linkage-", dir=out.absolute().parent) as scratch:
        inputs = [path.absolute().parent for path in (left, right, *([truth] if truth else []))]
        with confined(Path(scratch), *inputs) as con:
            standardise.prepare(con)
            files = (personfile.load(con, left, "raw_left"), personfile.load(con, right, "raw_right"))
            forms = standardise.detect_forms(con, ["raw_left", "raw_right"])
            standardise.standardise(con, "raw_left", "left_people", forms)
            standardise.standardise(con, "raw_right", "right_people", forms)
            result = matching.match(con, "left_people", "right_people", options)
            links = Path(scratch) / "links.parquet"
            con.execute(f"COPY ({_LINKS}) TO {literal(str(links))} (FORMAT parquet, COMPRESSION zstd)")
            score = _score(con, truth) if truth else None
        links.replace(out)
    return FileMatch(*files, result, tuple(_notes(files, forms, result)), score)


_LINKS = """
SELECT l.record_id AS left_id, r.record_id AS right_id, m.method, m.probability
FROM matches m JOIN raw_left_ids l ON l.entity = m.left_entity
JOIN raw_right_ids r ON r.entity = m.right_entity
ORDER BY m.left_entity, m.right_entity
"""


def _score(con: duckdb.DuckDBPyConnection, truth: Path) -> Score:
    columns = personfile.read_table(con, truth, "truth_raw")
    if not {"left_id", "right_id"} <= set(columns):
        raise BadInput("the truth needs the columns left_id and right_id", where=str(truth))
    con.execute(
        "CREATE TEMP TABLE truth AS "
        "SELECT DISTINCT left_id::VARCHAR AS left_id, right_id::VARCHAR AS right_id FROM truth_raw"
    )
    correct = scalar(
        con,
        f"SELECT count(*) FROM (SELECT left_id::VARCHAR AS left_id, right_id::VARCHAR AS right_id "
        f"FROM ({_LINKS})) JOIN truth USING (left_id, right_id)",
    )
    return Score(
        scalar(con, "SELECT count(*) FROM matches"), correct, scalar(con, "SELECT count(*) FROM truth")
    )


def _notes(
    files: tuple[personfile.PersonFile, personfile.PersonFile], forms: standardise.Forms, result: MatchResult
) -> list[str]:
    notes = [
        f"{file.path.name} has no record_id: its rows are numbered from 1" for file in files if file.numbered
    ]
    notes += [f"{field} has not the British form here: compared as it stands" for field in forms.foreign]
    if not result.model.used:
        notes.append(f"the model was not used: {result.model.reason}")
    return notes
