"""Which requests pass between a browser and a session, and between a session and the hub: no others do.

SATRE 2.1 (no way out but the gate). Kernel and notebook server are one person's programs, so what the
server itself refuses is advice. This list is held on our side of its socket: what is not on it is refused.
"""

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What passes on a route."""

    PAGE = "text/html"
    DATA = "application/json"
    SOCKET = "websocket"
    ASSET = "asset"  # a file of our own environment, served from outside of the session
    FIXED = "fixed"  # an answer of ours, because JupyterLab asks and has no use for more
    SILENT = "silent"  # a websocket on which nothing is ever said


@dataclass(frozen=True)
class Route:
    """Requests that pass. path: what follows the session's prefix. query: the names it may have."""

    methods: frozenset[str]
    path: re.Pattern[str]
    kind: Kind
    query: frozenset[str] = frozenset()

    def takes(self, method: str, path: str, query: frozenset[str]) -> bool:
        """Return whether a request is one of these."""
        return method in self.methods and self.path.fullmatch(path) is not None and query <= self.query


def _route(methods: str, path: str, kind: Kind, query: str = "") -> Route:
    return Route(frozenset(methods.split()), re.compile(path), kind, frozenset(query.split()))


_ID = r"[0-9a-f-]{36}"
_NAME = r"[\w@.-]+"
_FILE = r"(?:/[^/\0]+)*"

# No /files, /view, /nbconvert, /terminals, /lsp, /metrics, /proxy, /api/status, /api/config, /api/events,
# /api/resolvePath, no kernelspec's own files, no extension's handlers: LOCKDOWN 1, 2, 3 and 8.
SESSION = (
    _route("GET", r"lab(?:/tree.*|/workspaces/.*)?", Kind.PAGE, "reset clone"),
    _route("GET", r"(?:oauth_callback|logout)?", Kind.PAGE, "code state"),
    _route("GET", r"static/.+|lab/extensions/.+|lab/api/themes/.+|favicon\.ico", Kind.ASSET, "v"),
    _route("GET", r"kernelspecs/python3/logo-\w+\.(?:png|svg)", Kind.ASSET),
    _route("GET", r"api|api/me|api/kernelspecs|lab/api/translations/?(?:[\w-]+)?", Kind.DATA, "permissions"),
    _route("GET", r"api/nbconvert|lab/api/build", Kind.FIXED),
    _route("GET", r"api/events/subscribe", Kind.SILENT),
    _route("GET PUT", rf"lab/api/settings(?:/{_NAME}/?:?(?:[\w:@./-]+)?)?", Kind.DATA, "ids_only"),
    _route("GET PUT DELETE", r"lab/api/workspaces(?:/[\w-]+)?", Kind.DATA),
    _route(
        "GET PUT POST PATCH DELETE", rf"api/contents{_FILE}", Kind.DATA, "content type hash contentProviderId"
    ),
    _route("GET POST", r"api/kernels", Kind.DATA),
    _route("GET DELETE", rf"api/kernels/{_ID}", Kind.DATA),
    _route("POST", rf"api/kernels/{_ID}/(?:interrupt|restart)", Kind.DATA),
    _route("GET", rf"api/kernels/{_ID}/channels", Kind.SOCKET, "session_id"),
    _route("GET POST", r"api/sessions", Kind.DATA),
    _route("GET PATCH DELETE", rf"api/sessions/{_ID}", Kind.DATA),
)

# What JupyterHub's single-user server asks the hub: who logs in, and that somebody is at work.
HUB = (
    _route("GET", r"api/?", Kind.DATA),
    _route("GET", r"api/user", Kind.DATA),
    _route("POST", r"api/oauth2/token", Kind.DATA),
    _route("POST", r"api/users/[^/]+/activity", Kind.DATA),
)

FIXED: dict[str, object] = {"api/nbconvert": {}, "lab/api/build": {"status": "stable", "message": ""}}


def found(routes: tuple[Route, ...], method: str, path: str, query: frozenset[str]) -> Route | None:
    """Return the route of a request, None where it has none. path: decoded, below the prefix."""
    # jupyter's "_" and "?1234" keep caches away and say nothing.
    named = frozenset(name for name in query if name != "_" and not name.isdigit())
    if ".." in path.split("/") or "\\" in path or not path.isprintable():
        return None
    return next((route for route in routes if route.takes(method, path, named)), None)
