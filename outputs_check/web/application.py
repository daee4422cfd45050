"""The pages put together: every route of the access table, and none besides."""

import re
from pathlib import Path
from typing import Any

from tornado.routing import URLSpec
from tornado.web import Application, RequestHandler, StaticFileHandler

from lab.base.errors import NotFound
from outputs_check.web import checker_pages, researcher_pages
from outputs_check.web.access import ACCESS
from outputs_check.web.base import HEADERS, Page, Site

PAGES: tuple[type[Page], ...] = (
    checker_pages.Home,
    checker_pages.Queue,
    checker_pages.Releases,
    checker_pages.Submission,
    checker_pages.Picture,
    checker_pages.Upload,
    checker_pages.Vote,
    checker_pages.Decide,
    checker_pages.Release,
    researcher_pages.Mine,
    researcher_pages.Own,
    researcher_pages.Withdraw,
    researcher_pages.Released,
)
_STATIC = Path(__file__).parent / "static"


class _Static(StaticFileHandler):
    """Our own style sheet: the one thing that a browser may keep."""

    def set_extra_headers(self, path: str) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "max-age=300")


class _Nowhere(Page):
    """An address without a page."""

    async def prepare(self) -> None:
        raise NotFound("there is no such page", remedy="begin at the queue or at your submissions")

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here, whoever asks."""


def make_application(site: Site) -> Application:
    """Return the pages of a site."""
    handlers: dict[str, tuple[type[RequestHandler], dict[str, Any]]] = {
        page.route: (page, {"site": site}) for page in PAGES
    }
    handlers["static"] = (_Static, {"path": str(_STATIC)})
    if site.identity.callback is not None:
        handlers["callback"] = (site.identity.callback, {})
    routes = [
        URLSpec(f"{re.escape(site.prefix)}{row.pattern}", *handlers[row.route], name=row.route)
        for row in ACCESS
        if row.route in handlers
    ]
    return Application(
        routes,
        cookie_secret=site.secret,
        xsrf_cookies=True,
        default_handler_class=_Nowhere,
        default_handler_args={"site": site},
    )
