"""A login for tests: a header that says who asks, signed, as the hub's cookie is."""

import hmac

from tornado.web import HTTPError, RequestHandler

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
