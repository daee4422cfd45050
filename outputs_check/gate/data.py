"""The data folder: registered datasets, read through a DuckDB that can reach nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from lab.base.errors import BadInput
from lab.base.files import canonical_json, sha256_bytes
from outputs_check.gate.derived import Derived
from outputs_check.gate.registry import owners_of, read_registry
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Evidence

Array = npt.NDArray[Any]
# Which row of the extract a row is: the differencing rules compare sets of rows. Never a column of a
# researcher, because names that begin so are refused at registration.
ROW = "__gate_row"
_ROWS_PER_FILE = 2**32
_FIRST_ROWS = 20_000
# Far beyond what a table of a national extract takes; a pattern or product made to take for ever ends here.
_SECONDS = 300.0


@dataclass(frozen=True)
class Derivation:
    """sources: registered datasets that a dataset was made from. lineage: how, in its maker's words."""

    sources: tuple[str, ...]
    lineage: str


@dataclass(frozen=True)
class Dataset:
    """A dataset and what is registered of it; `units[0]` is the person.

    registered: it is part of the granted extract (evidence A). derivation: of what was made from such
    datasets (evidence B). digest: of the file that it came in, where it came with a submission.
    """

    name: str
    files: tuple[Path, ...]
    registered: bool
    owners: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    pseudonyms: tuple[str, ...] = ()
    derivation: Derivation | None = None
    digest: str = ""

    @property
    def evidence(self) -> Evidence:
        """What figures recomputed from it are."""
        return Evidence.A if self.registered else Evidence.B


@dataclass(frozen=True)
class Population:
    """Who is in a dataset. people: distinct units that are not NULL."""

    rows: int
    people: int

    @property
    def alone(self) -> bool:
        """Every row is a person of its own."""
        return self.rows == self.people


