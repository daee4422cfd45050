"""A program in a sandbox that is watched as a whole: its time, its processes, its memory, its answer.

The kernel's limits hold for each process; here they are added up, and whoever goes beyond is killed with
everything inside. Between two looks a program may overshoot, so that this is a bound, not a ration.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lab.base.sandbox import Sandbox

_PAUSE = 0.2  # seconds between two looks
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Ending(Enum):
    """Why a watched program is over."""

    DONE = "it ended by itself"
    TIME = "time"
    PROCESSES = "processes"
    MEMORY = "memory"
    ANSWER = "answer"


@dataclass(frozen=True)
class Bounds:
    """What all of a sandbox may take: wall-clock seconds, processes, resident bytes, bytes it prints."""

    seconds: float
    processes: int
    memory_bytes: int
    answer_bytes: int


def run_watched(
    sandbox: Sandbox, argv: list[str], message: bytes, bounds: Bounds, told: Callable[[bytes], None]
) -> Ending:
    """Run a program inside to its end; hand every line that it prints to `told`.

    Errors: those of `Sandbox.started`. Whatever the program does to itself is an ending, not an error.
    """
    with sandbox.started(argv, message) as process:
        watch = _Watch(process, bounds)
        looking = threading.Thread(target=watch.look, daemon=True)
        looking.start()
        try:
            left = bounds.answer_bytes
            while process.stdout and (line := process.stdout.readline(left + 1)):
                left -= len(line)
                if left < 0:
                    watch.end(Ending.ANSWER)
                    break
                told(line)
            process.wait()
        finally:
            watch.over.set()
            looking.join()
    return watch.ending


class _Watch:
    """Looks at a process and its descendants until it is over."""

    def __init__(self, process: subprocess.Popen[bytes], bounds: Bounds) -> None:
        self._process, self._bounds = process, bounds
        self._late = time.monotonic() + bounds.seconds
        self.over = threading.Event()
        self.ending = Ending.DONE

    def look(self) -> None:
        while not self.over.wait(_PAUSE):
            processes, memory = _usage(self._process.pid)
            if time.monotonic() > self._late:
                self.end(Ending.TIME)
            elif processes > self._bounds.processes:
                self.end(Ending.PROCESSES)
            elif memory > self._bounds.memory_bytes:
                self.end(Ending.MEMORY)

    def end(self, ending: Ending) -> None:
        """Kill bubblewrap, and the kernel everything inside; the first reason is the one that is told."""
        if self.ending is Ending.DONE and self._process.poll() is None:
            self.ending = ending
        self._process.kill()


def _usage(root: int) -> tuple[int, int]:
    """Return how many descendants a process has and how many bytes of memory they hold."""
    parents, resident = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):  # it ended meanwhile
                # proc(5): the name in parentheses may hold anything; then state, ppid … rss is the 24th.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                parents[int(entry.name)], resident[int(entry.name)] = int(fields[1]), int(fields[21])
    children: dict[int, list[int]] = {}
    for process, parent in parents.items():
        children.setdefault(parent, []).append(process)
    found, memory, waiting = 0, 0, list(children.get(root, []))
    while waiting:
        process = waiting.pop()
        found += 1
        memory += resident[process] * _PAGE
        waiting += children.get(process, [])
    return found, memory
