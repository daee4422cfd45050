"""Match keys as specification tables: who is linked, by which pass, and who must not be."""

from typing import Any

import duckdb
import pytest

from linkage import deterministic

ANN = {
    "forename": "Ann",
    "surname": "Lee",
    "date_of_birth": "1980-05-20",
    "sex": "F",
    "postcode": "M1 1AE",
    "nino": "AB123456C",
    "nhs_number": "9990000026",
}


def person(**changes: Any) -> dict[str, Any]:
    return {**ANN, **changes}


def links(con: duckdb.DuckDBPyConnection) -> list[tuple[int, int, str]]:
    rows = con.execute("SELECT left_entity, right_entity, method FROM key_links ORDER BY ALL").fetchall()
    return [(int(left), int(right), str(method)) for left, right, method in rows]


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "nhs_number+dob"),
        ({"nhs_number": None, "date_of_birth": "1980-05-20"}, "nino+dob+name"),
        ({"date_of_birth": None}, "nhs_number+name"),
        ({"nhs_number": None, "date_of_birth": None}, "nino+name"),
        ({"nhs_number": None, "forename": "Mary", "surname": "Poe"}, "nino+dob"),
        ({"nhs_number": None, "nino": None}, "name+dob+postcode"),
        ({"nhs_number": None, "nino": None, "forename": "Annie"}, "name+dob+postcode"),
        ({"nhs_number": None, "nino": None, "postcode": "M1 2ZZ"}, "name+dob+district"),
        (
            {"nhs_number": None, "nino": None, "forename": "Lee", "surname": "Anne"},
            "swapped+postcode",
        ),
        ({"nhs_number": None, "nino": None, "surname": "Leeson"}, "sounds+dob+postcode"),
        ({"nhs_number": None, "nino": None, "forename": "A"}, "initial+dob+postcode"),
        ({"nhs_number": None, "nino": None, "surname": "Poe"}, "forename+dob+postcode"),
        ({"nhs_number": None, "nino": None, "date_of_birth": "1980-06-20"}, "name+postcode+year"),
        ({"nhs_number": None, "nino": None, "date_of_birth": "1981-05-20"}, "name+postcode+day"),
        ({"nhs_number": None, "nino": None, "postcode": None}, "rare name+dob"),
    ],
)
def test_each_pass_links_what_the_passes_before_it_left(  # type: ignore[no-untyped-def]
    people, con: duckdb.DuckDBPyConnection, changes: dict[str, Any], method: str
) -> None:
    stranger = person(
        forename="Tom",
        surname="Ray",
        date_of_birth="1955-03-11",
        sex="M",
        postcode="LS1 4AP",
        nino="CE654321A",
        nhs_number=None,
    )
    people("l", [ANN, stranger])
    people("r", [person(**changes)])
    deterministic.link(con, "l", "r")
    assert links(con) == [(1, 1, method)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            {
                "nhs_number": None,
                "forename": "Jim",
                "surname": "Poe",
                "date_of_birth": "1951-02-03",
                "postcode": None,
                "sex": "M",
            },
            id="a NINO alone",
        ),
        pytest.param({"nino": None, "nhs_number": None, "forename": "Mia"}, id="twins differ in forename"),
        pytest.param(
            {"nino": None, "nhs_number": None, "date_of_birth": "1955-11-02"},
            id="parent and child of one name at one address",
        ),
        pytest.param(
            {"nino": None, "nhs_number": None, "postcode": None, "date_of_birth": "1980-01-01"},
            id="1 January is no birthday",
        ),
    ],
)
def test_what_must_not_link(people, con: duckdb.DuckDBPyConnection, other: dict[str, Any]) -> None:  # type: ignore[no-untyped-def]
    left = person(date_of_birth="1980-01-01") if other.get("date_of_birth") == "1980-01-01" else ANN
    people("l", [left])
    people("r", [person(**other)])
    deterministic.link(con, "l", "r")
    assert links(con) == []


