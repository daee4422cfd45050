"""What cleaning does to each identifier, as tables; and that check digits agree with the rule written out."""

import duckdb
import pytest

from linkage import standardise


@pytest.mark.parametrize(
    ("given_name", "forename", "surname"),
    [
        ("zoë", "ZOE", "ZOE"),
        ("Mr John Paul", "JOHN", "JOHNPAUL"),
        ("O'Brien", "OBRIEN", "OBRIEN"),
        ("O’Brien", "OBRIEN", "OBRIEN"),
        ("Smith-Jones", "SMITHJONES", "SMITHJONES"),
        ("Smith Jones", "SMITH", "SMITHJONES"),
        ("Ørsted", "ORSTED", "ORSTED"),
        ("Dr. Großmann PhD", "GROSSMANN", "GROSSMANN"),
        ("J.", "J", "J"),
        ("Жанна", "ЖАННА", "ЖАННА"),
        ("MISS", None, None),
        ("Baby Boy", None, None),
        ("BABY", None, None),
        ("unknown", None, None),
        ("  ", None, None),
        ("123", None, None),
    ],
)
def test_names(
    con: duckdb.DuckDBPyConnection, given_name: str, forename: str | None, surname: str | None
) -> None:
    cleaned = con.execute("SELECT clean_forename($1), clean_surname($1)", [given_name]).fetchall()
    assert cleaned == [(forename, surname)]


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("1980-02-03", "1980-02-03"),
        ("03/02/1980", "1980-02-03"),
        ("3/2/1980", "1980-02-03"),
        ("19800203", "1980-02-03"),
        ("1980-02-03 00:00:00", "1980-02-03"),
        ("1980-01-01", "1980-01-01"),
        ("1900-01-01", None),
        ("01/01/1900", None),
        ("1980-02-30", None),
        ("2999-01-01", None),
        ("03/02/80", None),
        ("unknown", None),
    ],
)
def test_dates(con: duckdb.DuckDBPyConnection, written: str, date: str | None) -> None:
    assert con.execute("SELECT clean_date($1)::VARCHAR", [written]).fetchall() == [(date,)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("AB123456C", "AB123456"),
        ("ab 12 34 56 c", "AB123456"),
        ("AB123456", "AB123456"),
        ("TN240378M", None),  # a temporary number
        ("11A11111", None),  # a temporary reference number
        ("QQ123456C", None),
        ("BG123456C", None),
        ("CR123456A", None),  # administrative
        ("AB12345", None),
        ("AB123456E", None),
    ],
)
def test_nino(people, con: duckdb.DuckDBPyConnection, written: str, kept: str | None) -> None:  # type: ignore[no-untyped-def]
    people("p", [{"nino": written}])
    assert con.execute("SELECT nino FROM p").fetchall() == [(kept,)]


def test_postcodes_sex_and_swaps(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    people(
        "p",
        [
            {"postcode": "sw1a 2aa", "sex": "1", "date_of_birth": "1980-05-02"},
            {"postcode": "ZZ99 3VZ", "sex": "F", "date_of_birth": "1980-02-05"},
            {"postcode": "M1 1AE", "sex": "9", "date_of_birth": "1980-05-20"},
        ],
    )
    rows = con.execute(
        "SELECT postcode, sector, district, sex, dobk::VARCHAR FROM p ORDER BY entity"
    ).fetchall()
    assert rows == [
        ("SW1A2AA", "SW1A2", "SW1A", "M", "1980-02-05"),
        (None, None, None, "F", "1980-02-05"),
        ("M11AE", "M11", "M1", None, "1980-05-20"),
    ]


def test_a_previous_surname_is_a_second_name_of_the_same_person(  # type: ignore[no-untyped-def]
    people, con: duckdb.DuckDBPyConnection
) -> None:
    people("p", [{"forename": "Bob", "surname": "Smith", "previous_surname": "Jones"}])
    rows = con.execute("SELECT entity, root, surname FROM p ORDER BY surname").fetchall()
    assert rows == [(1, "ROBERT", "JONES"), (1, "ROBERT", "SMITH")]


def test_rows_are_not_multiplied_by_names_that_repeat(  # type: ignore[no-untyped-def]
    people, con: duckdb.DuckDBPyConnection
) -> None:
    people("p", [{"forename": "Ann", "surname": "Lee", "date_of_birth": "1980-01-02"}] * 50)
    assert con.execute("SELECT count(*) FROM p").fetchall() == [(50,)]


@pytest.mark.parametrize(
    ("values", "british"), [(["AB123456C", "CE123456A"], True), (["5304218", "4002342"], False)]
)
def test_a_field_of_another_form_is_taken_as_it_stands(
    con: duckdb.DuckDBPyConnection, values: list[str], british: bool
) -> None:
    con.execute("CREATE TEMP TABLE t(nino VARCHAR, nhs_number VARCHAR, postcode VARCHAR)")
    con.executemany("INSERT INTO t VALUES (?, NULL, 'ZZ99 3VZ')", [[value] for value in values])
    forms = standardise.detect_forms(con, ["t"])
    assert (forms.nino, forms.nhs_number, forms.postcode) == (british, True, True)
