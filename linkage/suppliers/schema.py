"""Table schemas: columns, code lists and rules of each supplier's tables, read from TOML (EXTRACTS.md)."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from lab.base.errors import NotFound

ColumnType = Literal["text", "category", "date", "month", "integer", "number"]
Role = Literal["key", "person", "unit", "identifier", "attribute"]
Check = Literal["nhs_number", "verhoeff"]
Route = Literal["identifiers", "payload", "optout"]

HERE = Path(__file__).parent
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
SQL_TYPES: Mapping[ColumnType, str] = MappingProxyType(
    {
        "text": "VARCHAR",
        "category": "VARCHAR",
        "date": "DATE",
        "month": "DATE",
        "integer": "BIGINT",
        "number": "DOUBLE",
    }
)


@dataclass(frozen=True)
class Column:
    """One column: what it means and which values are right.

    `mostly` is the share of values that must be right (deliveries of identifiers are dirty by nature);
    `max_null_rate` the share that may be missing; `unit` the unit of a number (pence, days, count).
    """

    name: str
    type: ColumnType
    description: str
    role: Role = "attribute"
    nullable: bool = True
    unique: bool = False
    pattern: str = ""
    check: Check | None = None
    min: int | float | str | None = None
    max: int | float | str | None = None
    mostly: float = 1.0
    max_null_rate: float = 1.0
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _require(NAME.fullmatch(self.name) is not None, f"column name {self.name!r} is not snake_case")
        _require(self.type in get_args(ColumnType), f"{self.name}: unknown type {self.type!r}")
        _require(self.role in get_args(Role), f"{self.name}: unknown role {self.role!r}")
        _require(
            self.check is None or self.check in get_args(Check), f"{self.name}: bad check {self.check!r}"
        )
        _require(bool(self.description), f"{self.name}: has no description")
        _require((self.type == "category") == bool(self.codes), f"{self.name}: codes make a category")
        _require(0 < self.mostly <= 1 and 0 <= self.max_null_rate <= 1, f"{self.name}: shares lie in 0..1")
        re.compile(self.pattern)

    @property
    def sql_type(self) -> str:
        """DuckDB type of the standardised column; a month is the date of its first day."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class RowRule:
    """A rule across columns or rows: a query for what breaks it.

    `unexpected` may name {batch}, {period_start}, {period_end} and, as {table}, a table that this one
    comes `after`.
    """

    name: str
    description: str
    unexpected: str


@dataclass(frozen=True)
class LoadBounds:
    """Bounds of a whole load against the median of the last three accepted ones.

    `rows` are factors on the row count, `null_rate_change` an absolute change; `months` names the date
    column that may leave no month of the reference period empty.
    """

    rows: tuple[float, float]
    null_rate_change: float
    months: str | None = None


@dataclass(frozen=True)
class TableSchema:
    """One table of one supplier: everything needed to read, check, describe and extract it."""

    supplier: str
    table: str
    title: str
    route: Route
    description: str
    key: tuple[str, ...]
    load: LoadBounds
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...] = ()
    date_column: str | None = None
    after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = self.column_names
        _require(self.route in get_args(Route), f"{self.name}: unknown route {self.route!r}")
        _require(len(set(names)) == len(names), f"{self.name}: a column stands twice")
        referred = [*self.key, *filter(None, (self.date_column, self.load.months))]
        _require(bool(self.key) and set(referred) <= set(names), f"{self.name}: unknown columns")
        identifying = [column.name for column in self.columns if column.role == "identifier"]
        _require(self.route == "identifiers" or not identifying, f"{self.name}: identifiers in payload")

    @property
    def name(self) -> str:
        """Name of the dataset: <supplier>_<table>."""
        return f"{self.supplier}_{self.table}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; NotFound names those there are."""
        for column in self.columns:
            if column.name == name:
                return column
        names = self.column_names
        raise NotFound(f"no column {name!r}", where=self.name, remedy=f"one of: {', '.join(names)}")


def suppliers() -> tuple[str, ...]:
    """Every supplier that has a schema here."""
    return tuple(sorted({path.stem.split("_", 1)[0] for path in HERE.glob("*_*.toml")}))


def tables(supplier: str) -> tuple[str, ...]:
    """Tables of a supplier, those that others refer to first."""
    stems = [path.stem.split("_", 1) for path in HERE.glob("*_*.toml")]
    names = [table for owner, table in stems if owner == supplier]
    if not names:
        raise NotFound(f"unknown supplier {supplier!r}", remedy=f"one of: {', '.join(suppliers())}")
    return tuple(sorted(names, key=lambda name: (len(load(supplier, name).after), name)))


@cache
def load(supplier: str, table: str) -> TableSchema:
    """Schema of one table; NotFound where there is none.

    Errors: ValueError names the mistake in a TOML file (a fault of the installation, not of a delivery).
    """
    path = HERE / f"{supplier}_{table}.toml"
    if not (NAME.fullmatch(supplier) and NAME.fullmatch(table) and path.is_file()):
        known = sorted(each.stem for each in HERE.glob("*_*.toml"))
        raise NotFound(f"no table {table!r} of supplier {supplier!r}", remedy=f"one of: {', '.join(known)}")
    return parse(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def code_list(name: str) -> Mapping[str, str]:
    """A code list kept as CSV (code, label, …): local_authorities, regions."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return MappingProxyType({row["code"]: row["label"] for row in csv.DictReader(lines)})


def local_authorities() -> Path:
    """CSV of ONS local authorities since 2009: code, label, region_code, region (ONS code history)."""
    return HERE / "local_authorities.csv"


def parse(document: Mapping[str, Any]) -> TableSchema:
    """A schema from its TOML document; unknown keys are mistakes."""
    rest = {key: value for key, value in document.items() if key not in ("column", "rule", "load")}
    bounds = document["load"]
    return TableSchema(
        **(
            rest
            | {
                "key": tuple(document["key"]),
                "after": tuple(document.get("after", ())),
                "load": LoadBounds(**(bounds | {"rows": tuple(bounds["rows"])})),
                "columns": tuple(_column(each) for each in document["column"]),
                "rules": tuple(RowRule(**each) for each in document.get("rule", ())),
            }
        )
    )


def _column(document: Mapping[str, Any]) -> Column:
    rest = dict(document)
    source = rest.pop("codes_from", None)
    codes = code_list(source) if source else MappingProxyType(dict(rest.pop("codes", {})))
    return Column(**(rest | {"codes": codes}))


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
