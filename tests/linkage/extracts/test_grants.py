"""Grant files and their row filters: strict, and never SQL of the writer's own."""

from datetime import date
from pathlib import Path

import pytest

from lab.base.errors import BadInput, NotFound, NotPermitted
from lab.base.grant import read_grant
from linkage.rowfilter import rebuild

GOOD = """
project = "work-health"
grant = "work-health-2025-1"
owners = ["dwp"]
valid_until = 2027-03-31
[[dataset]]
name = "dwp_spells"
variables = ["person_id", "benefit"]
where = "benefit = 'UC'"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "grant.toml"
    path.write_text(text)
    return path


def test_a_grant_is_read_whole(tmp_path: Path) -> None:
    grant = read_grant(write(tmp_path, GOOD))
    assert (grant.project, grant.id, grant.owners) == ("work-health", "work-health-2025-1", ("dwp",))
    assert grant.datasets[0].variables == ("person_id", "benefit")
    assert grant.datasets[0].where == "benefit = 'UC'"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('owners = ["dwp"]', "", "the key 'owners' is missing"),
        ('owners = ["dwp"]', 'owners = ["dwp"]\ncolour = 1', "unknown key 'colour'"),
        ("where", "wehre", "unknown key 'wehre'"),
        ("2027-03-31", '"2027-03-31"', "must be a date, unquoted"),
        ('["person_id", "benefit"]', "[]", "must be a list of texts"),
        ('["person_id", "benefit"]', '["person_id", "person_id"]', "names a variable twice"),
        ('"work-health"', '"../x"', "not a plain name"),
        ("[[dataset]]", "[dataset]", r"needs at least one \[\[dataset\]\]"),
        ("project =", "project", "not a TOML file"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_grant(write(tmp_path, GOOD.replace(old, new)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such grant file"):
        read_grant(tmp_path / "none.toml")


def test_a_grant_is_one_project_s_and_ends(tmp_path: Path) -> None:
    grant = read_grant(write(tmp_path, GOOD))
    grant.require("work-health", date(2027, 3, 31))
    with pytest.raises(NotPermitted, match="ended on 2027-03-31"):
        grant.require("work-health", date(2027, 4, 1))
    with pytest.raises(NotPermitted, match="is for the project work-health"):
        grant.require("other", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("written", "rebuilt"),
    [
        ("start >= DATE '2019-04-06'", "\"start\" >= CAST('2019-04-06' AS DATE)"),
        ("kind IN ('A', 'B') AND NOT pay IS NULL", "\"kind\" IN ('A', 'B') AND NOT \"pay\" IS NULL"),
        ("pay BETWEEN 1 AND 2 * 3 OR kind LIKE 'A%'", '"pay" BETWEEN 1 AND 2 * 3 OR "kind" LIKE \'A%\''),
        ("kind = 'it''s'", "\"kind\" = 'it''s'"),
        ("pay > -1 /* a remark */", '"pay" > -1'),
    ],
)
def test_a_row_filter_is_rebuilt(written: str, rebuilt: str) -> None:
    assert rebuild(written, {"start", "kind", "pay"}, "t") == rebuilt


@pytest.mark.parametrize(
    "written",
    [
        "pay = (SELECT 1)",
        "kind IN (SELECT record_id FROM spine_links)",
        "EXISTS (SELECT 1)",
        "read_csv('/etc/passwd') IS NULL",
        "getenv('HOME') = 'x'",
        "pay = 1; DROP TABLE spine_links",
        "record_id = 'D1'",
        "spine_links.record_id = 'D1'",
        "pay::VARCHAR = '1'",
        "kind ~ 'A'",
        "CASE WHEN pay = 1 THEN true END",
        "pay = $1",
        "kind || 'x' = 'Ax'",
        "",
        "pay =",
        "pay, kind",
        "CAST(pay AS DATE) = DATE '2020-01-01'",
        "lower(kind) = 'a'",
        "kind = current_user",
        '"id of person_id" = 1',
    ],
)
def test_a_row_filter_smuggles_nothing(written: str) -> None:
    with pytest.raises(BadInput, match="row filter"):
        rebuild(written, {"start", "kind", "pay"}, "t")
