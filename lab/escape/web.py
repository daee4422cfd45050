"""Attempts of a browser that is logged in, at the lab's hub and at an open one."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
import websocket

from lab.base.errors import LabError
from lab.escape.attempt import Answer, Channel, How, Page, Request, Shown
from lab.hub.visitor import Kernel, SessionPage

_SECONDS = 20
_SILENCE = 3


@dataclass(frozen=True)
class Browser:
    """One person's open session, and what the words in braces of a path stand for.

    counted: the bytes that somebody counted and recorded of what the session showed.
    """

    page: SessionPage
    kernel: Kernel
    words: Mapping[str, str]
    counted: Callable[[], int]

    def try_(self, how: How) -> Answer:
        """Try what a browser can try."""
        match how:
            case Request():
                return self._request(how)
            case Page():
                return self._page(how)
            case Channel():
                return self._channel(how)
            case Shown():
                return self._shown(how)
        raise TypeError(f"not for a browser: {how!r}")

    def _fill(self, text: str) -> str:
        for word, stands_for in self.words.items():
            text = text.replace(f"{{{word}}}", stands_for)
        return text

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> requests.Response:
        visitor = self.page.visitor
        here = self._fill(path)
        servers = (self.page.path, self.words["other"])
        scope = next((path for path in servers if here.startswith(path)), "/hub/")
        own = {"X-XSRFToken": visitor.xsrf(scope), "Referer": f"{visitor.url}{scope}home", **headers}
        request = requests.Request(method, f"{visitor.url}{here}", headers=own, json=body)
        prepared = visitor.browser.prepare_request(request)
        prepared.url = f"{visitor.url}{here}"  # as it is, not as a library would tidy it
        return visitor.browser.send(prepared, timeout=_SECONDS, stream=True)

    def _request(self, how: Request) -> Answer:
        answer = self._send(how.method, how.path, how.headers, how.body)
        text, finds = _text(answer), self._fill(how.finds)
        landed = finds or not answer.history
        worked = answer.status_code < 400 and bool(landed) and finds in text
        return Answer(worked, f"{answer.status_code} {text[:80]!r}")

    def _page(self, how: Page) -> Answer:
        answer = self._send("GET", how.path, {}, None)
        if not answer.ok:
            raise LabError(f"the page did not come: {answer.status_code}", where=how.path)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        worked = how.permits(headers, _text(answer))
        return Answer(worked, "the page permits it" if worked else "the page forbids it")

    def _channel(self, how: Channel) -> Answer:
        visitor = self.page.visitor
        cookies = requests.cookies.get_cookie_header(
            visitor.browser.cookies, requests.Request("GET", f"{visitor.url}{self.page.path}").prepare()
        )
        address = visitor.url.replace("http", "ws", 1) + self._fill(how.path)
        try:
            line = websocket.create_connection(address, cookie=cookies, origin=visitor.url, timeout=_SILENCE)
            if how.says:
                line.send(self._fill(how.says))
            if how.meanwhile:
                self._send("GET", how.meanwhile, {}, None).close()
            said = line.recv()
            line.close()
        except (OSError, websocket.WebSocketException) as error:
            return Answer(False, f"{type(error).__name__}: {error}"[:120])
        return Answer(bool(said), f"said {said[:60]!r}")

    def _shown(self, how: Shown) -> Answer:
        before = self.counted()
        kernel = self.page.kernel()
        try:
            text = kernel.run(f"print('r' * {how.size})").text
        except (LabError, OSError, websocket.WebSocketException) as error:
            return Answer(False, f"{type(error).__name__}: {error}"[:120])
        finally:
            with suppress(OSError, websocket.WebSocketException):
                kernel.close()
        counted = self.counted() - before
        worked = len(text) >= how.size and counted < how.size
        return Answer(worked, f"{len(text):,} bytes arrived, {counted:,} were counted")


def _text(answer: requests.Response) -> str:
    """Return the beginning of an answer, of one that never ends as well."""
    deadline, parts = time.monotonic() + _SILENCE, b""
    with suppress(requests.RequestException):
        for block in answer.iter_content(65536):
            parts += block
            if len(parts) > 1 << 20 or time.monotonic() > deadline:
                break
    answer.close()
    return parts.decode(errors="replace")


def terminal(page: SessionPage) -> str:
    """Start a terminal if the session has some, and return its name."""
    answer = page.request("POST", "api/terminals", json={})
    with suppress(json.JSONDecodeError, KeyError):
        return str(answer.json()["name"])
    return "1"
