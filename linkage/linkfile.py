"""`linkage match`: two files of people in, a file of links out."""
# ruff: noqa: S608 - the SQL is put together from this module's own names and quoted paths

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from lab.base.errors import BadInput
from linkage import deterministic, matching, personfile, standardise
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
    links: int
    result: MatchResult
    notes: tuple[str, ...]
    score: Score | None

    def describe(self, options: MatchOptions) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "left_rows": self.left.rows,
            "right_rows": self.right.rows,
            "links": self.links,
            "passes": [{**asdict(each), "probability": each.probability} for each in self.result.passes],
            "passes_without_columns": list(self.result.skipped),
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
            for side in ("left", "right"):
                standardise.standardise(con, f"raw_{side}", f"{side}_people", forms)
                _group(con, side)
            result = matching.match(con, "left_people", "right_people", options)
            links = Path(scratch) / "links.parquet"
            target = f"{literal(str(links))} (FORMAT parquet, COMPRESSION zstd)"
            con.execute(f"COPY ({_links(options)}) TO {target}")
            count = int(scalar(con, f"SELECT count(*) FROM read_parquet({literal(str(links))})"))
            score = _score(con, truth, links) if truth else None
        links.replace(out)
    return FileMatch(*files, count, result, tuple(_notes(files, forms, result)), score)


def _group(con: duckdb.DuckDBPyConnection, side: str) -> None:
    """Let the records that are evidently one person's link as one, or each would make the other ambiguous."""
    deterministic.group_duplicates(con, f"{side}_people")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {side}_records AS "
        f"SELECT i.record_id, i.entity, g.head FROM raw_{side}_ids i JOIN duplicate_groups g USING (entity)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {side}_people AS "
        f"SELECT p.* REPLACE (g.head AS entity) FROM {side}_people p JOIN duplicate_groups g USING (entity)"
    )


def _links(options: MatchOptions) -> str:
    """SQL of the links: of every record of a group, or one-to-one of the first of each."""
    first = "WHERE l.entity = l.head AND r.entity = r.head" if options.one_to_one else ""
    return f"""
        SELECT l.record_id AS left_id, r.record_id AS right_id, m.method, m.probability
        FROM matches m JOIN left_records l ON l.head = m.left_entity
        JOIN right_records r ON r.head = m.right_entity {first}
        ORDER BY l.entity, r.entity"""


def _score(con: duckdb.DuckDBPyConnection, truth: Path, links: Path) -> Score:
    columns = personfile.read_table(con, truth, "truth_raw")
    if not {"left_id", "right_id"} <= set(columns):
        raise BadInput("the truth needs the columns left_id and right_id", where=str(truth))
    ids = "left_id::VARCHAR AS left_id, right_id::VARCHAR AS right_id"
    con.execute(f"CREATE TEMP TABLE truth AS SELECT DISTINCT {ids} FROM truth_raw")
    con.execute(f"CREATE TEMP TABLE made AS SELECT {ids} FROM read_parquet({literal(str(links))})")
    made, correct, true = (
        int(scalar(con, f"SELECT count(*) FROM {source}"))
        for source in ("made", "made JOIN truth USING (left_id, right_id)", "truth")
    )
    return Score(made, correct, true)


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
