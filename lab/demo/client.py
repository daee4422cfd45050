"""A person at the lab's public address, without a browser: forms, cookies and WebSockets, no token."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
from yarl import URL

from lab.base.errors import LabError

_TIMEOUT = aiohttp.ClientTimeout(total=120)


class Visitor:
    """Somebody who logs in at the hub, starts a session and runs code in it."""

    def __init__(self, http: aiohttp.ClientSession, address: str, username: str) -> None:
        self._http, self._root, self.username = http, URL(address), username

    async def log_in(self, password: str) -> None:
        """Fill in the login form.

        Raises:
            LabError: the hub says no.
        """
        page = self._root / "hub" / "login"
        async with self._http.get(page) as answer:
            answer.raise_for_status()
        form = {"username": self.username, "password": password, "_xsrf": self._token(page)}
        async with self._http.post(page, data=form, headers=self._headers(page)) as answer:
            if answer.status >= 400 or answer.url.path.endswith("/login"):
                raise LabError("the hub refused the login", where=self.username)

    async def start_session(self, project: str) -> None:
        """Start the session of a project and wait until it is ready.

        Raises:
            LabError: with the hub's reason.
        """
        servers = self._root / "hub" / "api" / "users" / self.username / "servers"
        async with self._http.post(servers / project, headers=self._headers(servers), json={}) as answer:
            if answer.status >= 400 and "already running" not in await answer.text():
                raise LabError(await _reason(answer), where=f"session of {project}")
        async with self._http.get(servers / project / "progress", headers=self._headers(servers)) as answer:
            async for line in answer.content:
                event = json.loads(line[5:]) if line.startswith(b"data:") else {}
                if event.get("failed"):
                    raise LabError(event.get("message", "it did not start"), where=f"session of {project}")
                if event.get("ready"):
                    break
        # The first visit goes through the hub's OAuth and brings the session's own cookies.
        async with self._http.get(self.session_url(project) / "lab") as answer:
            answer.raise_for_status()

    async def stop_session(self, project: str) -> None:
        """Stop the session of a project."""
        server = self._root / "hub" / "api" / "users" / self.username / "servers" / project
        async with self._http.delete(server, headers=self._headers(server)) as answer:
            answer.raise_for_status()

    def session_url(self, project: str) -> URL:
        """Return the public address of a session."""
        return self._root / "user" / self.username / project

    async def save_notebook(self, project: str, name: str, notebook: dict[str, Any]) -> None:
        """Save a notebook in the session's workspace, as JupyterLab does."""
        url = self.session_url(project) / "api" / "contents" / name
        body = {"type": "notebook", "format": "json", "content": notebook}
        async with self._http.put(url, json=body, headers=self._headers(url)) as answer:
            if answer.status >= 400:
                raise LabError(await _reason(answer), where=name)

    @asynccontextmanager
    async def kernel(self, project: str) -> AsyncIterator["Kernel"]:
        """Open a Python kernel in a session; it is shut down at the end."""
        kernels = self.session_url(project) / "api" / "kernels"
        async with self._http.post(
            kernels, json={"name": "python3"}, headers=self._headers(kernels)
        ) as answer:
            answer.raise_for_status()
            kernel_id = (await answer.json())["id"]
        channels = kernels / kernel_id / "channels"
        try:
            async with self._http.ws_connect(channels, max_msg_size=0, origin=str(self._root)) as socket:
                yield Kernel(socket)
        finally:
            async with self._http.delete(kernels / kernel_id, headers=self._headers(kernels)):
                pass

    def _token(self, url: URL) -> str:
        cookie = self._http.cookie_jar.filter_cookies(url).get("_xsrf")
        return cookie.value if cookie else ""

    def _headers(self, url: URL) -> dict[str, str]:
        return {"X-XSRFToken": self._token(url), "Referer": str(url)}


class Kernel:
    """A running kernel, spoken to over its WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._session = socket, uuid4().hex

    async def run(self, code: str, show: Callable[[str], None] = lambda _text: None) -> str:
        """Run a cell to its end and return what it printed; `show` sees it as it comes.

        Raises:
            LabError: the cell raised.
        """
        request = uuid4().hex
        header = {"msg_id": request, "msg_type": "execute_request", "session": self._session}
        header |= {"username": "", "version": "5.3", "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._socket.send_json({**message, "channel": "shell", "buffers": []})
        printed: list[str] = []
        async for frame in self._socket:
            reply = json.loads(frame.data)
            if reply.get("parent_header", {}).get("msg_id") != request:
                continue
            kind, body = reply["header"]["msg_type"], reply["content"]
            if kind == "stream":
                printed.append(body["text"])
                show(body["text"])
            elif kind == "error":
                raise LabError(f"the cell failed: {body['ename']}: {body['evalue']}")
            elif kind == "status" and body["execution_state"] == "idle":
                return "".join(printed)
        raise LabError("the session ended while a cell was running")


@asynccontextmanager
async def visit(address: str, username: str) -> AsyncIterator[Visitor]:
    """Come to the lab as somebody, with a cookie jar of one's own."""
    jar = aiohttp.CookieJar(unsafe=True)  # the demo's address is a bare IP
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT) as http:
        yield Visitor(http, address, username)


async def _reason(answer: aiohttp.ClientResponse) -> str:
    try:
        return str((await answer.json())["message"])
    except (aiohttp.ContentTypeError, ValueError, KeyError):
        return f"{answer.status} {answer.reason}"
