"""The sandboxed side: reads a request from standard input, answers one line per file.

Every file is read in a process of its own with limits of its own, so that a file that crashes, hangs
or explodes costs nothing but its own answer. Started once per submission; keep the imports light.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time

from outputs_check.parsers import limits
from outputs_check.parsers.kinds import parse
from outputs_check.parsers.parsed import Refused
from outputs_check.parsers.protocol import read_request, write_answer

_REMEDY = "submit a smaller, well-formed file"


def main() -> None:
    """Answer a request."""
    end = time.monotonic() + limits.ALL_SECONDS
    for name, data in read_request(sys.stdin.buffer.read()).items():
        seconds = min(limits.FILE_SECONDS, end - time.monotonic())
        sys.stdout.buffer.write(_isolated(name, data, seconds))
        sys.stdout.buffer.flush()


def _isolated(name: str, data: bytes, seconds: float) -> bytes:
    """Return the answer for one file, from a child that is killed after `seconds`."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _answer(name, data, sending)
    os.close(sending)
    try:
        answer = _receive(receiving, seconds)
    finally:
        os.close(receiving)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if answer is None:
        return write_answer(Refused("file.time", f"reading took over {limits.FILE_SECONDS:.0f} s", _REMEDY))
    if not answer.endswith(b"\n") or answer.count(b"\n") != 1:
        return write_answer(Refused("file.crash", "reading the file broke the reader", _REMEDY))
    return answer


def _answer(name: str, data: bytes, sending: int) -> None:
    try:
        cpu, memory = limits.FILE_CPU_SECONDS, limits.FILE_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
        try:
            answer = write_answer(parse(name, data))
        except MemoryError:
            answer = write_answer(Refused("file.memory", "reading took more memory than allowed", _REMEDY))
        with os.fdopen(sending, "wb") as stream:
            stream.write(answer)
    finally:
        os._exit(0)


def _receive(receiving: int, seconds: float) -> bytes | None:
    """Return everything up to the end of the stream, or None when the time is up."""
    end = time.monotonic() + seconds
    blocks: list[bytes] = []
    while True:
        ready, _, _ = select.select([receiving], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        block = os.read(receiving, 1 << 20)
        if not block:
            return b"".join(blocks)
        blocks.append(block)


if __name__ == "__main__":
    main()
