"""Limits on everything that runs in a session together: a control group of the kernel's.

SATRE 2.1 (resources). A limit of one process says little about a session, which may start many. Works
where this process may make groups: as root, or below a group that systemd delegated to the lab's
service; on the unified hierarchy (cgroups(7), version 2) and on the older one with a tree for each
controller. Elsewhere there is no group, the limits of single processes hold, and `explain` says so.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PERIOD = 100_000  # microseconds over which a share of the processors is counted
_NEEDED = ("memory", "pids", "cpu")
_ENTER = ("/bin/sh", "-c", 'echo 0 >"$0" && exec "$@"')  # 0: the process that writes; no entry, no start
_PATIENCE = 5.0  # seconds that the kernel may take to let go of the last process


@dataclass(frozen=True)
class Bounds:
    """What a session may use as a whole: bytes of memory, processes and threads, processors."""

    memory_bytes: int
    processes: int
    cpus: float


@dataclass(frozen=True)
class ControlGroup:
    """A group with limits; one folder of the kernel's, or one for each controller."""

    folders: tuple[Path, ...]

    def entering(self, argv: Sequence[str]) -> list[str]:
        """Return a command line that becomes `argv` within the group, or ends."""
        doors = [part for folder in self.folders for part in (*_ENTER, str(folder / "cgroup.procs"))]
        return [*doors, *argv]

    def remove(self) -> None:
        """Take the group away once the last process has left it."""
        deadline = time.monotonic() + _PATIENCE
        for folder in self.folders:
            while not _gone(folder) and time.monotonic() < deadline:
                time.sleep(0.02)


def create(name: str, bounds: Bounds) -> ControlGroup | None:
    """Make a group of this name with these limits; None where this process may not."""
    places = _places()
    if places is None:
        return None
    folders = tuple(dict.fromkeys(place / f"lab-{name}" for place in places.values()))
    try:
        for folder in folders:
            folder.mkdir(exist_ok=True)
        for controller, place in places.items():
            for file, value in _limits(controller, bounds, place / f"lab-{name}"):
                file.write_text(value)
    except OSError:
        for folder in folders:
            _gone(folder)
        return None
    return ControlGroup(folders)


def kept_by() -> str:
    """Say in a word what holds the limits here: "cgroup" for a session as a whole, "rlimit" for a process."""
    return "cgroup" if _places() is not None else "rlimit"


def delegate() -> None:
    """Make room for groups where the whole of our own was delegated to us: its processes move one down.

    On the unified hierarchy a group with processes cannot limit groups below it.
    """
    own = _own_unified()
    if own is None or own.name == "hub":
        return
    with contextlib.suppress(OSError):
        (own / "hub").mkdir(exist_ok=True)
        for process in (own / "cgroup.procs").read_text().split():
            (own / "hub" / "cgroup.procs").write_text(process)
        (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _NEEDED))


def _places() -> dict[str, Path] | None:
    """Return the folder of each controller in which a group can be made."""
    own = _own_unified()
    parents = [] if own is None else [own.parent] if own.name == "hub" else [own, *_root_of(own)]
    for parent in parents:
        with contextlib.suppress(OSError):
            if set(_NEEDED) <= set((parent / "cgroup.subtree_control").read_text().split()):
                return dict.fromkeys(_NEEDED, parent)
    trees = dict(_older_trees())
    return (
        trees
        if set(trees) == set(_NEEDED) and all(os.access(tree, os.W_OK) for tree in trees.values())
        else None
    )


def _own_unified() -> Path | None:
    mount = next((place for place, kind, _ in _mounts() if kind == "cgroup2"), None)
    path = next((path for number, _, path in _memberships() if number == "0"), None)
    return mount / path.lstrip("/") if mount is not None and path is not None else None


def _root_of(own: Path) -> list[Path]:
    """Root may use the top of the hierarchy, where nothing was delegated."""
    top = next((place for place, kind, _ in _mounts() if kind == "cgroup2"), None)
    return [top] if top is not None and top != own and os.geteuid() == 0 else []


def _older_trees() -> Iterator[tuple[str, Path]]:
    paths = {name: path for _, names, path in _memberships() for name in names.split(",")}
    for place, kind, options in _mounts():
        for name in _NEEDED:
            if kind == "cgroup" and name in options and name in paths:
                yield name, place / paths[name].lstrip("/")


def _mounts() -> Iterator[tuple[Path, str, frozenset[str]]]:
    for line in _lines("/proc/self/mounts"):
        _, place, kind, options, *_rest = line.split()
        yield Path(place), kind, frozenset(options.split(","))


def _memberships() -> Iterator[tuple[str, str, str]]:
    for line in _lines("/proc/self/cgroup"):
        number, names, path = line.split(":", 2)
        yield number, names, path


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _limits(controller: str, bounds: Bounds, folder: Path) -> Iterator[tuple[Path, str]]:
    memory, quota = str(bounds.memory_bytes), str(round(bounds.cpus * _PERIOD))
    unified = (folder / "cgroup.controllers").exists()
    match controller, unified:
        case "memory", True:
            yield folder / "memory.max", memory
            yield folder / "memory.swap.max", "0"
        case "memory", False:
            yield folder / "memory.limit_in_bytes", memory
            if (folder / "memory.memsw.limit_in_bytes").exists():
                yield folder / "memory.memsw.limit_in_bytes", memory
        case "cpu", True:
            yield folder / "cpu.max", f"{quota} {_PERIOD}"
        case "cpu", False:
            yield folder / "cpu.cfs_period_us", str(_PERIOD)
            yield folder / "cpu.cfs_quota_us", quota
        case _:
            yield folder / "pids.max", str(bounds.processes)


def _gone(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