def test_a_key_that_two_people_share_links_neither(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    anonymous = person(nino=None, nhs_number=None)
    people("l", [anonymous])
    people("r", [anonymous, anonymous])
    deterministic.link(con, "l", "r")
    assert links(con) == []


def test_without_one_to_one_several_accounts_link_to_one_person(  # type: ignore[no-untyped-def]
    people, con: duckdb.DuckDBPyConnection
) -> None:
    people("l", [ANN, ANN])
    people("r", [ANN])
    deterministic.link(con, "l", "r", one_to_one=False)
    assert links(con) == [(1, 1, "nhs_number+dob"), (2, 1, "nhs_number+dob")]


def test_a_person_of_two_surnames_is_one_person(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    both = person(nino=None, nhs_number=None, previous_surname="Poe")
    people("l", [both])
    people("r", [both])
    deterministic.link(con, "l", "r")
    assert [link[:2] for link in links(con)] == [(1, 1)]


def test_missing_columns_leave_the_other_passes(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    bare = {"forename": "Ann", "surname": "Lee", "date_of_birth": "1980-05-20"}
    people("l", [bare])
    people("r", [bare])
    results = deterministic.link(con, "l", "r")
    assert [result.name for result in results] == ["rare name+dob"]
    assert links(con) == [(1, 1, "rare name+dob")]


def test_candidates_lose_no_link(  # type: ignore[no-untyped-def]
    people, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every key implies a block: without the blocks the same links are made."""
    changed = [
        {},
        {"nhs_number": None},
        {"nino": None, "nhs_number": None},
        {"nino": None, "postcode": "M1 2ZZ"},
        {"date_of_birth": "1980-06-20", "nino": None, "nhs_number": None},
        {"forename": "Lee", "surname": "Ann"},
        {"postcode": None, "nino": None, "nhs_number": None},
        {"forename": "A", "nhs_number": None},
    ]
    own = [
        {
            "nino": f"AB{number:06d}",
            "surname": f"Lee{'abcdefgh'[number] * 4}",
            "postcode": f"M{number + 1} 1AE",
        }
        for number in range(8)
    ]
    people("l", [person(**each, nhs_number=None) for each in own])
    people(
        "r",
        [person(**{**each, **change, "nhs_number": None}) for each, change in zip(own, changed, strict=True)]
        + [person(forename="Zed", surname="Zog", nino=None, nhs_number=None, postcode="LS1 4AP")],
    )
    deterministic.link(con, "l", "r")
    blocked = links(con)
    monkeypatch.setattr(deterministic, "_BLOCKS", ("true",))
    deterministic.link(con, "l", "r")
    assert links(con) == blocked
    assert len(blocked) >= 6


def test_a_pass_says_how_far_other_fields_bear_it_out(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    born = [f"19{year}-05-20" for year in range(40, 60)]
    people(
        "l", [person(date_of_birth=day, nino=f"AB{n:06d}A", nhs_number=None) for n, day in enumerate(born)]
    )
    people(
        "r",
        [
            person(date_of_birth=day, nino=f"CE{n + 987000:06d}A", nhs_number=None)
            for n, day in enumerate(born)
        ],
    )
    by_name = {result.name: result for result in deterministic.link(con, "l", "r")}["name+dob+postcode"]
    assert (by_name.links, by_name.checked, by_name.contradicted) == (20, 20, 20)
    assert by_name.probability == pytest.approx(99 / 120)


def test_duplicates_of_one_supplier_are_grouped(people, con: duckdb.DuckDBPyConnection) -> None:  # type: ignore[no-untyped-def]
    people(
        "own",
        [
            ANN,
            person(nino="AB123465C"),  # two digits swapped: still she
            person(forename="Eva", nino="AB123456C", nhs_number=None),  # a sister, by error
            person(nino="CE999999A", nhs_number=None, postcode="LS1 4AP", surname="Other"),
        ],
    )
    deterministic.group_duplicates(con, "own")
    groups = con.execute("SELECT entity, head FROM duplicate_groups ORDER BY entity").fetchall()
    assert groups == [(1, 1), (2, 1), (3, 3), (4, 4)]
