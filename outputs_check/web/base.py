"""What every page shares: who asks, whether she may, headers, templates, errors in one clear line."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.web import HTTPError, RequestHandler

from lab.base.errors import BadInput, LabError, NotFound, NotPermitted
from lab.registry import view as registry
from lab.registry.view import Person, Role
from outputs_check.review.station import Station
from outputs_check.web import access, words, xsrf
from outputs_check.web.identity import IdentityProvider

MOST_LISTED = 500  # rows of a list on one page; the page says how many there are
_HERE = Path(__file__).parent
_STATUS: dict[type[LabError], int] = {BadInput: 400, NotPermitted: 403, NotFound: 404}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """What the pages stand on. `prefix` begins and ends with a slash; `secret` signs forms and cookies."""

    station: Station
    identity: IdentityProvider
    prefix: str
    secret: bytes


def templates() -> Environment:
    """Return the templates: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words.FILTERS)
    return made


_TEMPLATES = templates()


class Page(RequestHandler):
    """A request of a known person to a route that the access table opens to her."""

    route = ""
    site: Site
    person: Person | None = None

    def initialize(self, site: Site) -> None:
        """Take over what the pages stand on."""
        self.site = site

    def set_default_headers(self) -> None:
        """Let nothing be loaded from elsewhere, framed, kept or guessed."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    async def prepare(self) -> None:
        """Find out who asks, and hold it against the access table."""
        row = access.find(self.route, self.request.method or "")
        if row is None:
            raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        name = await self.site.identity.username(self)
        if name is None:
            if row.method != "GET":
                raise NotPermitted("you are not logged in any more", remedy="log in and do it again")
            self.site.identity.challenge(self)
            return
        self.person = await self.off(registry.person, self.site.station.db, name)
        if self.person is None or not (row.roles and self.person.roles & row.roles):
            raise NotPermitted("this page is not for you", where=name, remedy="ask an admin for the role")

    @property
    def me(self) -> Person:
        """Return who asks."""
        if self.person is None:
            raise HTTPError(HTTPStatus.FORBIDDEN)
        return self.person

    async def off(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something that waits for a disk away from the loop that serves the pages."""
        return await asyncio.to_thread(work, *args, **kwargs)

    def url(self, path: str) -> str:
        """Return the address of a page below the service's prefix."""
        return self.site.prefix + path

    def check_xsrf_cookie(self) -> None:
        """Refuse a form that is not ours (tornado calls this before anything else)."""
        token = self.get_body_argument("_xsrf", "")
        if not xsrf.is_valid(self.site.secret, self.site.identity.session_key(self), token):
            raise NotPermitted("the form is too old", remedy="open the page again and send it once more")

    async def show(self, template: str, **values: Any) -> None:
        """Answer with a page; a long table is written out away from the loop, too."""
        self.finish(await self.off(self._written, template, values))

    def _written(self, template: str, values: dict[str, Any]) -> str:
        key = self.site.identity.session_key(self)
        return _TEMPLATES.get_template(template).render(
            url=self.url,
            person=self.person,
            Role=Role,
            route=self.route,
            form_token=lambda: xsrf.make_token(self.site.secret, key),
            **values,
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a page that says what is wrong and what to do; never with a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, LabError):
            self.set_status(status_of(error))
            said, remedy = f"{error.what}{f' ({error.where})' if error.where else ''}", error.remedy
        else:
            said, remedy = HTTPStatus(status_code).phrase, "Go back and try again, or tell an admin."
        self.finish(self._written("error.html", {"said": said, "remedy": remedy, "title": said}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log faults of ours; what a person did wrong she was told."""
        if not isinstance(value, LabError):
            super().log_exception(typ, value, tb)


def status_of(error: LabError) -> int:
    """Return the HTTP status that says what an error says."""
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
