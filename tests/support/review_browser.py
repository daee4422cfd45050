"""People at the review pages: a signed header in place of the hub's login, and a browser to send it."""

import hmac
import re
from typing import Any

import requests
from tornado.web import HTTPError, RequestHandler

PREFIX = "/services/checking/"
HEADER = "X-Test-Person"
_KEY = b"tests only"


def sign(username: str) -> str:
    """Return the header of a person."""
    return f"{username}.{hmac.digest(_KEY, username.encode(), 'sha256').hex()}"


class SignedHeader:
    """The identity that tests use in place of the hub's."""

    callback: type[RequestHandler] | None = None

    async def username(self, handler: RequestHandler) -> str | None:
        name, _, _ = given = handler.request.headers.get(HEADER, "").partition(".")
        return name if hmac.compare_digest("".join(given), sign(name)) else None

    def challenge(self, handler: RequestHandler) -> None:
        raise HTTPError(401)

    def session_key(self, handler: RequestHandler) -> bytes:
        return handler.request.headers.get(HEADER, "").encode()


class Browser:
    """Somebody's browser: opens pages, and sends their forms with the token that is in them."""

    def __init__(self, base: str, person: str | None) -> None:
        self._base = base + PREFIX
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({HEADER: sign(person)} if person else {})

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, self._base + path, allow_redirects=False, timeout=60, **options)

    def get(self, path: str) -> requests.Response:
        return self.ask("GET", path)

    def send(self, page: str, path: str, **fields: str) -> requests.Response:
        """Send a form that stands on a page, with the page's hidden fields."""
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.get(page).text)
        return self.ask("POST", path, data={**dict(hidden), **fields})
