"""Safe people and safe projects: who may start a session, and what is written down."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound, NotPermitted
from lab.base.settings import Settings
from lab.registry import people, projects, view
from lab.registry.view import Role

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)


@pytest.fixture
def db(settings: Settings) -> Database:
    """Rita, accredited to the end of June, on a project that runs to the end of the year."""
    made = settings.database()
    people.ensure_person(made, "rita", "Rita", actor="adam")
    people.ensure_role(made, "rita", Role.RESEARCHER, actor="adam")
    _accredit(made, date(2026, 6, 30))
    projects.ensure_project(
        made, "p1", title="P", purpose="", starts=date(2026, 1, 1), ends=date(2026, 12, 31), actor="adam"
    )
    projects.ensure_member(made, "p1", "rita", actor="adam")
    return made


def _accredit(db: Database, until: date) -> None:
    first = date(2025, 7, 1)
    people.ensure_accreditation(
        db, "rita", scheme="DEA", number="1", valid_from=first, valid_until=until, actor="adam"
    )


def test_member_of_an_active_project_with_accreditation_may_start(db: Database) -> None:
    view.session_permit(db, "rita", "p1", TODAY)


def test_last_day_of_an_accreditation_counts(db: Database) -> None:
    view.session_permit(db, "rita", "p1", date(2026, 6, 30))
    with pytest.raises(NotPermitted, match="ended on 2026-06-30"):
        view.session_permit(db, "rita", "p1", date(2026, 7, 1))


def test_accreditation_that_has_not_begun_does_not_count(db: Database) -> None:
    _accredit(db, date(2025, 7, 2))
    with pytest.raises(NotPermitted, match="accreditation"):
        view.session_permit(db, "rita", "p1", TODAY)


@pytest.mark.parametrize(
    ("day", "allowed"), [("2025-12-31", False), ("2026-01-01", True), ("2027-01-01", False)]
)
def test_project_runs_within_its_dates(db: Database, day: str, allowed: bool) -> None:
    _accredit(db, date(2030, 1, 1))
    if allowed:
        view.session_permit(db, "rita", "p1", date.fromisoformat(day))
    else:
        with pytest.raises(NotPermitted, match="runs from 2026-01-01 to 2026-12-31"):
            view.session_permit(db, "rita", "p1", date.fromisoformat(day))


def test_inactive_project_has_no_sessions(db: Database) -> None:
    projects.set_active(db, "p1", False, actor="adam")
    with pytest.raises(NotPermitted, match="not active"):
        view.session_permit(db, "rita", "p1", TODAY)
    projects.set_active(db, "p1", True, actor="adam")
    view.session_permit(db, "rita", "p1", TODAY)


def test_unknown_project_is_named(db: Database) -> None:
    with pytest.raises(NotPermitted, match="no such project .project p9"):
        view.session_permit(db, "rita", "p9", TODAY)


def test_person_who_left_may_not_start_but_was_a_member(db: Database) -> None:
    during = datetime.now(UTC)
    projects.end_membership(db, "p1", "rita", actor="adam")
    with pytest.raises(NotPermitted, match="does not belong"):
        view.session_permit(db, "rita", "p1", TODAY)
    assert not view.is_member(db, "p1", "rita")
    assert view.is_member(db, "p1", "rita", during)
    assert not view.is_member(db, "p1", "rita", during - DAY)


def test_checkers_and_admins_have_no_sessions(db: Database) -> None:
    people.ensure_person(db, "carl", "Carl", actor="adam")
    people.ensure_role(db, "carl", Role.CHECKER, actor="adam")
    people.ensure_role(db, "carl", Role.ADMIN, actor="adam")
    with pytest.raises(NotPermitted, match="only researchers"):
        view.session_permit(db, "carl", "p1", TODAY)


def test_every_step_a_second_time_changes_nothing(db: Database) -> None:
    before = db.verify_audit()
    people.ensure_person(db, "rita", "Rita", actor="adam")
    people.ensure_role(db, "rita", Role.RESEARCHER, actor="adam")
    _accredit(db, date(2026, 6, 30))
    projects.ensure_project(
        db, "p1", title="P", purpose="", starts=date(2026, 1, 1), ends=date(2026, 12, 31), actor="adam"
    )
    projects.ensure_member(db, "p1", "rita", actor="adam")
    projects.set_active(db, "p1", True, actor="adam")
    assert db.verify_audit() == before


def test_everything_is_in_the_audit_log(db: Database) -> None:
    actions = [event["action"] for event in db.audit_events()]
    assert actions == [
        "person.created",
        "role.granted",
        "accreditation.recorded",
        "project.created",
        "member.added",
    ]


def test_password_is_kept_as_a_hash_and_never_logged(settings: Settings, db: Database) -> None:
    assert not view.verify_password(db, "rita", "")
    people.set_password(db, "rita", "correct horse battery", actor="adam")
    assert view.verify_password(db, "rita", "correct horse battery")
    assert not view.verify_password(db, "rita", "correct horse batterz")
    assert not view.verify_password(db, "nobody", "correct horse battery")
    for path in settings.home.rglob("*"):
        assert not path.is_file() or b"correct horse" not in path.read_bytes()


def test_account_without_password_cannot_log_in_with_the_stand_in(db: Database) -> None:
    assert not view.verify_password(db, "rita", "no one has this password")
    assert not view.verify_password(db, "nobody", "no one has this password")


@pytest.mark.parametrize("name", ["", "Rita", "a b", "../x", "x" * 33, "1a", "rita\n", "ríta"])
def test_odd_user_names_are_refused(db: Database, name: str) -> None:
    with pytest.raises(BadInput, match="not a user name"):
        people.ensure_person(db, name, "X", actor="adam")


@pytest.mark.parametrize("slug", ["", "P1", "a--b", "-a", "a-", "a_b", "a" * 31, "../p", "p1\n"])
def test_odd_project_names_are_refused(db: Database, slug: str) -> None:
    with pytest.raises(BadInput, match="not a project name"):
        projects.ensure_project(db, slug, title="", purpose="", starts=TODAY, ends=TODAY, actor="adam")


def test_dates_that_run_backwards_are_refused(db: Database) -> None:
    with pytest.raises(BadInput, match="before it starts"):
        projects.ensure_project(db, "p2", title="", purpose="", starts=TODAY, ends=TODAY - DAY, actor="adam")
    with pytest.raises(BadInput, match="before it begins"):
        _accredit(db, date(2020, 1, 1))


def test_unknown_people_and_projects_are_named(db: Database) -> None:
    with pytest.raises(NotFound, match="no such person .nina"):
        projects.ensure_member(db, "p1", "nina", actor="adam")
    with pytest.raises(NotFound, match="no such project .p9"):
        projects.ensure_member(db, "p9", "rita", actor="adam")
    with pytest.raises(NotFound, match="no such person .nina"):
        people.set_password(db, "nina", "correct horse battery", actor="adam")
    with pytest.raises(BadInput, match="at least 12"):
        people.set_password(db, "rita", "short", actor="adam")
