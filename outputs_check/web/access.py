"""Roles × routes × methods, as one table. A request without a row is refused."""

from dataclasses import dataclass

from lab.registry.view import Role

RESEARCHER, CHECKER, ADMIN = Role.RESEARCHER, Role.CHECKER, Role.ADMIN
_ID, _NUMBER = r"(?P<submission>[A-Za-z0-9-]{1,96})", r"(?P<number>[0-9]{1,4})"


@dataclass(frozen=True)
class Row:
    """A route (a pattern below the service's prefix), a method, and the roles that may use it.

    `roles` is None where nobody has to be known: the style sheet, and the way back from the login. A
    role opens the route; whose submission it is, is asked by the handler and, for every step, by the
    transition table.
    """

    route: str
    method: str
    pattern: str
    roles: frozenset[Role] | None


def _row(route: str, method: str, pattern: str, *roles: Role) -> Row:
    return Row(route, method, pattern, frozenset(roles))


ACCESS = (
    _row("home", "GET", r"", RESEARCHER, CHECKER, ADMIN),
    _row("queue", "GET", r"queue", CHECKER, ADMIN),
    _row("releases", "GET", r"releases", CHECKER, ADMIN),
    _row("submission", "GET", rf"submissions/{_ID}", CHECKER),
    _row("picture", "GET", rf"submissions/{_ID}/{_NUMBER}/picture", CHECKER),
    _row("upload", "GET", rf"submissions/{_ID}/{_NUMBER}/upload", CHECKER),
    _row("vote", "POST", rf"submissions/{_ID}/vote", CHECKER),
    _row("decide", "POST", rf"submissions/{_ID}/decide", CHECKER),
    _row("release", "POST", rf"submissions/{_ID}/release", CHECKER),
    _row("mine", "GET", r"mine", RESEARCHER),
    _row("own", "GET", rf"mine/{_ID}", RESEARCHER),
    _row("withdraw", "POST", rf"mine/{_ID}/withdraw", RESEARCHER),
    _row("released", "GET", rf"released/{_ID}/{_NUMBER}", RESEARCHER, CHECKER),
    Row("static", "GET", r"static/(?P<path>[a-z0-9.-]+)", None),
    Row("callback", "GET", r"oauth_callback", None),
)


def find(route: str, method: str) -> Row | None:
    """Return the row of a route and a method, or None."""
    return next((row for row in ACCESS if (row.route, row.method) == (route, method)), None)