class DataFolder:
    """`DATA/<name>.parquet` or `DATA/<name>/`, and `DATA/datasets.toml`; and what a submission derived.

    An entry of datasets.toml with `derived_from` (names of other entries) and `lineage` (text) is a derived
    dataset: its owners are its own and its sources', its units are among theirs.

    A context manager: it holds a database connection that may read these files and nothing more, that
    fetches no extension, and whose settings are locked. seconds: what one query may take.

    Raises:
        BadInput: datasets.toml is not what the catalogue writes.
    """

    def __init__(self, root: Path, derived: Sequence[Derived] = (), seconds: float = _SECONDS) -> None:
        self.root = root.resolve()
        self._seconds = seconds
        self._derived = {each.entry.name: each for each in derived}
        self._registry = read_registry(self.root / "datasets.toml")
        self._views: dict[str, Mapping[str, str]] = {}
        self._populations: dict[tuple[str, str], Population] = {}

    def __enter__(self) -> DataFolder:
        return self

    def __exit__(self, *_: object) -> None:
        if "_connection" in self.__dict__:
            self._connection.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Datasets that are registered and have files."""
        return tuple(name for name in self._registry if self._files(name))

    def dataset(self, name: str) -> Dataset:
        """Return a dataset.

        Raises:
            Blocked: there is none of this name.
        """
        files = self._files(name)
        if not files and name in self._derived:
            return self.derived(name)
        if not files:
            raise Blocked(rules.DATA.block(f"there is no dataset '{name}'"))
        entry = self._registry.get(name)
        if entry is None:
            return Dataset(name, files, registered=False)
        sources, pseudonyms = entry.get("derived_from"), tuple(entry["pseudonyms"])
        derivation = Derivation(tuple(sources), entry["lineage"]) if sources else None
        owners = owners_of(self._registry, name)
        return Dataset(name, files, not sources, owners, tuple(entry["units"]), pseudonyms, derivation)

    def derived(self, name: str) -> Dataset:
        """Return a derived dataset of the submission: owners of its sources, those of their units it has.

        Raises:
            Blocked: it could not be read, takes the name of another, or its sources are not registered.
        """
        derived = self._derived[name]
        entry = derived.entry
        if derived.refused is not None:
            raise Blocked(derived.refused)
        if entry.name in self._registry or self._files(entry.name):
            raise Blocked(rules.DATA.block(f"'{entry.name}' is the name of a dataset of the extract"))
        if unknown := sorted(set(entry.sources) - set(self.names)):
            raise Blocked(
                rules.DATA.block(f"'{entry.name}' has sources that are not registered: {unknown[0]}")
            )
        sources = [self.dataset(name) for name in entry.sources]
        columns = self.columns(Dataset(entry.name, (derived.file,), registered=False))

        def having(key: str) -> tuple[str, ...]:
            names = dict.fromkeys(name for source in sources for name in getattr(source, key))
            return tuple(name for name in names if name in columns)

        return Dataset(
            entry.name,
            (derived.file,),
            registered=False,
            owners=tuple(dict.fromkeys(owner for source in sources for owner in source.owners)),
            units=having("units"),
            pseudonyms=having("pseudonyms"),
            derivation=Derivation(entry.sources, entry.lineage),
            digest=derived.digest,
        )

    def columns(self, dataset: Dataset) -> Mapping[str, str]:
        """Names and DuckDB types of a dataset's columns.

        Raises:
            BadInput: its files are no Parquet, or do not fit together.
        """
        if dataset.name not in self._views:
            try:
                self._create_view(dataset)
                rows = self._connection.execute(f"DESCRIBE {quoted(dataset.name)}").fetchall()
            except duckdb.Error:
                raise BadInput("the files cannot be read as Parquet", where=dataset.name) from None
            self._views[dataset.name] = {str(row[0]): str(row[1]) for row in rows if row[0] != ROW}
        return self._views[dataset.name]

    @cached_property
    def sizes(self) -> frozenset[int]:
        """How many people each registered dataset has."""
        return frozenset(
            self.population(dataset, dataset.units[0]).people
            for dataset in map(self.dataset, self.names)
            if dataset.units[0] in self.columns(dataset)
        )

    def stands_alone(self, dataset: Dataset, unit: str) -> bool:
        """Whether every person has exactly one row, so that rows need not be added up per person.

        Where people have several rows, the first rows usually tell, and not all have to be read.
        """
        self.columns(dataset)  # opens the view
        first = f"SELECT {quoted(unit)} AS u FROM {quoted(dataset.name)} LIMIT {_FIRST_ROWS}"  # noqa: S608
        seen = self.fetch(f"SELECT count(*) AS rows, count(DISTINCT u) AS people FROM ({first})")  # noqa: S608
        if int(seen["people"][0]) < int(seen["rows"][0]):
            return False
        return self.population(dataset, unit).alone

    def population(self, dataset: Dataset, unit: str) -> Population:
        """Who is in a dataset; found once, because it takes longer than most tables."""
        place = (dataset.name, unit)
        if place not in self._populations:
            self.columns(dataset)  # opens the view
            # Sorting hashes takes a third of what COUNT(DISTINCT) takes. They are 64 bits: two people with
            # one hash would count as one, which is the safe side.
            table, column = quoted(dataset.name), quoted(unit)
            rows = int(self.fetch(f"SELECT count(*) AS n FROM {table}")["n"][0])  # noqa: S608
            hashes = self.fetch(f"SELECT hash({column}) AS h FROM {table} WHERE {column} IS NOT NULL")["h"]  # noqa: S608
            hashes.sort()
            people = int(np.count_nonzero(hashes[1:] != hashes[:-1])) + min(1, hashes.size)
            self._populations[place] = Population(rows, people)
        return self._populations[place]

    def rows_of(self, dataset: Dataset) -> str:
        """A name for the rows that a dataset has now: other files, other name."""
        if dataset.digest:
            return dataset.digest
        files = [
            [str(path.relative_to(self.root)), path.stat().st_size, _footer_digest(path)]
            for path in dataset.files
        ]
        return sha256_bytes(canonical_json(files))

    def fetch(self, sql: str, parameters: list[Any] | None = None) -> dict[str, Array]:
        """Run a query over views that `columns` opened; one array per result column.

        Raises:
            Blocked: the declared expression fails on this data (a type that does not fit), or takes too long.
        """
        watch = threading.Timer(self._seconds, self._connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            fetched = self._connection.execute(sql, parameters or []).fetchnumpy()
        except duckdb.InterruptException:
            text = f"the declared query takes longer than {self._seconds:g} seconds"
            raise Blocked(rules.WHERE.block(text, "write a simpler filter")) from None
        except duckdb.Error as error:
            # Only what is said of types and names: other messages quote the value that did not fit.
            schema = isinstance(error, duckdb.BinderException)
            reason = str(error).splitlines()[0][:200] if schema else "a value does not fit the expression"
            raise Blocked(rules.WHERE.block(f"the declared query cannot be run: {reason}")) from None
        finally:
            watch.cancel()
        return {name: _filled(column) for name, column in fetched.items()}

    def _files(self, name: str) -> tuple[Path, ...]:
        single, folder = self.root / f"{name}.parquet", self.root / name
        if single.is_file():
            return (single,)
        return tuple(sorted(folder.rglob("*.parquet"))) if folder.is_dir() else ()

    def _create_view(self, dataset: Dataset) -> None:
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in dataset.files)
        self._connection.execute(
            f"CREATE VIEW {quoted(dataset.name)} AS"  # noqa: S608 - quoted, and the paths are the lab's own
            f" SELECT *, CAST(file_index AS BIGINT) * {_ROWS_PER_FILE} + file_row_number AS {ROW}"
            f" FROM read_parquet([{files}], union_by_name = true)"
        )

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        places = [self.root, *(each.file.parent for each in self._derived.values() if each.refused is None)]
        folders = ", ".join("'" + str(place).replace("'", "''") + "'" for place in places)
        for setting in (
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"allowed_directories = [{folders}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        return connection


def _footer_digest(path: Path) -> str:
    """Digest of a Parquet file's footer: sizes, places and extremes of every column chunk."""
    with path.open("rb") as stream:
        size = stream.seek(-8, os.SEEK_END) + 8
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(max(0, size - 8 - length))
        return sha256_bytes(stream.read(min(length, size) + 8))


def quoted(name: str) -> str:
    """Quote an identifier that was held against the schema."""
    return '"' + name.replace('"', '""') + '"'


def _filled(column: Any) -> Array:
    """Replace DuckDB's masked entries by NaN or None."""
    if not isinstance(column, np.ma.MaskedArray):
        return np.asarray(column)
    values, missing = np.asarray(column.data), np.ma.getmaskarray(column)
    if not missing.any():
        return values
    if values.dtype.kind in "iubf":
        return np.asarray(np.where(missing, np.nan, values.astype(float)))
    filled = values.astype(object)
    filled[missing] = None
    return filled
