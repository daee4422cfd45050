"""A person's browser, as far as forms and pages go."""

import re
from typing import Any

import httpx
from signed_identity import HEADER, sign

PREFIX = "/services/checking/"


class Browser:
    """Somebody's browser: opens pages, and sends their forms with the token that is in them."""

    def __init__(self, base: str, person: str | None) -> None:
        headers = {HEADER: sign(person)} if person else {}
        self._client = httpx.Client(base_url=base, headers=headers, trust_env=False)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, PREFIX + path, **options)

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def send(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Send a form that stands on a page, with the page's hidden fields."""
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.get(page).text)
        return self.ask("POST", path, data={**dict(hidden), **fields})
