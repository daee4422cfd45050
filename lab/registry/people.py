"""Safe people: accounts, roles, accreditation. Each step is idempotent and audited."""

import re
from datetime import date

from sqlalchemy import select

from lab.base.database import Database
from lab.base.errors import BadInput, NotFound
from lab.registry.models import AccreditationRow, PersonRow, RoleRow
from lab.registry.view import Role, hasher, verify_password

_USERNAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SHORTEST_PASSWORD = 12


def ensure_person(db: Database, username: str, display_name: str, *, actor: str) -> None:
    """Make an account, without a password and without a role, unless it is there.

    Raises:
        BadInput: the name is not a plain user name.
    """
    if not _USERNAME.fullmatch(username):
        raise BadInput(
            "not a user name", where=username, remedy="use 1-32 of a-z, 0-9, - and _, a letter first"
        )
    with db.write(actor=actor, via="lab") as unit:
        if unit.session.get(PersonRow, username) is None:
            unit.session.add(PersonRow(username=username, display_name=display_name))
            unit.record("person.created", subject=username, details={"name": display_name})


def set_password(db: Database, username: str, password: str, *, actor: str) -> None:
    """Give an account a password; the log says that, never what.

    Raises:
        BadInput: it is too short.
        NotFound: no such person.
    """
    if len(password) < _SHORTEST_PASSWORD:
        raise BadInput(f"a password has at least {_SHORTEST_PASSWORD} characters", where=username)
    if verify_password(db, username, password):
        return
    with db.write(actor=actor, via="lab") as unit:
        row = unit.session.get(PersonRow, username)
        if row is None:
            raise _nobody(username)
        row.password_hash = hasher().hash(password)
        unit.record("person.password_set", subject=username)


def ensure_role(db: Database, username: str, role: Role, *, actor: str) -> None:
    """Give a person a role.

    Raises:
        NotFound: no such person.
    """
    with db.write(actor=actor, via="lab") as unit:
        if unit.session.get(PersonRow, username) is None:
            raise _nobody(username)
        if unit.session.get(RoleRow, (username, role.value)) is None:
            unit.session.add(RoleRow(username=username, role=role.value))
            unit.record("role.granted", subject=username, details={"role": role.value})


def ensure_accreditation(
    db: Database, username: str, *, scheme: str, number: str, valid_from: date, valid_until: date, actor: str
) -> None:
    """Record an accreditation, or its new dates.

    Raises:
        BadInput: it ends before it begins.
        NotFound: no such person.
    """
    if valid_until < valid_from:
        raise BadInput("an accreditation cannot end before it begins", where=f"{username}, {number}")
    with db.write(actor=actor, via="lab") as unit:
        if unit.session.get(PersonRow, username) is None:
            raise _nobody(username)
        query = select(AccreditationRow).where(
            AccreditationRow.username == username, AccreditationRow.number == number
        )
        row = unit.session.scalar(query)
        if row is None:
            row = AccreditationRow(username=username, number=number)
            unit.session.add(row)
        elif (row.scheme, row.valid_from, row.valid_until) == (scheme, valid_from, valid_until):
            return
        row.scheme, row.valid_from, row.valid_until = scheme, valid_from, valid_until
        dates = {"from": valid_from.isoformat(), "until": valid_until.isoformat()}
        unit.record("accreditation.recorded", subject=username, details={"number": number, **dates})


def _nobody(username: str) -> NotFound:
    return NotFound("no such person", where=username, remedy="create the account with 'lab person add'")
