"""A door in front of a socket: the requests of a list go through, are counted and get headers of ours.

Used twice by a session's keeper, outside of the sandbox: between the proxy and the notebook server, and
between the notebook server and the hub.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    UnixConnector,
    WSMsgType,
    web,
)

from lab.hub.assets import asset
from lab.hub.meter import Meter
from lab.hub.page_policy import HEADERS
from lab.hub.routes_inside import FIXED, Kind, Route, found

_LARGEST_REQUEST = 64 << 20
_BLOCK = 64 << 10
# Of a hop only, or about encodings: without them every byte that is counted is a byte that is read.
_DROPPED = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade",
    "transfer-encoding", "accept-encoding", "content-length", "sec-websocket-extensions",
    "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-accept",
}  # fmt: skip
_KEPT = {"content-type", "set-cookie", "location", "x-xsrftoken"}
_HEADERS = {
    **HEADERS,
    "Cache-Control": "no-store",
    "X-DNS-Prefetch-Control": "off",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Door:
    """prefix: of the paths, ending in "/". upstream: the socket behind it. meter: counts what comes out."""

    prefix: str
    routes: tuple[Route, ...]
    upstream: Path
    meter: Meter | None = None

    @asynccontextmanager
    async def open(self, socket: Path) -> AsyncIterator[None]:
        """Answer at a socket for as long as the block lasts."""
        connector = UnixConnector(str(self.upstream), limit=0)
        async with ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=30),
        ) as client:

            async def handle(request: web.Request) -> web.StreamResponse:
                return await self._handle(request, client)

            app = web.Application(client_max_size=_LARGEST_REQUEST)
            app.router.add_route("*", "/{path:.*}", handle)
            runner = web.AppRunner(app, access_log=None, handle_signals=False)
            await runner.setup()
            socket.unlink(missing_ok=True)
            await web.UnixSite(runner, str(socket)).start()
            socket.chmod(0o600)
            try:
                yield
            finally:
                await runner.cleanup()
                socket.unlink(missing_ok=True)

    async def _handle(self, request: web.Request, client: ClientSession) -> web.StreamResponse:
        raw = request.raw_path.partition("?")[0]
        path = unquote(raw)
        # Decoded once here and once behind us: what changes by decoding again is not what was looked at.
        route = None
        if path.startswith(self.prefix) and unquote(path) == path:
            route = found(self.routes, request.method, path[len(self.prefix) :], frozenset(request.query))
        if route is None:
            return _refusal(403, "this lab has no such way out")
        if self.meter is not None and self.meter.spent:
            return _refusal(429, "today's allowance of this session is spent")
        if route.kind is Kind.ASSET:
            return asset(path[len(self.prefix) :]) or _refusal(404, "no such file")
        if route.kind is Kind.FIXED:
            return web.json_response(FIXED[path[len(self.prefix) :]], headers=_HEADERS)
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if upgrade is not (route.kind in {Kind.SOCKET, Kind.SILENT}):
            return _refusal(403, "this lab has no such way out")
        if route.kind is Kind.SILENT:
            return await _hold(request)
        try:
            return await (self._relay if upgrade else self._pass)(request, client)
        except (ClientError, OSError):
            return _refusal(503, "the session does not answer")

    async def _pass(self, request: web.Request, client: ClientSession) -> web.StreamResponse:
        body = await request.read() if request.can_read_body else None
        async with client.request(
            request.method,
            f"http://session{request.raw_path}",
            headers=_forwarded(request),
            data=body,
            allow_redirects=False,
        ) as answer:
            kind = answer.content_type
            if kind not in {Kind.PAGE.value, Kind.DATA.value} and answer.status not in {204, 302, 304}:
                return _refusal(403, "this lab has no such way out")
            headers = [(name, value) for name, value in answer.headers.items() if name.lower() in _KEPT]
            response = web.StreamResponse(status=answer.status)
            response.headers.extend(headers)
            response.headers.update(_HEADERS)
            await response.prepare(request)
            async for block in answer.content.iter_chunked(_BLOCK):
                if self.meter is not None:
                    self.meter.add(len(block))
                    if self.meter.spent:
                        break
                await response.write(block)
            return response

    async def _relay(self, request: web.Request, client: ClientSession) -> web.StreamResponse:
        longest = self.meter.allowance.message if self.meter else _BLOCK
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = [name.strip() for name in offered.split(",") if name.strip()]
        async with client.ws_connect(
            f"http://session{request.raw_path}",
            headers=_forwarded(request),
            protocols=protocols,
            max_msg_size=longest,
            compress=0,
        ) as inner:
            chosen = [inner.protocol] if inner.protocol else []
            outer = web.WebSocketResponse(protocols=chosen, max_msg_size=_LARGEST_REQUEST, compress=False)
            await outer.prepare(request)
            inward = asyncio.create_task(_copy_in(outer, inner))
            try:
                await self._copy_out(inner, outer, request.path)
            finally:
                inward.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await inward
            await outer.close()
            return outer

    async def _copy_out(
        self, inner: ClientWebSocketResponse, outer: web.WebSocketResponse, where: str
    ) -> None:
        async for message in inner:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            content = message.data.encode() if message.type is WSMsgType.TEXT else message.data
            if self.meter is not None:
                self.meter.message(where, content)
                if self.meter.spent:
                    return
            if message.type is WSMsgType.TEXT:
                await outer.send_str(message.data)
            else:
                await outer.send_bytes(message.data)


async def _copy_in(outer: web.WebSocketResponse, inner: ClientWebSocketResponse) -> None:
    async for message in outer:
        if message.type is WSMsgType.TEXT:
            await inner.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await inner.send_bytes(message.data)
    await inner.close()


async def _hold(request: web.Request) -> web.StreamResponse:
    """Keep a websocket open that carries nothing: refused, JupyterLab would ask for it again and again."""
    held = web.WebSocketResponse(max_msg_size=_BLOCK, heartbeat=30)
    await held.prepare(request)
    async for _ in held:
        pass
    return held


def _forwarded(request: web.Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers.items() if name.lower() not in _DROPPED]


def _refusal(status: int, sentence: str) -> web.Response:
    return web.json_response({"message": sentence}, status=status, headers=_HEADERS)
