"""What jupyter-server-proxy does, in short: a port of the session's machine as a page of the session.

Loaded by the open hub's servers only, where attempts on ports need something that lets them through.
"""

from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketHandler

_PATHS = (r"/proxy/(?:absolute/)?(\d+)(/.*)", r"/proxy/[\w.]+:(\d+)(/.*)")


class Port(WebSocketHandler, JupyterHandler):  # type: ignore[misc]
    """Answers with what a port of loopback answers; by websocket, too."""

    async def get(self, port: str, path: str) -> None:
        """Fetch a page, or open a channel."""
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            await WebSocketHandler.get(self, port, path)
        else:
            self.finish(await _fetch(port, path, "GET"))

    @web.authenticated
    async def post(self, port: str, path: str) -> None:
        """Send something."""
        self.finish(await _fetch(port, path, "POST", self.request.body))

    async def open(self, port: str, path: str) -> None:
        """Say what the port says."""
        await self.write_message(await _fetch(port, path, "GET"))


async def _fetch(port: str, path: str, method: str, body: bytes | None = None) -> bytes:
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}{path}", method=method, body=body)
    return bytes(answer.body)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "lab.escape.open_proxy"}]


def _load_jupyter_server_extension(app: Any) -> None:
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [(url_path_join(base, path), Port) for path in _PATHS])
