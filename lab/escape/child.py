"""Runs attempts one after the other, each in a process of its own; the same program inside and outside.

Reads {"attempts": {id: body}, "targets": {...}} on standard input, and prints a line of JSON for each.
"""

import json
import os
import select
import signal
import sys
import textwrap
from pathlib import Path
from typing import Any

_SECONDS = 12


def main() -> None:
    """Run what standard input says."""
    given = json.load(sys.stdin)
    for name, body in given["attempts"].items():
        worked, told = _apart(body, given["targets"])
        print(json.dumps({"id": name, "worked": worked, "told": told}), flush=True)


def _apart(body: str, targets: dict[str, Any]) -> tuple[bool, Any]:
    """Run a body in a child, whose session, signals and descriptors are its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        _answer(writing, body, targets)
    os.close(writing)
    said = _read(reading)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if said:
        answer = json.loads(said)
        return bool(answer["worked"]), answer["told"]
    return False, f"ended by signal {status & 127}" if status & 127 else f"exit status {status >> 8}"


def _answer(writing: int, body: str, targets: dict[str, Any]) -> None:
    signal.alarm(_SECONDS)
    own = os.getpid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    try:
        scope: dict[str, Any] = {"drop": drop}
        exec(f"def attempt(t):\n{textwrap.indent(textwrap.dedent(body), '    ')}", scope)  # noqa: S102
        found = scope["attempt"](targets)
        answer = {"worked": bool(found), "told": found if _plain(found) else repr(found)[:200]}
    except BaseException as error:  # an attempt may fail in any way there is
        answer = {"worked": False, "told": f"{type(error).__name__}: {error}"[:200]}
    if os.getpid() == own:  # a child of the attempt's own comes here, too, when it fails
        os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def _read(reading: int) -> bytes:
    # A process that the attempt left behind may hold the other end: a silence ends it, too.
    parts = []
    while select.select([reading], [], [], _SECONDS + 1)[0]:
        block = os.read(reading, 65536)
        parts.append(block)
        if not block or _complete(b"".join(parts)):
            break
    return b"".join(parts)


def _complete(said: bytes) -> bool:
    try:
        json.loads(said)
    except ValueError:
        return False
    return True


def _plain(found: Any) -> bool:
    return found is None or isinstance(found, str | int | bool)


def drop(targets: dict[str, Any], folder: str, files: list[str], **more: Any) -> str:
    """Submit files of the workspace: to the keeper inside; outside, to one who opens what it is told.

    Returns: where they arrived, below the inbox.
    """
    if targets["side"] == "inside":
        from lab.session.keeper import ask

        request = {"action": "submit", "folder": folder, "files": files, **more}
        return str(ask(request)["receipt"]["id"])
    box = Path(targets["inbox"], more.get("id", f"box-{os.getpid()}"))
    (box / "files").mkdir(parents=True, exist_ok=True)
    for name in files:
        content = Path(targets["workspace"], folder, name).read_bytes()
        (box / "files" / Path(name).name).write_bytes(content)
    return box.name


if __name__ == "__main__":
    main()
