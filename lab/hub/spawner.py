"""A session: one keeper process, and the sandboxed notebook server that it keeps."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from jupyterhub.objects import Server
from jupyterhub.spawner import LocalProcessSpawner, Spawner, SpawnException
from jupyterhub.utils import unix_socket_in_use
from traitlets import Instance

from lab.base import room as inside
from lab.base.errors import LabError, NotPermitted
from lab.base.sandbox import require_isolation
from lab.base.settings import Settings
from lab.hub.places import socket_url
from lab.hub.room import Room


class SandboxSpawner(LocalProcessSpawner):  # type: ignore[misc]
    """Starts sessions in rooms. A server's name is its project; there is no server without one."""

    settings = Instance(Settings).tag(config=True)
    started = ""  # when the keeper started, as the kernel counts it: a number may be used again

    async def start(self) -> str:
        """Start the session of the project that is this server's name; return the server's address.

        Raises:
            SpawnException: in one sentence, why not.
        """
        try:
            room = await asyncio.to_thread(self._open)
        except LabError as error:
            raise SpawnException(str(error), reason="not permitted", status_code=403) from error
        whose = ["--user", room.username, "--project", room.project]
        self.cmd = [sys.executable, "-m", "lab.hub.keeper", *whose]
        await super().start()
        self.started = _start_time(self.pid)
        await self._answering(room)
        return socket_url(room.front_socket)

    async def _answering(self, room: Room) -> None:
        # JupyterHub itself asks at growing intervals, which would cost seconds of a person's time.
        while not unix_socket_in_use(str(room.front_socket)):
            if await self.poll() is not None:
                raise SpawnException("the session ended while it started", reason="ended", status_code=500)
            await asyncio.sleep(0.05)

    def _open(self) -> Room:
        if not self.name:
            raise NotPermitted("a session belongs to a project", remedy="start it from the list of projects")
        require_isolation()
        db = self.settings.database()
        room = Room.open(self.settings, db, self.user.name, self.name)
        with db.write(actor=room.username, via="hub") as unit:
            unit.record("session.started", subject=room.project, details={"extract": room.extract.id})
        return room

    @property
    def server(self) -> Server | None:
        """The server as the proxy and the hub reach it: over its socket."""
        server = Spawner.server.fget(self)
        if server is not None and server.proto == "http+unix":
            # JupyterHub adds a port to every host, and a socket has none.
            server.connect_url = f"{server.proto}://{server.ip}"
        return server

    @server.setter
    def server(self, server: Server | None) -> None:
        Spawner.server.fset(self, server)

    def get_env(self) -> dict[str, str]:
        """Return the keeper's environment; of it, only what is the server's own goes inside."""
        env: dict[str, str] = super().get_env()
        env["LAB_HOME"] = str(self.settings.home)
        env["LAB_DATABASE_URL"] = self.settings.database_url
        prefix = self.server.base_url if self.server else "/"
        env["JUPYTERHUB_SERVICE_URL"] = socket_url(inside.SERVER) + prefix
        return env

    def get_args(self) -> list[str]:
        """Return nothing: the server is configured by the room."""
        return []

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the environment as it is: people are no users of the operating system."""
        return env

    def make_preexec_fn(self, name: str) -> None:
        """Change no user: the sandbox has its own."""

    def options_from_query(self, query_data: dict[str, list[str]]) -> dict[str, Any]:
        """Ignore options: a session is what its project says."""
        return {}

    def get_state(self) -> dict[str, Any]:
        """Remember the keeper over a restart of the hub."""
        return {**super().get_state(), "started": self.started}

    def load_state(self, state: dict[str, Any]) -> None:
        """Find the keeper again after a restart of the hub."""
        super().load_state(state)
        self.started = state.get("started", "")

    async def poll(self) -> int | None:
        """Return None while the keeper runs, as the process that it was."""
        if self.proc is None and self.pid and _start_time(self.pid) != self.started:
            self.clear_state()
            return 0
        status: int | None = await super().poll()
        return status


def _start_time(pid: int) -> str:
    """Return when a living process began; empty for none, and for one that only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
