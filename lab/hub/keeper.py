"""The keeper of one room: starts it, serves its drop box, and takes it down with itself.

Runs outside of the sandbox, one process a session, and outlives the hub. The sandbox dies with its
keeper, whatever kills it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tornado.netutil import bind_unix_socket

from lab.base import cgroup
from lab.base.cgroup import ControlGroup
from lab.base.errors import LabError, NotPermitted
from lab.base.room import LONGEST_REQUEST
from lab.base.sandbox import Sandbox
from lab.base.settings import Settings
from lab.hub.door import Door
from lab.hub.dropbox import DropBox
from lab.hub.meter import Allowance, Meter
from lab.hub.places import Places, open_log
from lab.hub.room import Room, bounds
from lab.hub.routes_inside import HUB, SESSION
from lab.hub.singleuser import DOOR, PRIVATE

_PATIENCE = 30.0  # seconds that a connection may stay silent
_MOST_CONNECTIONS = 8
_PERMIT_SECONDS = 15.0  # how often a session is held against permit and grant: SATRE 1.5, within a minute
_LONGEST_LOG = 4 << 20  # bytes of a server's output that are kept


@dataclass(frozen=True)
class Front:
    """A server's place on the web. door: the listening socket that it inherits, under the same number."""

    door: socket.socket
    prefix: str


@dataclass(frozen=True)
class Keeper:
    """Keeps one room."""

    settings: Settings
    room: Room

    async def keep(
        self,
        argv: Sequence[str],
        *,
        message: bytes | None,
        log: Path | None,
        front: Front | None = None,
    ) -> int:
        """Run a command in the room until it ends or we are told to stop; return its exit status.

        Args:
            argv: the command.
            message: what it reads on standard input; None leaves it ours.
            log: where what it prints goes; None leaves it ours.
            front: what the proxy is to reach of it; None for a command that is no server.
        """
        self.room.prepare()
        box = await self._serve()
        try:
            async with self._doors(front):
                return await self._run(argv, message, log, front.door if front else None)
        finally:
            box.close()
            shutil.rmtree(self.room.sockets, ignore_errors=True)

    @asynccontextmanager
    async def _doors(self, front: Front | None) -> AsyncIterator[None]:
        """Answer for the hub inside, and for the session outside, by what the lists of routes let through."""
        async with AsyncExitStack() as doors:
            hub = Door("/hub/", HUB, self.room.hub_socket)
            await doors.enter_async_context(hub.open(self.room.hub_door))
            if front is not None:
                meter = doors.enter_context(closing(Meter(self.room.meter, Allowance(), self._tell)))
                session = Door(front.prefix, SESSION, self.room.server_socket, meter)
                await doors.enter_async_context(session.open(self.room.front_socket))
            yield

    def _tell(self, word: str, count: int) -> None:
        with self.settings.database().write(actor="lab", via="session") as unit:
            details = {"person": self.room.username, "bytes_today": count}
            unit.record(f"session.{word}", subject=self.room.project, details=details)

    async def _run(
        self, argv: Sequence[str], message: bytes | None, log: Path | None, door: socket.socket | None
    ) -> int:
        sandbox, group = self.room.sandbox(), cgroup.create(self.room.sockets.name, bounds())
        try:
            return await self._inside(sandbox, group, argv, message, log, door)
        finally:
            if group is not None:
                await asyncio.to_thread(group.remove)

    async def _inside(
        self,
        sandbox: Sandbox,
        group: ControlGroup | None,
        argv: Sequence[str],
        message: bytes | None,
        log: Path | None,
        door: socket.socket | None,
    ) -> int:
        with sandbox.prepared(argv) as (command, descriptors):
            process = await asyncio.create_subprocess_exec(
                *(group.entering(command) if group else command),
                env=dict(sandbox.environment),
                stdin=asyncio.subprocess.PIPE if message is not None else None,
                stdout=asyncio.subprocess.PIPE if log else None,
                stderr=asyncio.subprocess.STDOUT if log else None,
                pass_fds=(*descriptors, door.fileno()) if door else descriptors,
            )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Killing bubblewrap takes everything inside with it.
            loop.add_signal_handler(number, _kill, process)
        watch = asyncio.create_task(self._end_with_the_permit(process))
        if process.stdin is not None and message is not None:
            process.stdin.write(message)
            process.stdin.close()
        if log is not None and process.stdout is not None:
            await _copy_log(process.stdout, log)
        try:
            return await process.wait()
        finally:
            watch.cancel()

    async def _end_with_the_permit(self, process: asyncio.subprocess.Process) -> None:
        """End the session, and with it the view of the data, once it might not start any more."""
        db = self.settings.database()
        while True:
            await asyncio.sleep(_PERMIT_SECONDS)
            try:
                await asyncio.to_thread(self.room.require_permit, self.settings, db)
            except NotPermitted as refusal:
                _kill(process)
                with db.write(actor="lab", via="session") as unit:
                    details = {"person": self.room.username, "why": str(refusal)}
                    unit.record("session.stopped", subject=self.room.project, details=details)
                return
            except SQLAlchemyError:
                continue  # a database that is away for a moment ends nobody's work

    async def _serve(self) -> asyncio.Server:
        box = DropBox(
            self.settings,
            self.room.username,
            self.room.project,
            self.room.extract.id,
            self.room.workspace,
        )
        seats = asyncio.Semaphore(_MOST_CONNECTIONS)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError):
                async with seats:
                    await _converse(box, reader, writer)
            writer.close()

        path = self.room.keeper_socket
        path.unlink(missing_ok=True)
        return await asyncio.start_unix_server(serve, path, limit=LONGEST_REQUEST)


