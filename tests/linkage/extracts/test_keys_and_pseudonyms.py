"""Keys that only the custodian reads, and pseudonyms that lead nowhere without them."""

import hashlib
import hmac
import logging
import os
from pathlib import Path

import pyarrow as pa
import pytest
from custodian import Custodian
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lab.base.errors import BadInput, NotFound
from lab.base.settings import Settings
from linkage.cli import app
from linkage.keys import Keys
from linkage.pseudonyms import ProjectPseudonyms

MASTER = bytes(range(32))
IDS = st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=50, unique=True)


@given(IDS)
def test_people_get_different_pseudonyms_and_the_same_one_every_time(ids: list[bytes]) -> None:
    pseudonyms = ProjectPseudonyms("health", MASTER).people(b"".join(ids)).to_pylist()
    assert len(set(pseudonyms)) == len(ids)
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in pseudonyms)
    assert [ProjectPseudonyms("health", MASTER).people(each)[0].as_py() for each in ids] == pseudonyms


@given(IDS)
def test_projects_share_no_pseudonym(ids: list[bytes]) -> None:
    joined = b"".join(ids)
    own = [ProjectPseudonyms(project, MASTER).people(joined).to_pylist() for project in ("health", "work")]
    assert not set(own[0]) & set(own[1])
    assert not {each.hex() for each in ids} & {*own[0], *own[1]}


def test_projects_domains_keys_and_versions_keep_apart() -> None:
    made = {
        ProjectPseudonyms(project, master, version).others(domain, ["P1"])[0]
        for project in ("health", "work")
        for master in (MASTER, MASTER[::-1])
        for version in (1, 2)
        for domain in ("hmrc.employer_id", "nhs.practice_code")
    }
    assert len(made) == 16


def test_trying_every_number_recovers_nothing() -> None:
    """Whoever can list all employer ids, and knows the method, finds none without the key; with it, all."""
    every = [f"P{number:05d}" for number in range(20_000)]
    published = set(ProjectPseudonyms("health", MASTER).others("hmrc.employer_id", every[:500]))
    guesses = {hashlib.sha256(each.encode()).hexdigest()[:32] for each in every}
    guesses |= {hmac.digest(b"health", each.encode(), "sha256").hex()[:32] for each in every}
    guesses |= set(ProjectPseudonyms("health", bytes(32)).others("hmrc.employer_id", every))
    guesses |= set(ProjectPseudonyms("work", MASTER).others("hmrc.employer_id", every))
    assert not published & guesses
    assert published <= set(ProjectPseudonyms("health", MASTER).others("hmrc.employer_id", every))


def test_half_an_id_is_refused() -> None:
    with pytest.raises(BadInput, match="128 bits"):
        ProjectPseudonyms("health", MASTER).people(bytes(15))


def test_a_column_of_many_ids_is_one_array() -> None:
    column = ProjectPseudonyms("health", MASTER).people(os.urandom(16 * 1000))
    assert column.type == pa.large_string()
    column.validate(full=True)


def test_keys_are_private_and_never_made_twice(settings: Settings) -> None:
    run = CliRunner()
    home = ["--home", str(settings.home)]
    assert run.invoke(app, [*home, "keys", "init"]).exit_code == 0
    keys = Keys.of(settings)
    assert [path.stat().st_mode & 0o777 for path in (keys.folder, keys.master, keys.signing)] == [
        0o700,
        0o600,
        0o600,
    ]
    before = keys.read_master()
    again = run.invoke(app, [*home, "keys", "init"])
    assert isinstance(again.exception, BadInput)
    assert "never overwritten" in str(again.exception)
    assert keys.read_master() == before
    assert run.invoke(app, [*home, "keys", "check"]).exit_code == 0
    assert [event["action"] for event in settings.database().audit_events()] == ["keys.created"]


@pytest.mark.parametrize(
    ("name", "mode"), [("", 0o750), ("master.key", 0o640), ("extract-signing.pem", 0o604)]
)
def test_keys_that_others_can_read_are_not_used(settings: Settings, name: str, mode: int) -> None:
    keys = Keys.of(settings)
    keys.create()
    keys.check()
    (keys.folder / name).chmod(mode)
    with pytest.raises(BadInput, match="others could read"):
        keys.read_master()


def test_a_key_that_is_a_link_is_not_used(settings: Settings, tmp_path: Path) -> None:
    keys = Keys.of(settings)
    keys.create()
    keys.master.rename(tmp_path / "elsewhere")
    keys.master.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="own files"):
        keys.read_master()


def test_missing_keys_are_named(settings: Settings) -> None:
    with pytest.raises(NotFound, match="keys init"):
        Keys.of(settings).read_master()


def test_no_key_is_shown_anywhere(
    custodian: Custodian, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    master = Keys.of(custodian.settings).read_master()
    assert repr(ProjectPseudonyms("health", master)) == "ProjectPseudonyms(project='health', version=1)"
    custodian.extract('[[dataset]]\nname = "people"\nvariables = ["person_id"]')
    shown = caplog.text + "".join(capfd.readouterr())
    written = b"".join(
        path.read_bytes()
        for path in custodian.settings.home.rglob("*")
        if path.is_file() and path != Keys.of(custodian.settings).master
    )
    for form in (master, master.hex().encode()):
        assert form not in written
        assert form.decode("latin-1") not in shown
