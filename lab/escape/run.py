"""Runs attempts: sets up a lab to throw away and an open hub beside it, tries all, takes all down."""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab.base.settings import Settings
from lab.escape.attempt import Answer, Attempt, Code, Hook, Tried, Where
from lab.escape.home import furnish, ran, stand_in
from lab.escape.rooms import InKernel, Inside, Outside, Room, try_all
from lab.escape.sessions import OTHER, OTHER_PROJECT, PERSON, PROJECT, Sessions, both_hubs
from lab.escape.targets import targets
from lab.escape.throwaway import make_lab
from lab.hub.places import Places
from lab.hub.room import workspace_of

Advance = Callable[[int], None]
_COLLEAGUE = "rhea"
_SUBMISSIONS = 10


@dataclass(frozen=True)
class Ground:
    """Where attempts are made: the targets as they are called with the door open, and with the door shut."""

    settings: Settings
    folder: Path
    door_open: Mapping[str, Any]
    door_shut: Mapping[str, Any]


def run_in_rooms(
    attempts: Sequence[Attempt], ground: Ground, outside: Room, inside: Room, advance: Advance
) -> list[Tried]:
    """Try code with the door open and with the door shut, at once."""
    if not attempts:
        return []
    with ThreadPoolExecutor(2) as pool:
        opening = pool.submit(try_all, outside, attempts, ground.door_open)
        shut = try_all(inside, attempts, ground.door_shut)
        opened = opening.result()
    advance(len(attempts))
    return [Tried(each, opened[each.id], shut[each.id]) for each in attempts]


def outside_of(ground: Ground) -> Outside:
    """Return no room at all, beside a room."""
    return Outside(ground.folder / "outside")


def run_existing(
    attempts: Sequence[Attempt], settings: Settings, username: str, project: str, advance: Advance
) -> list[Tried]:
    """Try what a room can show by itself in somebody's room of a lab that is there already.

    Submissions are left out: what got through would lie before the checkers.
    """
    code = [each for each in _coded(attempts, Where.ROOM) if each.family != _SUBMISSIONS]
    with ground_of(settings, username, project) as ground:
        return run_in_rooms(code, ground, outside_of(ground), Inside(settings, username, project), advance)


def run_all(attempts: Sequence[Attempt], advance: Advance) -> list[Tried]:
    """Try everything, in a lab that is made for it and thrown away.

    Raises:
        IsolationRefused, NotFound: a lab cannot run here.
        LabError: an attempt was not answered for.
    """
    with TemporaryDirectory(prefix="lab-escape-", ignore_cleanup_errors=True) as temporary:
        password = secrets.token_urlsafe(24)
        settings = make_lab(Path(temporary, "lab"), password)
        try:
            with ground_of(settings, PERSON, PROJECT) as ground:
                return _everywhere(attempts, ground, password, advance)
        finally:
            # It lies apart from the home, because a socket's path must be short.
            shutil.rmtree(Places.of(settings).sockets, ignore_errors=True)


def _everywhere(attempts: Sequence[Attempt], ground: Ground, password: str, advance: Advance) -> list[Tried]:
    for place in _homes(ground):
        furnish(place, str(ground.door_shut["canary"]), attempts)
    room = _coded(attempts, Where.ROOM)
    inside = Inside(ground.settings, PERSON, PROJECT)
    tried: list[Tried] = []
    with ExitStack() as stack:
        hubs = None
        if len(room) < len(attempts):
            hubs = stack.enter_context(both_hubs(ground.settings, ground.folder / "open", password))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        in_room = pool.submit(run_in_rooms, room, ground, outside_of(ground), inside, advance)
        if hubs is not None:
            tried += _at_hubs(attempts, hubs, ground, advance)
        tried += in_room.result()
    order = {attempt.id: number for number, attempt in enumerate(attempts)}
    return sorted(tried, key=lambda each: order[each.attempt.id])


def _homes(ground: Ground) -> tuple[Path, Path]:
    """Return the person's home at the open hub, and at the lab's."""
    return ground.folder / "open" / PERSON, workspace_of(ground.settings, PERSON, PROJECT)


