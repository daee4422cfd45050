"""A notebook run again: its source, in a clean room with the extract and nothing else, watched as a whole.

The room is a session's: the same programs, the same places, the same variables; no keeper, no network, an
empty workspace in memory. What comes out is as untrusted as the notebook, and only compared with what was
submitted: nothing of it is released, and nothing that it says stands in a finding.
"""

from __future__ import annotations

import base64
import builtins
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab.base import room as inside
from lab.base.errors import BadInput, NotFound
from lab.base.program import progress
from lab.base.sandbox import Limits, Mount, Sandbox, python_environment, require_isolation
from lab.base.watched import Bounds, Ending, run_watched

_GIB = 1 << 30
_ANSWER_BYTES = 256 << 20
_PROGRAMS = ("nbclient", "ipykernel", "dask", "matplotlib")
_CONFIGURED = Path(__file__).with_suffix(".toml")
Cells = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RerunLimits:
    """What one run may take: of the whole room, but for `cpu_seconds` of each process."""

    seconds: float
    cpu_seconds: int
    memory_gib: float
    processes: int
    scratch_gib: float

    def __post_init__(self) -> None:
        if min(self.seconds, self.cpu_seconds, self.memory_gib, self.processes, self.scratch_gib) <= 0:
            raise BadInput("a limit of running notebooks is not positive", where=str(_CONFIGURED))

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory, never more than three quarters of the machine's."""
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return min(int(self.memory_gib * _GIB), machine * 3 // 4)


@cache
def configured_limits() -> RerunLimits:
    """Return the limits that are installed here.

    Raises:
        BadInput: rerun.toml is not what it has to be.
    """
    try:
        return RerunLimits(**tomllib.loads(_CONFIGURED.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise BadInput(f"not the limits of a run: {error}", where=str(_CONFIGURED)) from None


@dataclass(frozen=True)
class Rerun:
    """How a run ended. cell: the last one that began, from 1. error: what ended it, or "".

    files: every version of each wanted file that it wrote, by plain name.
    """

    ending: Ending = Ending.DONE
    cell: int = 0
    error: str = ""
    answered: bool = False
    files: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)


def rerun(cells: Cells, data: Path, project: str, wanted: Iterable[str], limits: RerunLimits) -> Rerun:
    """Run the cells of a notebook against a data folder, which it can read and not write.

    wanted: plain names of the files that it should write.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
        NotFound: the programs that run notebooks are not installed here.
    """
    require_isolation()
    if missing := [name for name in _PROGRAMS if find_spec(name) is None]:
        raise NotFound(
            "notebooks cannot be run here", where=missing[0], remedy="install the 'checking' extra"
        )
    names = frozenset(wanted)
    told = _Told(names, len(cells))
    message = json.dumps({"cells": cells, "files": sorted(names)}).encode()
    bounds = Bounds(limits.seconds, limits.processes, limits.memory_bytes, _ANSWER_BYTES)
    command = [sys.executable, "-P", "-m", "lab.session.rerun"]
    with progress("running the notebook again", total=len(cells)) as bar:

        def listen(line: bytes) -> None:
            before = told.cell
            told.listen(line)
            bar.advance(told.cell - before)

        ending = run_watched(_room(data, project, limits), command, message, bounds, listen)
    return Rerun(ending, told.cell, told.error, told.answered, told.files)


def _room(data: Path, project: str, limits: RerunLimits) -> Sandbox:
    programs, environment = python_environment("lab")
    own = inside.environment("researcher", project, data.resolve().name)
    return Sandbox(
        mounts=(*programs, Mount(data.resolve(), str(inside.DATA))),
        environment={**environment, **own, inside.RERUN: "1"},
        workdir=str(inside.WORKSPACE),
        limits=Limits(
            memory_bytes=limits.memory_bytes,
            processes=limits.processes,
            cpu_seconds=limits.cpu_seconds,
            file_bytes=int(limits.scratch_gib * _GIB),
        ),
        tmpfs=(str(inside.WORKSPACE), "/tmp", "/dev/shm"),  # noqa: S108 - inside, and gone with it
        tmpfs_bytes=int(limits.scratch_gib * _GIB),
    )


class _Told:
    """What the room says, of which only the documented shapes are taken."""

    def __init__(self, wanted: frozenset[str], cells: int) -> None:
        self._wanted, self._cells = wanted, cells
        self.cell, self.error, self.answered = 0, "", False
        self.files: dict[str, tuple[bytes, ...]] = {}

    def listen(self, line: bytes) -> None:
        try:
            match json.loads(line):
                case {"cell": int(index)} if 0 <= index < self._cells:
                    self.cell = max(self.cell, index + 1)
                case {"error": None | str() as error, "files": list(files)}:
                    self._take(files)
                    self.error = _known(error) if error is not None else ""
                    self.answered = True
        except (ValueError, TypeError, RecursionError):
            return  # what is no line of the protocol says nothing

    def _take(self, files: list[Any]) -> None:
        for path, encoded in files:
            name = str(path).rpartition("/")[2]
            if name in self._wanted:
                data = base64.b64decode(encoded, validate=True)
                self.files[name] = (*self.files.get(name, ()), data)


def _known(error: str) -> str:
    """Name the error only where it is a known one: a name of one's own could carry data out."""
    known = getattr(builtins, error, None)
    is_builtin = isinstance(known, type) and issubclass(known, BaseException)
    return error if is_builtin else _OTHERS.get(error, "an error of its own")


_OTHERS = {
    "DeadKernelError": "the death of its kernel",
    "NotFound": "something of the lab that was not found",
    "URLError": "URLError: there is no network",
    "gaierror": "gaierror: there is no network",
}
