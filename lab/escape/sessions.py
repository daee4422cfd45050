"""Two hubs with the same people in the same sessions: the lab's own, and one that is open."""

import json
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lab.base.settings import Settings
from lab.escape.web import Browser, terminal
from lab.hub.places import Places
from lab.hub.process import HubProcess, free_port, launch, start_hub, stop_sessions
from lab.hub.visitor import Kernel, SessionPage, Visitor

PERSON, PROJECT = "rita", "work-health"
OTHER, OTHER_PROJECT = "ravi", "pensions"
_CONFIG = Path(__file__).parent / "open_hub_config.py"


@dataclass(frozen=True)
class Sessions:
    """Two people's open sessions at one hub. meter: the file that counts, where there is one."""

    page: SessionPage
    meter: Path | None

    @classmethod
    def open(cls, hub: HubProcess, password: str, meter: Path | None) -> "Sessions":
        """Log both in and start their sessions."""
        pages = []
        for username, project in ((OTHER, OTHER_PROJECT), (PERSON, PROJECT)):
            visitor = Visitor(hub.url)
            visitor.log_in(username, password)
            pages.append(visitor.open_session(project))
        return cls(pages[-1], meter)

    @cached_property
    def _kernel(self) -> Kernel:
        return self.page.kernel()

    @cached_property
    def _terminal(self) -> str:
        return terminal(self.page)

    def browser(self, placed: Mapping[str, Any]) -> Browser:
        """Return the person's browser, with the words of the targets."""
        words = {
            "session": self.page.path,
            "other": f"/user/{OTHER}/{OTHER_PROJECT}/",
            "canary": str(placed["canary"]),
            "http": str(placed["http"]),
            "kernel": self._kernel.identifier,
            "terminal": self._terminal,
        }
        return Browser(self.page, self._kernel, words, self._counted)

    def _counted(self) -> int:
        if self.meter is None:
            return 0
        return int(json.loads(self.meter.read_bytes())["bytes"]) if self.meter.exists() else 0


@contextmanager
def both_hubs(settings: Settings, folder: Path, password: str) -> Iterator[tuple[Sessions, Sessions]]:
    """Run an open hub in a folder and the lab's own, with sessions, for as long as the block lasts."""
    meter = Places.of(settings).meter(PERSON, PROJECT) / "today.json"
    running: list[HubProcess] = []

    def ours() -> Sessions:
        running.append(start_hub(settings, free_port()))
        return Sessions.open(running[-1], password, meter)

    def opened() -> Sessions:
        hub, secret = _start_open(folder)
        running.append(hub)
        return Sessions.open(hub, secret, None)

    # A hub ends with the thread that started it: the pool has to outlive the block.
    with ThreadPoolExecutor(2) as pool:
        starting = pool.submit(opened), pool.submit(ours)
        try:
            yield starting[0].result(), starting[1].result()
        finally:
            wait(starting)
            for hub in running:
                hub.stop()
            stop_sessions(settings)


def _start_open(folder: Path) -> tuple[HubProcess, str]:
    port, secret = free_port(), secrets.token_urlsafe(24)
    for name in (PERSON, OTHER):
        (folder / name).mkdir(exist_ok=True)
    own = {
        "LAB_ESCAPE_FOLDER": str(folder),
        "LAB_ESCAPE_PORT": str(port),
        "LAB_ESCAPE_PASSWORD": secret,
    }
    return launch(_CONFIG, port, folder, folder / "hub.log", own), secret
