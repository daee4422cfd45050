"""A visitor of the lab who comes as a browser does: login form, cookies, websocket to a kernel.

The demo's researcher is one. No token is used, because researchers have none.
"""

import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
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

    def upload(self, path: str, content: str) -> None:
        """Save a text file in the workspace."""
        model = {"type": "file", "format": "text", "content": content}
        self.request("PUT", f"api/contents/{quote(path)}", json=model).raise_for_status()

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
        for reply in self._replies(message["header"]["msg_id"], time.monotonic() + seconds):
            kind, content = reply["msg_type"], reply["content"]
            shown += _text_of(kind, content)
            if kind == "execute_reply":
                status = content["status"]
            if kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
            # The two come over different channels, in either order.
            if idle and status:
                return CellResult(status, "".join(shown), error)
        raise LabError(f"a cell took longer than {seconds:.0f} seconds", where=code.splitlines()[0])

    def _replies(self, request: str, deadline: float) -> Iterator[dict[str, Any]]:
        # A short wait each time: the server's pings would begin a long one anew.
        self.channel.settimeout(1)
        while time.monotonic() < deadline:
            try:
                reply: dict[str, Any] = json.loads(self.channel.recv())
            except websocket.WebSocketTimeoutException:
                continue
            if reply["parent_header"].get("msg_id") == request:
                yield reply

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
