"""What a measurement is, how it is taken, and where it is written."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_BEGIN, _END = "<!-- bench -->", "<!-- /bench -->"
TIMES = 5


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds are medians. limit: what we promise ("at most 2 x", "under 2 s")."""

    name: str
    ours_seconds: float
    peer: str
    peer_seconds: float | None
    limit: str

    def __str__(self) -> str:
        ratio = "" if not self.peer_seconds else f"{self.ours_seconds / self.peer_seconds:.2g} ×"
        peer = "" if self.peer_seconds is None else f"{self.peer_seconds:.2f} s"
        return f"| {self.name} | {self.ours_seconds:.2f} s | {self.peer} | {peer} | {ratio} | {self.limit} |"


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def in_turns(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Medians of both, called in turns: what else the machine does weighs on both alike."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(TIMES)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown, with the machine they were measured on."""
    head = "| what | ours | peer | | ours / peer | limit |\n|---|---|---|---|---|---|"
    machine = f"Medians of {TIMES} runs in turns on {os.cpu_count()} cores ({platform.machine()})."
    return "\n".join([head, *map(str, rows), "", machine])


def write(text: str, readme: Path = README) -> None:
    """Put the table between the markers of the README.

    Raises:
        ValueError: the README has no such markers.
    """
    before, begin, rest = readme.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{readme} has no {_BEGIN} … {_END}")
    readme.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
