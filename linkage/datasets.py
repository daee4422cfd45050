"""What can be granted: suppliers' tables and linked products, with the variables of each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lab.base.errors import BadInput, NotFound
from linkage.suppliers import schema
from linkage.suppliers.schema import Column, TableSchema
from linkage.tables import name as quoted

PERSON = "person_id"
PRODUCTS = Path(__file__).parent / "products"
NOT_KNOWN = "Not known"


@dataclass(frozen=True)
class Variable:
    """One variable of an extract.

    `expression` is SQL over the staged table. A variable with a `domain` is a pseudonym: of the person, or of
    another id such as "hmrc.employer_id". `unit` is that of a number (pounds, days, count).
    """

    name: str
    type: str
    description: str
    expression: str
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unit: str = ""
    domain: str = ""
    counted: bool = False

    def describe(self) -> dict[str, Any]:
        """Return the variable as an extract's manifest lists it."""
        entry: dict[str, Any] = {"name": self.name, "type": self.type, "description": self.description}
        return (
            entry
            | ({"codes": dict(self.codes)} if self.codes else {})
            | ({"unit": self.unit} if self.unit else {})
        )


@dataclass(frozen=True)
class Dataset:
    """A dataset that can be granted: `source` is a staged table or a product's query over staged `tables`.

    `year` is the SQL of the year that partitions it and `year_of` the variable that the year shows.
    """

    name: str
    title: str
    owners: tuple[str, ...]
    tables: tuple[str, ...]
    source: str
    variables: tuple[Variable, ...]
    year: str = ""
    year_of: str = ""

    def variable(self, name: str) -> Variable:
        """Return the variable of that name.

        Raises:
            BadInput: there is none.
        """
        for variable in self.variables:
            if variable.name == name:
                return variable
        known = ", ".join(variable.name for variable in self.variables)
        raise BadInput(f"unknown variable '{name}'", where=self.name, remedy=f"one of: {known}")


def dataset(name: str) -> Dataset:
    """Return the table or product of that name.

    Raises:
        NotFound: there is none.
    """
    if (PRODUCTS / f"{name}.toml").is_file() and name.isidentifier():
        return _product(name)
    supplier, _, table = name.partition("_")
    if name not in table_names():
        raise NotFound(f"no dataset '{name}'", remedy=f"one of: {', '.join([*_products(), *table_names()])}")
    return _table(schema.load(supplier, table))


def table_names() -> list[str]:
    """Names of the suppliers' payload tables."""
    return [
        f"{supplier}_{table}"
        for supplier in schema.suppliers()
        for table in schema.tables(supplier)
        if schema.load(supplier, table).route == "payload"
    ]


def _products() -> list[str]:
    return sorted(path.stem for path in PRODUCTS.glob("*.toml"))


def _table(table: TableSchema) -> Dataset:
    variables = [
        Variable(PERSON, "text", "Pseudonym of the person in this project", "spine_id", domain="person")
    ]
    for column in table.columns:
        if column.role != "person":
            variables.append(_variable(table, column))
        if column.name == "la_code":
            variables.append(
                Variable(
                    "region",
                    "category",
                    "Region or country of the local authority",
                    "(SELECT a.region FROM local_authorities a WHERE a.code = la_code)",
                    _regions(known=True),
                )
            )
    year = f"year({quoted(table.date_column)})" if table.date_column else ""
    return Dataset(
        table.name,
        table.title,
        (table.supplier,),
        (table.name,),
        table.name,
        tuple(variables),
        year,
        table.date_column or "",
    )


def _variable(table: TableSchema, column: Column) -> Variable:
    if column.role in {"key", "unit"}:
        return Variable(
            column.name,
            "text",
            f"{column.description} (pseudonym in this project)",
            quoted(column.name),
            domain=f"{table.supplier}.{column.name}",
            counted=column.role == "unit",
        )
    if column.unit == "pence":
        return Variable(
            column.name,
            "number",
            f"{column.description}, in pounds",
            f"round({quoted(column.name)} / 100.0, 2)::DOUBLE",
            unit="pounds",
        )
    return Variable(
        column.name, column.type, column.description, quoted(column.name), column.codes, column.unit
    )


def _regions(*, known: bool) -> Mapping[str, str]:
    labels = [*schema.code_list("regions").values(), *([] if known else [NOT_KNOWN])]
    return MappingProxyType({label: label for label in labels})


def _product(name: str) -> Dataset:
    document = tomllib.loads((PRODUCTS / f"{name}.toml").read_text(encoding="utf-8"))
    query = (PRODUCTS / f"{name}.sql").read_text(encoding="utf-8")
    variables = tuple(_product_variable(each, entry) for each, entry in document["variables"].items())
    year = document.get("year", "")
    return Dataset(
        name,
        document["title"],
        tuple(document["owners"]),
        tuple(document["tables"]),
        f"({query})",
        variables,
        year,
        year,
    )


def _product_variable(name: str, entry: dict[str, Any]) -> Variable:
    codes = (
        _regions(known=False)
        if entry.get("codes_from") == "regions"
        else MappingProxyType(entry.get("codes", {}))
    )
    person = name == PERSON
    return Variable(
        name,
        entry["type"],
        entry["description"],
        "spine_id" if person else quoted(name),
        codes,
        entry.get("unit", ""),
        "person" if person else "",
    )
