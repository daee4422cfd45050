"""Family 11: rows in what operators and reviewers read, and words that act on their terminals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.escape.attempt import Attempt, Code, Request

_LOGS = "OWASP, Logging Cheat Sheet: data to exclude; CWE-532"
_TERMINAL = "CWE-150, escape sequences that reach a terminal"


def _in_files(folder: str, word: str) -> Any:
    def look(_: Any, targets: Mapping[str, Any]) -> bool:
        mark = word.format(**targets).encode()
        place = Path(str(targets[folder]))
        files = [place] if place.is_file() else place.rglob("*")
        return any(mark in path.read_bytes() for path in files if path.is_file())

    return look


def _told(name: str, what: str, body: str, folder: str, word: str, source: str = _LOGS) -> Attempt:
    return Attempt(f"told-{name}", 11, what, source, Code(body, after=_in_files(folder, word)))


def _page(name: str, what: str, method: str, path: str, finds: str, body: Any = None) -> Attempt:
    return Attempt(f"told-{name}", 11, what, _LOGS, Request(method, path, finds, body))


_ASK = """
import json, os, socket
def ask(text):
    if t["side"] == "outside":
        with open(t["log"], "a") as log: log.write("refused: " + text + "\\n")
        return
    line = socket.socket(socket.AF_UNIX); line.settimeout(5); line.connect("/run/lab/keeper.sock")
    line.sendall(text.encode() + b"\\n"); return line.recv(65536).decode()
"""

ATTEMPTS = (
    _told("folder-name", "send rows as the name of a folder that is refused",
          _ASK + 'ask(json.dumps({"action": "submit", "folder": f"row-{t[\'canary\']}-a", "files": ["x"]}))',
          "operators", "row-{canary}-a"),
    _told("file-name", "send rows as the name of a file that is refused",
          _ASK + 'ask(json.dumps({"action": "submit", "folder": "", "files": [f"row-{t[\'canary\']}-b/"]}))',
          "operators", "row-{canary}-b"),
    _told("request", "send rows in a request that nobody knows",
          _ASK + 'ask(json.dumps({"action": "row-" + t["canary"] + "-c"}))', "operators", "row-{canary}-c"),
    _told("broken", "send rows in a request that is broken",
          _ASK + 'ask("{ row-" + t["canary"] + "-d")', "operators", "row-{canary}-d"),
    _told("deep", "send a request so deep that its refusal prints it",
          _ASK + 'ask("[" * 20000 + "row-" + t["canary"] + "-e")', "operators", "row-{canary}-e"),
    _told("long", "send a request so long that its refusal prints it",
          _ASK + 'ask("row-" + t["canary"] + "-f" + "x" * 70000)', "operators", "row-{canary}-f"),
    _told("escape", "have a word of a request move the operator's terminal",
          _ASK + 'ask(json.dumps({"action": "\\x1b]0;" + t["canary"] + "-g"}))',
           "operators", "{canary}-g", _TERMINAL),
    _told("syslog", "write rows to the system's log", """
import socket
for place in (t["unix_log"], "/dev/log", "/run/systemd/journal/socket"):
    try:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); line.connect(place)
        line.send(("<14>row-" + t["canary"] + t["side"]).encode())
        return "sent"
    except OSError:
        continue
raise OSError("no log")
""", "system_log", "row-{canary}{side}"),
    _page("hub-metrics", "read the hub's metrics, labelled by person", "GET", "/hub/metrics", "jupyterhub_"),
    _page("server-metrics", "read the server's metrics, labelled by path", "GET", "{session}metrics",
          "http_"),
    _page("activity", "read when somebody else was at work", "GET",
          "/hub/api/users/ravi?include_stopped_servers",
          "last_activity"),
    _page("version", "read the server's version, to know its weaknesses", "GET", "{session}api/status",
          "started"),
    _page("log-complaint", "write into the server's log by a browser's complaint", "POST",
          "{session}api/security/csp-report", "", {"csp-report": {"row": 17}}),
)  # fmt: skip
