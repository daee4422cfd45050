"""Where code is tried: outside, in a room as `lab sandbox run` makes it, in a kernel of a session."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.escape.attempt import Answer, Attempt, Code
from lab.hub.visitor import Kernel

CHILD = (sys.executable, "-P", "-m", "lab.escape.child")
_SECONDS = 300.0


class Room(Protocol):
    """A place that a program can run in."""

    def run(self, given: bytes, targets: Mapping[str, Any]) -> str:
        """Run the child program on its input and return what it printed."""


@dataclass(frozen=True)
class Outside:
    """No room at all: the door open. Started in a folder of the suite's own, with that as its home."""

    folder: Path

    def run(self, given: bytes, targets: Mapping[str, Any]) -> str:
        """Run as anybody's program runs."""
        own = {"HOME": str(self.folder), "LAB_ESCAPE_PROXY": targets["canary"]}
        done = subprocess.run(
            CHILD,
            input=given,
            env={**os.environ, **own},
            cwd=self.folder,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            pass_fds=(targets["descriptor"],),
        )
        return done.stdout.decode()


@dataclass(frozen=True)
class Inside:
    """Exactly a session's room."""

    settings: Settings
    username: str
    project: str

    def run(self, given: bytes, targets: Mapping[str, Any]) -> str:
        """Run by `lab sandbox run`; what it says to the operator is kept among the operators' files."""
        whose = ("--project", self.project, "--as", self.username)
        command = [sys.executable, "-m", "lab", "--home", str(self.settings.home), "sandbox", "run", *whose]
        done = subprocess.run(
            [*command, "--", *CHILD],
            input=given,
            env={**os.environ, "LAB_ESCAPE_PROXY": targets["canary"]},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            pass_fds=(targets["descriptor"],),
        )
        Path(targets["operators"], "sandbox-run.log").write_bytes(done.stderr)
        if not done.stdout:
            raise LabError(done.stderr.decode().strip() or "the room did not start")
        return done.stdout.decode()


@dataclass(frozen=True)
class InKernel:
    """A kernel, beside the notebook server that started it."""

    kernel: Kernel

    def run(self, given: bytes, targets: Mapping[str, Any]) -> str:
        """Run as a child of the kernel."""
        cell = (
            "import subprocess\n"
            f"done = subprocess.run({CHILD!r}, input={given!r}, capture_output=True)\n"
            "print(done.stdout.decode())"
        )
        return self.kernel.run(cell, _SECONDS).text


def try_all(room: Room, attempts: Sequence[Attempt], targets: Mapping[str, Any]) -> dict[str, Answer]:
    """Try code attempts one after the other in a room, and look at what they left once it is gone.

    Raises:
        LabError: one was not answered for; what nobody saw fail did not fail.
    """
    codes = {attempt.id: attempt.how for attempt in attempts if isinstance(attempt.how, Code)}
    bodies = {name: code.body for name, code in codes.items()}
    printed = room.run(json.dumps({"attempts": bodies, "targets": dict(targets)}).encode(), targets)
    found = {said["id"]: said for said in map(json.loads, filter(None, printed.splitlines()))}
    if missing := [name for name in codes if name not in found]:
        raise LabError(f"the room did not say what came of {len(missing)} attempts", where=missing[0])
    return {name: _answer(code, found[name], targets) for name, code in codes.items()}


def _answer(code: Code, said: Mapping[str, Any], targets: Mapping[str, Any]) -> Answer:
    worked = code.after(said["told"], targets) if code.after else bool(said["worked"])
    return Answer(worked, str(said["told"])[:200])
