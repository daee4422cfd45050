"""A visitor of the lab who comes as a browser does: login form, cookies, websocket to a kernel.

The demo's researcher is one. No token is used, because researchers have none.
"""

import contextlib
import html
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
import websocket

from lab.base.errors import LabError, NotPermitted

_SECONDS = 60.0


@dataclass(frozen=True)
class CellResult:
    """What a cell printed and showed, and how it ended ("ok" or "error")."""

    status: str
    text: str
    error: str = ""


@dataclass
class Visitor:
    """One person's browser, at one lab."""

    url: str
    browser: requests.Session = field(default_factory=requests.Session)
    username: str = ""

    def log_in(self, username: str, password: str) -> None:
        """Fill in the login form.

        Raises:
            NotPermitted: the hub does not know this name with this password.
        """
        self.browser.get(f"{self.url}/hub/login", timeout=_SECONDS).raise_for_status()
        form = {"username": username, "password": password, "_xsrf": self.xsrf("/hub/")}
        answer = self.browser.post(f"{self.url}/hub/login", data=form, timeout=_SECONDS)
        if answer.status_code == 403:
            raise NotPermitted("the hub refused the login", where=username)
        answer.raise_for_status()
        self.username = username

    def open_session(self, project: str) -> "SessionPage":
        """Press a project's Start button and wait until the session is there.

        Raises:
            NotPermitted: in the hub's own words.
            LabError: the session did not come up.
        """
        answer = self.browser.get(f"{self.url}/hub/spawn/{self.username}/{project}", timeout=_SECONDS)
        if answer.status_code == 403:
            raise NotPermitted(_message(answer.text), where=project)
        answer.raise_for_status()
        page = SessionPage(self, f"/user/{self.username}/{project}/")
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            answer = self.browser.get(f"{self.url}{page.path}lab", timeout=_SECONDS)
            if answer.ok and urlsplit(answer.url).path.startswith(page.path):
                return page
            time.sleep(0.2)
        raise LabError("the session did not come up", where=project, remedy="the hub's log says why")

    def stop_session(self, project: str) -> None:
        """Press a project's Stop button and wait until the session is gone."""
        address = f"{self.url}/hub/api/users/{self.username}/servers/{project}"
        headers = {"X-XSRFToken": self.xsrf("/hub/"), "Referer": f"{self.url}/hub/home"}
        answer = self.browser.delete(address, headers=headers, timeout=_SECONDS)
        if answer.status_code != 404:  # it was never there, so it is gone
            answer.raise_for_status()

    def xsrf(self, path: str) -> str:
        """Return the token that a form of the pages below `path` must carry."""
        found = (each for each in self.browser.cookies if each.name == "_xsrf" and each.path == path)
        return next((each.value or "" for each in found), "")


@dataclass(frozen=True)
class SessionPage:
    """An open session."""

    visitor: Visitor
    path: str

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the session's server, as its own page would."""
        here = f"{self.visitor.url}{self.path}"
        headers = {"X-XSRFToken": self.visitor.xsrf(self.path), "Referer": f"{here}lab"}
        return self.visitor.browser.request(
            method, f"{here}{path}", headers=headers, timeout=_SECONDS, **options
        )

    def kernel(self) -> "Kernel":
        """Start a kernel and connect to it."""
        answer = self.request("POST", "api/kernels", json={"name": "python3"})
        answer.raise_for_status()
        identifier = answer.json()["id"]
        address = self.visitor.url.replace("http", "ws", 1) + f"{self.path}api/kernels/{identifier}/channels"
        cookies = requests.cookies.get_cookie_header(
            self.visitor.browser.cookies, requests.Request("GET", f"{self.visitor.url}{self.path}").prepare()
        )
        channel = websocket.create_connection(
            address, cookie=cookies, origin=self.visitor.url, timeout=_SECONDS
        )
        return Kernel(self, identifier, channel)


@dataclass(frozen=True)
class Kernel:
    """A running kernel, over its websocket."""

    page: SessionPage
    identifier: str
    channel: websocket.WebSocket

    def run(self, code: str, seconds: float = _SECONDS) -> CellResult:
        """Run a cell to its end.

        Raises:
            LabError: it took longer than `seconds`.
        """
        message = _execute_request(code)
        self.channel.send(json.dumps(message))
        shown: list[str] = []
        status, error, idle = "", "", False
        deadline = time.monotonic() + seconds
        # Reply and idle come over two channels of the kernel, in either order.
        while not (status and idle):
            reply = self._receive(message["header"]["msg_id"], deadline, code)
            kind, content = reply["msg_type"], reply["content"]
            shown += _text_of(kind, content)
            if kind == "execute_reply":
                status = content["status"]
            if kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
        return CellResult(status, "".join(shown), error)

    def _receive(self, request: str, deadline: float, code: str) -> dict[str, Any]:
        """Return the next message that answers a request."""
        while (left := deadline - time.monotonic()) > 0:
            self.channel.settimeout(left)
            with contextlib.suppress(websocket.WebSocketTimeoutException):
                # Frame by frame: within recv() the server's pings would put the deadline off for ever.
                opcode, data = self.channel.recv_data(control_frame=True)
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    break
                if opcode == websocket.ABNF.OPCODE_TEXT:
                    reply: dict[str, Any] = json.loads(data)
                    if reply["parent_header"].get("msg_id") == request:
                        return reply
        raise LabError("a cell did not come to its end in time", where=code.splitlines()[0])

    def close(self) -> None:
        """Stop the kernel."""
        self.channel.close()
        self.page.request("DELETE", f"api/kernels/{self.identifier}")


def _execute_request(code: str) -> dict[str, Any]:
    header = {
        "msg_id": uuid4().hex,
        "msg_type": "execute_request",
        "session": uuid4().hex,
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


def _text_of(kind: str, content: dict[str, Any]) -> list[str]:
    if kind == "stream":
        return [content["text"]]
    if kind in {"execute_result", "display_data"}:
        return [content["data"].get("text/plain", "") + "\n"]
    return []


def _message(page: str) -> str:
    """Return the sentence of the hub's error page."""
    found = re.search(r'<p class="error-message">(.*?)</p>', page, re.DOTALL)
    return html.unescape(" ".join(found.group(1).split())) if found else "the hub refused the session"
