"""The pages on a real HTTP server, and browsers of different people."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from review_browser import PREFIX, Browser, SignedHeader
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from outputs_check.review.station import Station
from outputs_check.web.application import make_application
from outputs_check.web.base import Site


@pytest.fixture
def site(station: Station) -> Site:
    return Site(station, SignedHeader(), PREFIX, b"s" * 32)


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """A running server's address."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    found: list[int] = []

    async def start() -> None:
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(make_application(site))
        server.add_sockets(sockets)
        found.append(sockets[0].getsockname()[1])
        ready.set()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield f"http://127.0.0.1:{found[0]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def browser(address: str) -> Callable[[str | None], Browser]:
    """Make a browser for a person, or for nobody."""
    return lambda person: Browser(address, person)
