"""Check digits and leaks, as DuckDB sees them, against the rules in Python."""

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.suppliers import schema
from linkage.synth import numbers
from linkage.validation import identifiers, macros

unhurried = settings(deadline=None, max_examples=50)  # a busy machine is no mistake


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    macros.define(made)
    return made


def answers(connection: duckdb.DuckDBPyConnection, macro: str, values: list[str]) -> list[bool]:
    query = f"SELECT {macro}(v) FROM (SELECT unnest($values) AS v)"
    return [valid for (valid,) in connection.execute(query, {"values": values}).fetchall()]


@unhurried
@given(values=st.lists(st.integers(10**9, 10**10 - 1), min_size=1, max_size=30))
def test_nhs_numbers(connection: duckdb.DuckDBPyConnection, values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    expected = numbers.nhs_check_digits(array // 10) == array % 10
    assert answers(connection, "nhs_number_valid", [str(value) for value in values]) == expected.tolist()


@unhurried
@given(values=st.lists(st.integers(10**5, 10**17), min_size=1, max_size=30))
def test_snomed_codes(connection: duckdb.DuckDBPyConnection, values: list[int]) -> None:
    expected = [numbers.verhoeff_valid(str(value)) for value in values]
    assert answers(connection, "verhoeff_valid", [str(value) for value in values]) == expected


def test_what_is_no_number_is_not_valid(connection: duckdb.DuckDBPyConnection) -> None:
    odd = ["", "94347659", "94347659x9", " 943476591", "٩٤٣٤٧٦٥٩١٩"]
    assert answers(connection, "nhs_number_valid", odd) == [False] * len(odd)
    assert answers(connection, "verhoeff_valid", ["", "12345", "0383410030", "38341003x"]) == [False] * 4


def leaks(connection: duckdb.DuckDBPyConnection, values: list[str], column: str = "jcp_district") -> set[str]:
    connection.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT unnest($v) AS " + column, {"v": values})
    return {leak.kind for leak in identifiers.scan(connection, "held", schema.load("dwp", "spells"))}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("AB123456C", "NINOs"),
        ("ab 12 34 56 c", "NINOs"),
        ("see JG103759A.", "NINOs"),
        ("SW1A 1AA", "postcodes"),
        ("m11ae", "postcodes"),
        ("at LS10 4ZT now", "postcodes"),
        ("a.person@example.gov.uk", "e-mail addresses"),
        ("943 476 5919", "NHS numbers"),
        ("9434765919", "NHS numbers"),
        ("Mohammed Khan", "names"),
        ("O'NEILL", "names"),
    ],
)
def test_a_leak_is_seen_in_one_value_and_never_shown(
    connection: duckdb.DuckDBPyConnection, value: str, kind: str
) -> None:
    assert kind in leaks(connection, ["JC01", "JC02", value])
    found = identifiers.scan(connection, "held", schema.load("dwp", "spells"))
    assert value not in " ".join(map(str, found))


@pytest.mark.parametrize(
    "values",
    [
        ["JC01", "JC02"],
        ["E09000001", "W06000015", "S12000036", "N09000003"],
        ["D0123456789", "S9876543210"],
        ["J459", "R69X", "W371", "X999"],
        ["mm[Hg]", "kg/m2", "mmol/mol"],
        ["2020-21", "Yorkshire and The Humber", "250+"],
        [f"{number:010d}" for number in range(1_234_567_000, 1_234_567_100)],
    ],
)
def test_what_payload_really_holds_is_no_leak(
    connection: duckdb.DuckDBPyConnection, values: list[str]
) -> None:
    assert leaks(connection, values) == set()


def test_ten_digit_snomed_codes_are_no_nhs_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT '9434765919' AS snomed_code")
    assert identifiers.scan(connection, "held", schema.load("nhs", "events")) == []
