"""The gate's side of the parser sandbox: bytes in, parsed values out, no exception for hostile bytes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping

from lab.base.sandbox import Limits, Sandbox, python_environment, require_isolation
from outputs_check.parsers import limits
from outputs_check.parsers.parsed import Parsed, Refused
from outputs_check.parsers.protocol import read_answer, write_request

_CRASHED = Refused("file.crash", "reading the file broke the reader", "submit a smaller, well-formed file")


def parse_files(files: Mapping[str, bytes]) -> dict[str, Parsed]:
    """Parse every file in one sandbox without network, files or time to spare.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
    """
    if not files:
        return {}
    lines = run_worker(write_request(files)).split(b"\n")
    parsed: dict[str, Parsed] = {}
    for index, name in enumerate(files):
        try:
            parsed[name] = read_answer(lines[index]) if index < len(lines) and lines[index] else _CRASHED
        except ValueError:
            parsed[name] = _CRASHED
    return parsed


def run_worker(request: bytes, worker: str = "outputs_check.parsers.worker") -> bytes:
    """Run a worker in a sandbox; return what it answers, cut off at the bound.

    Raises:
        IsolationRefused: no sandbox can be had on this machine.
    """
    require_isolation()
    mounts, environment = python_environment("outputs_check")
    sandbox = Sandbox(
        mounts=mounts,
        environment=environment,
        limits=Limits(memory_bytes=2 * limits.FILE_MEMORY_BYTES, file_bytes=0),
    )
    with sandbox.started([sys.executable, "-P", "-m", worker], request) as process:
        late = threading.Timer(limits.ALL_SECONDS + limits.FILE_SECONDS, process.kill)
        late.start()
        try:
            # Never more than the bound: a worker that was taken over could send for ever.
            return process.stdout.read(limits.MAX_ANSWER_BYTES) if process.stdout else b""
        finally:
            late.cancel()
