"""Limits on a session as a whole; each holds for processes that would each be within it alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lab.base import cgroup
from lab.base.cgroup import Bounds, ControlGroup

_WIDE = Bounds(memory_bytes=4 << 30, processes=500, cpus=2)


def _made(bounds: Bounds) -> ControlGroup:
    group = cgroup.create(f"test-{uuid4().hex[:8]}", bounds)
    if group is None:
        pytest.skip("this process may not make control groups here")
    return group


@pytest.fixture
def group() -> Iterator[ControlGroup]:
    made = _made(Bounds(memory_bytes=200 << 20, processes=20, cpus=0.5))
    yield made
    made.remove()


def _run(group: ControlGroup, code: str) -> subprocess.CompletedProcess[str]:
    command = group.entering([sys.executable, "-c", code])
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# Four processes with 100 MB each: none is over 200 MB, together they are.
_FOUR = """
import os, sys, time
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        kept = bytearray(os.urandom(1)) * (100 << 20)
        time.sleep(1)
        os._exit(0)
    children.append(child)
print(sum(os.waitpid(child, 0)[1] == 0 for child in children))
"""


def test_memory_is_counted_together(group: ControlGroup) -> None:
    wide = _made(_WIDE)
    assert _run(wide, _FOUR).stdout == "4\n"
    wide.remove()
    assert _run(group, _FOUR).stdout != "4\n"


_FORKS = """
import os, time
for number in range(40):
    try:
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
    except OSError:
        break
print("stopped" if number < 39 else "forked")
"""


def test_processes_are_counted_together_also_roots(group: ControlGroup) -> None:
    wide = _made(_WIDE)
    assert _run(wide, _FORKS).stdout == "forked\n"
    wide.remove()
    assert _run(group, _FORKS).stdout == "stopped\n"


def test_processors_are_shared(group: ControlGroup) -> None:
    code = """
import time
wall, used = time.monotonic(), time.process_time()
while time.monotonic() - wall < 2:
    pass
print((time.process_time() - used) / 2)
"""
    assert float(_run(group, code).stdout) < 0.75


def test_a_group_goes_with_its_last_process(group: ControlGroup) -> None:
    assert all(folder.is_dir() for folder in group.folders)
    _run(group, "pass")
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_what_cannot_enter_does_not_start() -> None:
    nowhere = ControlGroup((Path("/nonexistent"),))
    done = _run(nowhere, "print('started')")
    assert (done.returncode != 0, done.stdout) == (True, "")


def test_where_no_group_can_be_made_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "_lines", lambda _path: [])
    assert cgroup.create("test-none", _WIDE) is None