async def _converse(box: DropBox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one line after the other; a line that is too long ends the conversation."""
    while line := await asyncio.wait_for(reader.readline(), _PATIENCE):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        answer = await asyncio.to_thread(box.answer, request)
        writer.write(json.dumps(answer).encode() + b"\n")
        await asyncio.wait_for(writer.drain(), _PATIENCE)


async def _copy_log(source: asyncio.StreamReader, log: Path) -> None:
    """Keep the first part of what the server prints; it must not fill the lab's disk."""
    left = _LONGEST_LOG
    log.unlink(missing_ok=True)
    with open_log(log) as stream:
        while block := await source.read(65536):
            stream.write(block[:left])
            left -= min(left, len(block))


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def main() -> None:
    """Keep the notebook server of one session; started by the hub."""
    parser = argparse.ArgumentParser(prog="lab.hub.keeper")
    parser.add_argument("--user", required=True)
    parser.add_argument("--project", required=True)
    given = parser.parse_args()
    settings = Settings.load()
    db = settings.database()
    try:
        room = Room.open(settings, db, given.user, given.project)
        private = {name: value for name, value in os.environ.items() if name.startswith(PRIVATE)}
        keeper = Keeper(settings, room)
        log = Places.of(settings).session_log(given.user, given.project)
        # -P: a module that lies in the workspace must not become part of the server, which has a token.
        command = [sys.executable, "-P", "-m", "lab.hub.singleuser"]
        room.prepare()
        # Ours, in a folder that the room cannot write: a link put there would lead the proxy elsewhere.
        with bind_unix_socket(str(room.server_socket), mode=0o600) as door:
            message = json.dumps({**private, DOOR: str(door.fileno())}).encode()
            front = Front(door, private["JUPYTERHUB_SERVICE_PREFIX"])
            status = asyncio.run(keeper.keep(command, message=message, log=log, front=front))
        with db.write(actor=given.user, via="session") as unit:
            unit.record("session.ended", subject=given.project, details={"status": status})
    except LabError as error:
        sys.exit(f"error: {error}")
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
