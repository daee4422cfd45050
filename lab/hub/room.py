"""A session's room: what is mounted, what can be reached, what is limited, and why. SATRE 2.1.

The one place that decides it, for sessions, for `lab sandbox run` and for `lab sandbox explain`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base import cgroup, seccomp
from lab.base import room as inside
from lab.base.cgroup import Bounds
from lab.base.database import Database
from lab.base.errors import NotFound, NotPermitted
from lab.base.sandbox import Limits, Mount, Sandbox, python_environment
from lab.base.settings import Settings
from lab.catalogue.view import ExtractView, current_extract, extract
from lab.hub.places import Places
from lab.registry.view import session_permit, today

_PROCESSES = 512
_LARGEST_FILE = 16 << 30
_JUPYTER = Path(__file__).parent / "jupyter"


@dataclass(frozen=True)
class Room:
    """One person's room for one project."""

    username: str
    project: str
    extract: ExtractView
    workspace: Path
    sockets: Path
    hub_socket: Path
    front_socket: Path
    meter: Path

    @classmethod
    def open(cls, settings: Settings, db: Database, username: str, project: str) -> "Room":
        """Return the room of a person who may have one now.

        Raises:
            NotPermitted: she may not, or the owners' grant has ended.
            NotFound: the project has no extract.
        """
        day = today()
        session_permit(db, username, project, day)
        found = current_extract(settings, db, project)
        if found is None:
            raise NotFound(
                "the project has no data yet",
                where=f"project {project}",
                remedy="wait until its extract is received",
            )
        found.require_grant(day)
        places = Places.of(settings)
        workspace = workspace_of(settings, username, project)
        return cls(
            username,
            project,
            found,
            workspace,
            sockets=places.session(username, project),
            hub_socket=places.hub,
            front_socket=places.front(username, project),
            meter=places.meter(username, project),
        )

    def require_permit(self, settings: Settings, db: Database) -> None:
        """Let the room stay open today.

        Raises:
            NotPermitted: the person may not be in it any more, or the data may not.
        """
        day = today()
        session_permit(db, self.username, self.project, day)
        held = extract(settings, db, self.extract.id)
        if held is None:
            raise NotPermitted("its extract is gone", where=f"project {self.project}")
        held.require_grant(day)

    @property
    def keeper_socket(self) -> Path:
        """The keeper's socket, as the host sees it."""
        return self.sockets / inside.KEEPER.name

    @property
    def hub_door(self) -> Path:
        """The session's way to the hub, as the host sees it."""
        return self.sockets / inside.HUB.name

    @property
    def server_socket(self) -> Path:
        """The notebook server's socket, as the host sees it."""
        return self.sockets / inside.SERVER.name

    def prepare(self) -> None:
        """Make the folders that are mounted, for their owner only."""
        for folder in (self.workspace, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sandbox(self) -> Sandbox:
        """Return the sandbox of this room."""
        programs, environment = python_environment("lab")
        own = (Mount(source, target, writable) for source, target, writable, _why in self._own_mounts())
        return Sandbox(
            mounts=(*programs, *own),
            environment={**environment, **self._environment()},
            workdir=str(inside.WORKSPACE),
            limits=limits(),
            tmpfs=("/tmp", "/dev/shm"),  # noqa: S108 - inside, and private to this room
        )

    def _environment(self) -> dict[str, str]:
        known = inside.environment(self.username, self.project, self.extract.id)
        return {**known, "JUPYTER_CONFIG_PATH": str(_JUPYTER)}

    def _own_mounts(self) -> tuple[tuple[Path, str, bool, str], ...]:
        return (
            (self.extract.path, str(inside.DATA), False, "the project's extract"),
            (self.workspace, str(inside.WORKSPACE), True, "her files of this project"),
            (self.sockets, str(inside.SOCKETS), False, "the three sockets"),
        )

    def explain(self) -> dict[str, Any]:
        """Return what is mounted, reachable and limited, and why."""
        programs, _ = python_environment("lab")
        whole = bounds()
        return {
            "person": self.username,
            "project": self.project,
            "extract": self.extract.id,
            "mounts": [
                *({"target": each.target, "writable": False, "why": "programs"} for each in programs),
                *(
                    {"target": target, "writable": writable, "why": why}
                    for _source, target, writable, why in self._own_mounts()
                ),
            ],
            "sockets": [
                {"path": str(inside.KEEPER), "why": "submissions to the gate"},
                {"path": str(inside.HUB), "why": "the notebook server asks the hub who logs in, and no more"},
                {"path": str(inside.SERVER), "why": "the front door reaches the notebook server"},
            ],
            "network": "its own, with no device but loopback",
            "limits": {
                "memory_bytes": whole.memory_bytes,
                "processes": whole.processes,
                "cpu": whole.cpus,
                "file_bytes": _LARGEST_FILE,
                "held_by": cgroup.kept_by(),
            },
            "seccomp": {
                "refused": sorted(seccomp.REFUSED),
                "why": "calls that no analysis needs and that have let people out of sandboxes",
            },
            "namespaces": ["user", "mount", "pid", "network", "ipc", "uts", "cgroup"],
        }


def workspace_of(settings: Settings, username: str, project: str) -> Path:
    """Return where a person's own files of a project lie."""
    return settings.lab / "workspaces" / project / username


def bounds() -> Bounds:
    """Return what a session may use as a whole: three quarters of the machine's memory, every processor."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Bounds(memory * 3 // 4, _PROCESSES, float(os.cpu_count() or 1))


def limits() -> Limits:
    """Return what each of its processes may use, which holds where a session as a whole cannot be bounded."""
    whole = bounds()
    return Limits(whole.memory_bytes, whole.processes, file_bytes=_LARGEST_FILE)
