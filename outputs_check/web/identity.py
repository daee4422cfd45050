"""Who asks: the hub's login in the lab, something replaceable everywhere else."""

from typing import Any, Protocol

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado.httputil import url_concat
from tornado.web import RequestHandler


class IdentityProvider(Protocol):
    """What the pages ask about a request."""

    callback: type[RequestHandler] | None

    async def username(self, handler: RequestHandler) -> str | None:
        """Return who asks, or None."""

    def challenge(self, handler: RequestHandler) -> None:
        """Send somebody who is not known to the login, and back here afterwards."""

    def session_key(self, handler: RequestHandler) -> bytes:
        """Return a secret of this login that only this browser holds; b"" where there is none."""


class _Callback(HubOAuthCallbackHandler):  # type: ignore[misc]  # jupyterhub has no types
    """The way back from the hub's login: a redirect, never a page to keep or to frame."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")


class HubIdentity:
    """JupyterHub's login (OAuth with PKCE). The service's environment, set by the hub, configures it."""

    callback: type[RequestHandler] | None = _Callback
    _CACHED_SECONDS = 30

    def __init__(self) -> None:
        self._hub: Any = HubOAuth.instance(cache_max_age=self._CACHED_SECONDS)

    async def username(self, handler: RequestHandler) -> str | None:
        """Return the hub's user who asks, if the hub lets her use this service."""
        user = await self._hub.get_user(handler, sync=False)
        if not user or user.get("kind", "user") != "user":
            return None
        return str(user["name"]) if self._hub.check_scopes(self._hub.access_scopes, user) else None

    def challenge(self, handler: RequestHandler) -> None:
        """Start the OAuth exchange; after it the browser asks for the same page again."""
        verifier, challenge, method = self._hub.generate_pkce_code_challenge()
        state = self._hub.set_state_cookie(handler, next_url=handler.request.uri, code_verifier=verifier)
        parameters = {"code_challenge": challenge, "code_challenge_method": method, "state": state}
        handler.redirect(url_concat(self._hub.login_url, parameters))

    def session_key(self, handler: RequestHandler) -> bytes:
        """Return the OAuth token of this browser's login."""
        return handler.get_secure_cookie(self._hub.cookie_name) or b""
