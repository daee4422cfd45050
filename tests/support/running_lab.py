"""A whole small lab for tests that need a running hub: people, projects, signed extracts, the hub."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
import requests

from lab.base.errors import IsolationRefused, NotFound
from lab.base.sandbox import require_isolation
from lab.base.settings import Settings
from lab.escape import throwaway
from lab.escape.throwaway import TODAY, YEAR, make_extract, person_year
from lab.hub.config import proxy_program
from lab.hub.process import HubProcess, free_port, start_hub, stop_sessions
from lab.hub.visitor import Kernel, Visitor

__all__ = ["PASSWORD", "TODAY", "YEAR", "RoomKernel", "RunningLab", "make_extract", "make_lab", "person_year"]

PASSWORD = "open sesame, quite long"


class RunningLab:
    """A lab, its hub, and people who visit it."""

    def __init__(self, settings: Settings, hub: HubProcess) -> None:
        self.settings, self.hub = settings, hub
        self._visitors: dict[str, Visitor] = {}

    def visitor(self, username: str) -> Visitor:
        """Return someone who has logged in."""
        if username not in self._visitors:
            found = Visitor(self.hub.url)
            found.log_in(username, PASSWORD)
            self._visitors[username] = found
        return self._visitors[username]

    def kernel(self, username: str, project: str) -> "RoomKernel":
        """Return a kernel in someone's session, which is started if need be."""
        return RoomKernel(self.visitor(username).open_session(project).kernel())

    def get(self, username: str, path: str) -> requests.Response:
        """Open a page as someone."""
        return self.visitor(username).browser.get(self.hub.url + path, timeout=60)

    def close(self) -> None:
        """Stop the sessions and the hub."""
        self.hub.stop()
        stop_sessions(self.settings)


@dataclass(frozen=True)
class RoomKernel:
    """A kernel in a session."""

    kernel: Kernel

    def run(self, code: str) -> str:
        """Run a cell that goes well, and return what it printed."""
        result = self.kernel.run(dedent(code))
        assert result.status == "ok", result.error
        return result.text.strip()


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """One hub for all the tests that need one; it takes some seconds to start."""
    require_hub()
    settings = make_lab(tmp_path_factory.mktemp("lab") / "home")
    running = RunningLab(settings, start_hub(settings, free_port()))
    yield running
    running.close()


@pytest.fixture(scope="session")
def room(running_lab: RunningLab) -> RoomKernel:
    """A kernel of rita's, in her session of work-health."""
    return running_lab.kernel("rita", "work-health")


def require_hub() -> None:
    """Skip where no hub can run, except where tests have to count."""
    try:
        require_isolation()
        proxy_program()
    except (IsolationRefused, NotFound) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def make_lab(home: Path) -> Settings:
    """Set a lab up whose people all have the one password."""
    return throwaway.make_lab(home, PASSWORD)
