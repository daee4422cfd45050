"""The gate's side of the parser sandbox: bytes in, parsed values out, no exception for hostile bytes."""

from __future__ import annotations

import subprocess
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
    with (
        sandbox.prepared([sys.executable, "-P", "-m", worker]) as (command, descriptors),
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
        ) as process,
    ):
        late = threading.Timer(limits.ALL_SECONDS + limits.FILE_SECONDS, process.kill)
        feeder = threading.Thread(target=_feed, args=(process, request), daemon=True)
        late.start()
        feeder.start()
        try:
            # Never more than the bound: a worker that was taken over could send for ever.
            return process.stdout.read(limits.MAX_ANSWER_BYTES) if process.stdout else b""
        finally:
            late.cancel()
            process.kill()
            feeder.join()


def _feed(process: subprocess.Popen[bytes], request: bytes) -> None:
    stream = process.stdin
    if stream is None:
        return
    try:
        stream.write(request)
        stream.close()
    except OSError:
        return  # the reader died: its missing answers say so
