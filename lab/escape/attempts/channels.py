"""Family 3: websockets that carry what a person did not see on the screen, or more than anybody counts."""

import json

from lab.escape.attempt import Attempt, Channel, Request, Shown

_SOURCE = "Jupyter Server documentation, 'WebSocket kernel wire protocols' and its handlers"


def _channel(name: str, what: str, path: str, says: str = "", meanwhile: str = "") -> Attempt:
    return Attempt(f"channel-{name}", 3, what, _SOURCE, Channel("{session}" + path, says, meanwhile))


def _shown(name: str, what: str, size: int) -> Attempt:
    return Attempt(f"channel-{name}", 3, what, _SOURCE, Shown(size))


ATTEMPTS = (
    _channel("terminal", "write into a terminal, and read what it says", "terminals/websocket/{terminal}",
             json.dumps(["stdin", "echo {canary}\r"])),
    _channel("events", "follow the server's events, in which a path can be a row",
             "api/events/subscribe", meanwhile="{session}api/contents/rows.csv"),
    _channel("proxied", "open a websocket to a port of the session", "proxy/{http}/ws"),
    Attempt("channel-terminal-list", 3, "list the terminals that have a websocket", _SOURCE,
            Request("GET", "{session}api/terminals", finds="[")),
    Attempt("channel-terminal-start", 3, "start a terminal that has a websocket", _SOURCE,
            Request("POST", "{session}api/terminals", finds="name", body={})),
    _shown("uncounted", "print two megabytes of rows that nobody counts", 2 << 20),
    _shown("message", "print more in one message than a screen shows", 6 << 20),
)  # fmt: skip
