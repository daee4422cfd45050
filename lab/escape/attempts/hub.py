"""Family 6: what a person could ask of the hub, besides her own sessions."""

from typing import Any

from lab.escape.attempt import Attempt, Request

_HUB = "JupyterHub documentation, 'Scopes' and 'REST API'"


def _ask(name: str, what: str, method: str, path: str, finds: str = "", body: Any = None) -> Attempt:
    return Attempt(f"hub-{name}", 6, what, _HUB, Request(method, path, finds, body))


ATTEMPTS = (
    _ask("token", "make a token to use from a laptop", "POST", "/hub/api/users/rita/tokens", '"token"', {}),
    _ask("token-scoped", "make a token that can only read files", "POST", "/hub/api/users/rita/tokens",
         '"token"', {"scopes": ["access:servers!user=rita"]}),
    _ask("token-other", "make a token of somebody else", "POST", "/hub/api/users/ravi/tokens", '"token"', {}),
    _ask("token-list", "list one's tokens", "GET", "/hub/api/users/rita/tokens", "api_tokens"),
    _ask("token-page", "open the page that makes tokens", "GET", "/hub/token", 'id="request-token-form"'),
    _ask("share", "share a session with somebody", "POST", "/hub/api/shares/rita/work-health",
         "access:servers", {"user": "ravi"}),
    _ask("share-code", "make a code that opens a session", "POST", "/hub/api/share-codes/rita/work-health",
         "code", {}),
    _ask("share-list", "list who shares what", "GET", "/hub/api/shares/rita", "items"),
    _ask("users", "list everybody", "GET", "/hub/api/users", "ravi"),
    _ask("other-user", "look somebody up", "GET", "/hub/api/users/ravi", '"servers"'),
    _ask("new-user", "make an account", "POST", "/hub/api/users/mallory", "mallory", {}),
    _ask("become-admin", "become an admin of the hub", "PATCH", "/hub/api/users/rita", '"admin": true',
         {"admin": True}),
    _ask("groups", "list who belongs to which group", "GET", "/hub/api/groups", "["),
    _ask("group-make", "make a group", "POST", "/hub/api/groups/mine", "mine", {}),
    _ask("services", "list the hub's services", "GET", "/hub/api/services", "{"),
    _ask("proxy", "read the proxy's routes", "GET", "/hub/api/proxy", "/user/rita"),
    _ask("info", "read the hub's versions", "GET", "/hub/api/info", "python"),
    _ask("admin-page", "open the hub's page of everybody", "GET", "/hub/admin", "admin"),
    _ask("other-start", "start a session of somebody else", "POST", "/hub/api/users/ravi/servers/second",
         "", {}),
    _ask("no-project", "start a session that belongs to no project", "POST",
         "/hub/api/users/rita/server", "", {}),
    _ask("made-up-project", "start a session of a made-up project", "POST",
         "/hub/api/users/rita/servers/made-up", "", {}),
    _ask("foreign-project", "start a session of a project that one does not belong to", "POST",
         "/hub/api/users/rita/servers/pensions", "", {"image": "mine", "cmd": ["/bin/sh"]}),
    _ask("other-lab", "open somebody else's session", "GET", "{other}lab", "jupyter-config-data"),
    _ask("other-contents", "list the files of somebody else's session", "GET", "{other}api/contents",
         "content"),
    _ask("other-kernels", "list somebody else's kernels", "GET", "{other}api/kernels", "["),
    _ask("other-kernel", "run a kernel in somebody else's session", "POST", "{other}api/kernels", "id",
         {"name": "python3"}),
    _ask("other-progress", "follow the start of somebody else's session", "GET",
         "/hub/api/users/ravi/servers/pensions/progress", "ready"),
    _ask("redirect", "be led to a session's files by the hub", "GET", "/hub/user-redirect/files/rows.csv",
         "{canary}"),
    _ask("other-stop", "stop somebody else's session", "DELETE", "/hub/api/users/ravi/servers/second"),
)  # fmt: skip
