"""Choosing and writing one dataset: granted variables and rows, pseudonyms in place of ids, files by year."""
# ruff: noqa: S608 - names come from the schemas and are quoted; filters are rebuilt from their parse trees

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from lab.base.errors import BadInput
from lab.base.grant import GrantedDataset
from linkage import rowfilter
from linkage.datasets import PERSON, Dataset, Variable, dataset
from linkage.pseudonyms import ProjectPseudonyms, id_bytes
from linkage.tables import literal, name, scalar

ROW_GROUP = 1_000_000


@dataclass(frozen=True)
class Choice:
    """What a grant takes of a dataset: some variables, and the rows for which `where` holds."""

    source: Dataset
    variables: tuple[Variable, ...]
    where: str = ""

    @classmethod
    def of(cls, granted: GrantedDataset) -> "Choice":
        """Return the choice of a granted dataset.

        Raises:
            NotFound: no such dataset. BadInput: an unknown variable, or no person to count by.
        """
        source = dataset(granted.name)
        if PERSON not in granted.variables:
            raise BadInput(
                f"a dataset without {PERSON} cannot be checked: people are counted by it",
                where=granted.name,
                remedy=f"grant {PERSON} as well",
            )
        return cls(source, tuple(source.variable(each) for each in granted.variables), granted.where)

    @property
    def by_year(self) -> bool:
        """Whether the files are parted by year: only where the granted variables show the year anyway."""
        return bool(self.source.year) and self.source.year_of in {each.name for each in self.variables}

    @property
    def partition(self) -> str:
        """The variable that the parts' folders stand for, so that no file holds it; empty if none is."""
        return "year" if self.by_year and self.source.year_of == "year" else ""

    def describe(self, rows: int) -> dict[str, Any]:
        """Return the dataset as an extract's manifest lists it."""
        return {
            "name": self.source.name,
            "title": self.source.title,
            "owners": list(self.source.owners),
            "units": [PERSON, *(each.name for each in self.variables if each.counted)],
            "pseudonyms": [each.name for each in self.variables if each.domain],
            "rows": rows,
            "where": self.where,
            "variables": [each.describe() for each in self.variables],
        }


def stage_people(con: duckdb.DuckDBPyConnection, pseudonyms: ProjectPseudonyms) -> None:
    """Make `pseudonyms_of_person` (spine_id, pseudonym), all of them in one call of the cipher."""
    con.execute(
        "CREATE TEMP TABLE places AS SELECT spine_id, spine_id::UHUGEINT AS id, "
        "row_number() OVER (ORDER BY spine_id) - 1 AS place FROM spine_people"
    )
    halves = con.execute(
        "SELECT (id >> 64)::UBIGINT AS high, (id & 18446744073709551615::UHUGEINT)::UBIGINT AS low "
        "FROM places ORDER BY place"
    ).fetchnumpy()
    ids = id_bytes(*(np.asarray(halves[half], dtype=np.uint64) for half in ("high", "low")))
    column = pseudonyms.people(ids)
    con.register("encrypted", pa.table({"place": np.arange(len(column)), "pseudonym": column}))
    con.execute(
        "CREATE TEMP TABLE pseudonyms_of_person AS "
        "SELECT p.spine_id AS id, e.pseudonym FROM places p JOIN encrypted e USING (place)"
    )
    con.unregister("encrypted")


def select(con: duckdb.DuckDBPyConnection, choice: Choice, pseudonyms: ProjectPseudonyms) -> tuple[int, int]:
    """Make the table `chosen`; return its rows and those before the row filter.

    Raises:
        BadInput: the row filter is no plain condition over the dataset's variables.
    """
    source = choice.source
    plain = [each for each in source.variables if not each.domain]
    hidden = [each for each in choice.variables if each.domain]
    columns = [f"{each.expression} AS {name(each.name)}" for each in plain]
    columns += [f"{each.expression} AS {_id_of(each)}" for each in hidden]
    columns += [f"{source.year} AS extract_year"] if choice.by_year else []
    con.execute(f"CREATE OR REPLACE TEMP TABLE offered AS SELECT {', '.join(columns)} FROM {source.source} t")
    before = int(scalar(con, "SELECT count(*) FROM offered"))
    _filter(con, choice, [each.name for each in plain])
    joins, shown = [], {each.name: f"o.{name(each.name)}" for each in choice.variables}
    for number, each in enumerate(hidden):
        table = _pseudonym_table(con, each, pseudonyms)
        joins.append(f"LEFT JOIN {table} p{number} ON p{number}.id = o.{_id_of(each)}")
        shown[each.name] = f"p{number}.pseudonym"
    listed = ", ".join(f"{value} AS {name(column)}" for column, value in shown.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE chosen AS SELECT {listed}{', extract_year' if choice.by_year else ''} "
        f"FROM granted o {' '.join(joins)}"
    )
    return int(scalar(con, "SELECT count(*) FROM chosen")), before


def _id_of(variable: Variable) -> str:
    """Quote the column that holds an id before its pseudonym takes its place; no row filter can name it."""
    return name(f"id of {variable.name}")


def _filter(con: duckdb.DuckDBPyConnection, choice: Choice, columns: list[str]) -> None:
    dataset_name = choice.source.name
    condition = rowfilter.rebuild(choice.where, columns, dataset_name) if choice.where else "true"
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE granted AS FROM offered WHERE {condition}")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"the row filter does not fit the data: {reason}", where=dataset_name) from error


def _pseudonym_table(
    con: duckdb.DuckDBPyConnection, variable: Variable, pseudonyms: ProjectPseudonyms
) -> str:
    if variable.domain == "person":
        return "pseudonyms_of_person"
    column = _id_of(variable)
    rows = con.execute(f"SELECT DISTINCT {column} FROM granted WHERE {column} IS NOT NULL").fetchall()
    values = [row[0] for row in rows]
    table = f"pseudonyms_of_{variable.name}"
    con.register(
        "hashed",
        pa.table(
            {
                "id": pa.array(values, pa.string()),
                "pseudonym": pa.array(pseudonyms.others(variable.domain, values), pa.string()),
            }
        ),
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS FROM hashed")
    con.unregister("hashed")
    return name(table)


def write_files(con: duckdb.DuckDBPyConnection, choice: Choice, folder: Path) -> None:
    """Write `chosen` in the order of the pseudonyms, which says nothing of a supplier's own order."""
    folder.mkdir(mode=0o700)
    if not choice.by_year:
        _write_part(con, choice, "true", folder)
        return
    years = con.execute("SELECT DISTINCT extract_year FROM chosen ORDER BY 1").fetchall()
    # Without a single row there is still one file, because the columns are in it.
    for (year,) in years or [(datetime.now(UTC).year,)]:
        _write_part(con, choice, f"extract_year = {int(year)}", folder / f"year={year}")


def _write_part(con: duckdb.DuckDBPyConnection, choice: Choice, condition: str, folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    columns = [name(each.name) for each in choice.variables if each.name != choice.partition]
    order = ", ".join([name(PERSON), *columns])
    con.execute(
        f"COPY (SELECT {', '.join(columns)} FROM chosen WHERE {condition} ORDER BY {order}) "
        f"TO {literal(str(folder / 'part-0.parquet'))} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
