"""The whole suite: every attempt, and the ways that stay."""

from collections.abc import Iterable

from lab.escape.attempt import Attempt, Residual
from lab.escape.attempts import (
    channels,
    covert,
    dropbox,
    engines,
    hooks,
    host_files,
    hub,
    kernel_calls,
    leftovers,
    network,
    network_devices,
    operators,
    pages,
    routes,
    tokens,
)

_THEMES = (
    routes,
    channels,
    pages,
    hub,
    tokens,
    network,
    network_devices,
    engines,
    host_files,
    hooks,
    kernel_calls,
    leftovers,
    dropbox,
    operators,
    covert,
)


def attempts(families: Iterable[int] = ()) -> list[Attempt]:
    """Return the attempts of some families, of all by default, in their order."""
    wanted = set(families)
    found = [attempt for theme in _THEMES for attempt in theme.ATTEMPTS]
    return sorted(
        (attempt for attempt in found if not wanted or attempt.family in wanted),
        key=lambda attempt: attempt.family,
    )


_DIRECT = "in direct mode only, which is for synthetic data and low tiers"

RESIDUALS = (
    Residual(
        1,
        "a file that JupyterLab opens in an editor reaches the browser as JSON",
        f"it is what the screen shows, counted by the session's meter; {_DIRECT}",
    ),
    Residual(
        2,
        "workspaces and settings of JupyterLab are JSON that a kernel can write as well",
        f"JupyterLab needs them; they are counted by the session's meter; {_DIRECT}",
    ),
    Residual(
        3,
        "a kernel prints rows on the screen",
        "that is what a notebook is for; the messages are capped, counted and recorded, an alert is written "
        "and the session stops above the day's allowance",
    ),
    Residual(
        4,
        "a page leads itself to another site: by a script, a link or a refresh, with rows in the address",
        f"no policy of a page can forbid its own navigation; {_DIRECT}",
    ),
    Residual(
        4, "WebRTC makes a name or a packet of rows", f"no browser heeds a policy against it; {_DIRECT}"
    ),
    Residual(
        5,
        "copy, save as, print, developer tools, extensions and translators of the person's own browser",
        f"they are hers; {_DIRECT}",
    ),
    Residual(
        5, "eyes, memory, a camera, a picture of the screen", "no software sees them; people are accredited"
    ),
    Residual(
        8,
        "the tasks of one person's own cluster are hers to read",
        "cluster and session are one room, and it has no dashboard that leads outside",
    ),
    Residual(
        9,
        "a system with a flaw in its kernel",
        "all rooms share one kernel; calls that flaws were found in are refused, updates are the operator's",
    ),
    Residual(
        10,
        "a released figure that hides a word in its last digits, or in the order of its rows",
        "no program can be sure to see steganography; the gate rounds, rebuilds and recomputes, "
        "and people decide",
    ),
    Residual(
        11,
        "what a server prints in its room is kept in the session's log",
        "up to a size, readable by the lab's own user only, and shown to nobody by the lab",
    ),
    Residual(
        12,
        "load, timing, and the machine's averages in /proc (loadavg, stat, meminfo, uptime)",
        "programs need them to size themselves; only separate machines would part them",
    ),
    Residual(
        12,
        "locks on, and the cached pages and times of, files that rooms share read only",
        "two sessions at once could signal bits by them; neither has another way out than the gate",
    ),
)
