"""What an attempt to escape is: one way out, how it is tried, and what came of it.

Each is tried with the door open as well, where it has to work: a lock that nobody could have opened
anyway proves nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

FAMILIES = {
    1: "File routes of the notebook server",
    2: "JSON that a session can write",
    3: "WebSockets",
    4: "Outputs that make the browser call out",
    5: "The browser itself",
    6: "The hub",
    7: "The network",
    8: "Compute engines",
    9: "The host",
    10: "Inside submitted files",
    11: "What operators read",
    12: "Covert signals through shared state",
}


class Where(Enum):
    """Which room code is tried in: a fresh one, or a kernel of a session that has a server beside it."""

    ROOM = "room"
    KERNEL = "kernel"


@dataclass(frozen=True)
class Code:
    """Python that runs in a room, and outside of it.

    body: of a function of the targets `t`; it works if it returns something true.
    after: looked at outside once the room is gone, given what body returned; then this decides.
    """

    body: str
    where: Where = Where.ROOM
    after: Callable[[Any, Mapping[str, Any]], bool] | None = None


@dataclass(frozen=True)
class Request:
    """A request of a browser that is logged in; it works if the answer is good and has `finds` in it.

    path: from the root; {session} is the person's own session, {other} somebody else's.
    """

    method: str
    path: str
    finds: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """A websocket of a browser that is logged in; it works if it opens and says something.

    says: what is sent first, if anything. meanwhile: what is asked of the server while it is open.
    """

    path: str
    says: str = ""
    meanwhile: str = ""


@dataclass(frozen=True)
class Shown:
    """Bytes that a kernel prints; it works if `size` of them arrive and nobody counted them."""

    size: int


@dataclass(frozen=True)
class Page:
    """Something a page could do in the browser; it works if the answer's headers or text permit it."""

    path: str
    permits: Callable[[Mapping[str, str], str], bool]


@dataclass(frozen=True)
class Hook:
    """A file left at home; it works if it runs where the server's token is, or with the server's eyes."""

    files: Mapping[str, str]


How = Code | Request | Channel | Shown | Page | Hook


@dataclass(frozen=True)
class Attempt:
    """One way out. what: a sentence. source: who describes it."""

    id: str
    family: int
    what: str
    source: str
    how: How

    def __post_init__(self) -> None:
        if self.family not in FAMILIES or not (self.id and self.what and self.source):
            raise ValueError(f"not an attempt: {self.id!r}")


@dataclass(frozen=True)
class Residual:
    """A way that stays, and why."""

    family: int
    what: str
    why: str


class Outcome(Enum):
    """What an attempt came to."""

    CLOSED = "closed"
    OPEN = "OPEN"
    UNPROVEN = "not provable here"


@dataclass(frozen=True)
class Answer:
    """What happened at one of the two doors."""

    worked: bool
    told: str


@dataclass(frozen=True)
class Tried:
    """An attempt, with the door open and with the door shut."""

    attempt: Attempt
    door_open: Answer
    door_shut: Answer

    @property
    def outcome(self) -> Outcome:
        """What worked although the door was shut is open, whatever the other run said."""
        if self.door_shut.worked:
            return Outcome.OPEN
        return Outcome.CLOSED if self.door_open.worked else Outcome.UNPROVEN
