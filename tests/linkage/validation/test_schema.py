"""The suppliers' tables are data: the loader reads all of them and refuses a document with a mistake."""

import csv
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from lab.base.errors import NotFound
from linkage.suppliers import schema

EVERY = [(supplier, table) for supplier in schema.suppliers() for table in schema.tables(supplier)]


def document() -> dict[str, Any]:
    return tomllib.loads((schema.HERE / "hmrc_pay.toml").read_text(encoding="utf-8"))


def test_every_supplier_has_identifiers_and_payload() -> None:
    assert schema.suppliers() == ("dwp", "hmrc", "nhs")
    for supplier in schema.suppliers():
        routes = {schema.load(supplier, table).route for table in schema.tables(supplier)}
        assert routes - {"optout"} == {"identifiers", "payload"}


@pytest.mark.parametrize(("supplier", "table"), EVERY)
def test_every_table_is_joined_by_the_supplier_s_record_or_a_table_before_it(
    supplier: str, table: str
) -> None:
    loaded = schema.load(supplier, table)
    persons = [column.name for column in loaded.columns if column.role == "person"]
    assert persons == ["record_id"] or loaded.after


def test_referred_tables_come_first() -> None:
    order = schema.tables("hmrc")
    assert order.index("employments") < order.index("pay")


def test_every_region_has_local_authorities() -> None:
    with schema.local_authorities().open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["region_code"] for row in rows} == set(schema.code_list("regions"))
    assert {row["code"][:3] for row in rows} == {"E06", "E07", "E08", "E09", "W06", "S12", "N09"}
    assert next(row["region"] for row in rows if row["label"] == "Leeds") == "Yorkshire and The Humber"


@pytest.mark.parametrize(
    ("supplier", "table"), [("dwp", "pensions"), ("dvla", "spells"), ("../dwp", "spells")]
)
def test_an_unknown_table_is_named(supplier: str, table: str) -> None:
    with pytest.raises(NotFound, match="dwp_spells"):
        schema.load(supplier, table)


def rename(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda text: text["column"][1].update({key: value})


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (rename("type", "decimal"), "unknown type"),
        (rename("name", "Pay Period"), "snake_case"),
        (rename("role", "identifier"), "identifiers in payload"),
        (rename("check", "luhn"), "check"),
        (rename("codes", {"a": "b"}), "category"),
        (rename("mostly", 1.5), "shares"),
        (rename("description", ""), "description"),
        (lambda text: text.update(key=["payment_id"]), "unknown columns"),
        (lambda text: text["column"].append(text["column"][0]), "twice"),
        (lambda text: text.update(route="post"), "route"),
    ],
)
def test_a_mistake_in_the_document_is_refused(mistake: Callable[[dict[str, Any]], None], says: str) -> None:
    text = document()
    mistake(text)
    with pytest.raises(ValueError, match=says):
        schema.parse(text)
