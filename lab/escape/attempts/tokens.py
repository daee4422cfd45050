"""Family 6: the notebook server's token, as a kernel beside it could find and use it."""

from lab.escape.attempt import Attempt, Code, Where

_HUB = "JupyterHub documentation, 'Security Overview': tokens of single-user servers"


def _kernel(name: str, what: str, body: str) -> Attempt:
    return Attempt(f"token-{name}", 6, what, _HUB, Code(body, where=Where.KERNEL))


# bubblewrap has the server's command line as well, and nothing of the server's.
_EACH = """
import os, re
def is_server(pid, t):
    said = open(f"/proc/{{pid}}/cmdline", errors="replace").read()
    return t["server_mark"] in said and "bwrap" not in said.split(chr(0))[0]
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        {look}
    except OSError:
        continue
"""

_CONNECT = """
import socket
line = socket.socket(socket.AF_UNIX)
line.settimeout(3)
line.connect(t["{target}"])
return "connected"
"""

ATTEMPTS = (
    _kernel(
        "environment",
        "find the server's token in the kernel's environment",
        'return [n for n in __import__("os").environ if n in ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")]',
    ),
    _kernel(
        "other-environment",
        "find the server's token in the environment of its process",
        _EACH.format(
            look='text = open(f"/proc/{pid}/environ", errors="replace").read()\n'
            '        if re.search("JUPYTERHUB_API_TOKEN=.", text):\n            return pid'
        ),
    ),
    _kernel(
        "memory",
        "read the memory of the process that has the token",
        _EACH.format(
            look="if is_server(pid, t):\n"
            '            open(f"/proc/{pid}/mem", "rb").close()\n            return pid'
        ),
    ),
    _kernel(
        "maps",
        "read where the process that has the token keeps things",
        _EACH.format(
            look='if is_server(pid, t):\n            return len(open(f"/proc/{pid}/maps").read()) > 0'
        ),
    ),
    _kernel(
        "descriptors",
        "open what the process that has the token has open",
        _EACH.format(
            look="if is_server(pid, t):\n"
            '            return os.close(os.open(f"/proc/{pid}/fd/0", os.O_RDONLY)) is None'
        ),
    ),
    _kernel(
        "command-line",
        "find a token in a command line",
        _EACH.format(
            look='said = open(f"/proc/{pid}/cmdline", errors="replace").read()\n'
            '        if t["canary"] in said:\n            return pid'
        ),
    ),
    _kernel(
        "files",
        "find the token in a file of the server",
        """
import os, pathlib
places = [os.environ.get("JUPYTER_RUNTIME_DIR", ""), os.path.expanduser("~"), t["lab_home"]]
for place in filter(None, places):
    for path in list(pathlib.Path(place).rglob("*.sqlite"))[:50]:
        if b"CREATE TABLE api" + b"_tokens" in path.read_bytes():
            return str(path)
""",
    ),
    *(
        _kernel(
            f"hub-{name}",
            f"ask the hub, over its socket, {what}",
            f"""
import http.client, os, socket
class Line(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect("/run/lab/hub.sock" if t["side"] == "inside" else t["hub_socket"])
line = Line("hub")
line.request({method!r}, {path!r}, headers={{"Host": "127.0.0.1"}})
answer = line.getresponse()
# Without a token it is the hub that refuses; behind our door no such question arrives there.
return answer.status in (200, 302, 401, 403, 404, 405) and b"no such way out" not in answer.read()
""",
        )
        for name, what, method, path in (
            ("login", "for a login form, to guess passwords", "GET", "/hub/login"),
            ("guess", "to log somebody in", "POST", "/hub/login"),
            ("users", "for everybody's names", "GET", "/hub/api/users"),
            ("tokens", "for a new token", "POST", "/hub/api/users/rita/tokens"),
            ("proxy", "for the proxy's routes", "GET", "/hub/api/proxy"),
            ("shutdown", "to stop", "POST", "/hub/api/shutdown"),
            ("metrics", "for its metrics", "GET", "/hub/metrics"),
            ("authorize", "for another login", "GET", "/hub/api/oauth2/authorize"),
            ("static", "for a path that leaves its folder", "GET", "/hub/static/../../../../etc/passwd"),
        )
    ),
    *(
        _kernel(f"{name}-{kind}", what, _CONNECT.format(target=f"{name}_{kind}"))
        for name, kind, what in (
            ("proxy", "socket", "tell the proxy a route of one's own"),
            ("checking", "socket", "speak to the checkers' pages past their login"),
            ("other", "server", "speak to the server of somebody else's session"),
        )
    ),
    _kernel(
        "replace-socket",
        "put a socket of one's own in the server's place",
        """
import os, socket
place = "/run/lab" if t["side"] == "inside" else t["scratch"]
socket.socket(socket.AF_UNIX).bind(place + "/mine.sock")
os.replace(place + "/mine.sock", place + "/server.sock")
return "replaced"
""",
    ),
)