def _at_hubs(
    attempts: Sequence[Attempt], hubs: tuple[Sessions, Sessions], ground: Ground, advance: Advance
) -> list[Tried]:
    """Try what takes a session: a browser before it, a kernel in it, files that it may run."""
    tried = _browsed([each for each in attempts if _is_web(each)], hubs, ground, advance)
    opened, ours = (InKernel(hub.browser(ground.door_shut).kernel) for hub in hubs)
    tried += run_in_rooms(_coded(attempts, Where.KERNEL), ground, opened, ours, advance)
    hooks = [each for each in attempts if isinstance(each.how, Hook)]
    open_home, home = _homes(ground)
    return [*tried, *(Tried(each, ran(open_home, each), ran(home, each)) for each in hooks)]


def _browsed(
    attempts: Sequence[Attempt], hubs: tuple[Sessions, Sessions], ground: Ground, advance: Advance
) -> list[Tried]:
    open_hub, our_hub = (hub.browser(ground.door_shut) for hub in hubs)
    tried = []
    for attempt in attempts:
        opened: Answer = open_hub.try_(attempt.how)
        tried.append(Tried(attempt, opened, our_hub.try_(attempt.how)))
        advance(1)
    return tried


def _is_web(attempt: Attempt) -> bool:
    return not isinstance(attempt.how, Code | Hook)


def _coded(attempts: Sequence[Attempt], where: Where) -> list[Attempt]:
    return [each for each in attempts if isinstance(each.how, Code) and each.how.where is where]


@contextmanager
def ground_of(settings: Settings, username: str, project: str) -> Iterator[Ground]:
    """Put up what the attempts reach for, and name it for both sides."""
    with TemporaryDirectory(prefix="lab-escape-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        for name in ("host", "outside/workspace", "outside/scratch", "outside/inbox", "outside/operators",
                     "open", "operators"):  # fmt: skip
            (folder / name).mkdir(parents=True)
        with targets(folder / "host") as placed:
            common = {**placed, **_others(settings, username, project, str(placed["canary"]))}
            outside = folder / "outside"
            opened = {
                **common,
                "side": "outside",
                "workspace": str(outside / "workspace"),
                "scratch": str(outside / "scratch"),
                "data": str(stand_in(outside / "data")),
                "inbox": str(outside / "inbox"),
                "operators": str(outside / "operators"),
                "log": str(outside / "operators" / "log.txt"),
                "server_mark": "jupyterhub.singleuser",
            }
            shut = {
                **common,
                "side": "inside",
                "workspace": "/workspace",
                "scratch": "/tmp",  # noqa: S108 - inside
                "data": "/data",
                "inbox": str(settings.checking / "inbox"),
                "operators": str(folder / "operators"),
                "server_mark": "lab.hub.singleuser",
            }
            yield Ground(settings, folder, opened, shut)


def _others(settings: Settings, username: str, project: str, canary: str) -> dict[str, Any]:
    """Name what belongs to the lab and to other people; in a lab to throw away it is put there."""
    places = Places.of(settings)
    other = next((p for p in sorted((settings.lab / "extracts").iterdir()) if p.name != project), None)
    named = {
        "lab_home": str(settings.home),
        "other_extract": str(next(other.iterdir())) if other else "",
        "other_workspace": str(workspace_of(settings, OTHER, OTHER_PROJECT)),
        "colleague": str(workspace_of(settings, _COLLEAGUE, project)),
        "hub_socket": str(places.hub),
        "proxy_socket": str(places.proxy),
        "checking_socket": str(places.checking),
        "other_server": str(places.session(OTHER, OTHER_PROJECT) / "server.sock"),
        "ipc": str(Path("/proc/self/ns/ipc").readlink()),
    }
    if project == PROJECT and username == PERSON:
        for place in (named["other_workspace"], named["colleague"]):
            Path(place).mkdir(parents=True, exist_ok=True)
            Path(place, "notes.txt").write_text(canary)
    return named
