"""Receive a delivery and be killed in the middle of it: python killed_receive.py HOME DELIVERY [SYNC …].

For each SYNC the receiving process is forked off and kills itself (SIGKILL) at that call of fsync, every
step that has to last being followed by one; then a process that is left alone receives the same delivery.
Prints one JSON object: for each kill, what a reader finds on disk and in the register right after it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.base.settings import Settings
from linkage import deliveries, examine
from linkage.intake import Intake
from linkage.layout import Layout
from linkage.offers import offered

HOME, DELIVERY = Path(sys.argv[1]), Path(sys.argv[2])
KILLS = [int(number) for number in sys.argv[3:]]
assert examine  # imported before the forks: it takes seconds


def settings() -> Settings:
    return Settings(HOME, f"sqlite:///{HOME / 'lab.db'}")


def die_at(call: int) -> None:
    real, seen = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal seen
        seen += 1
        if seen == call:
            os.kill(os.getpid(), signal.SIGKILL)
        real(descriptor)

    os.fsync = fsync


def receive(kill: int) -> Any:
    database = settings().database()
    database.create()
    if kill:
        die_at(kill)
    (receipt,) = Intake(settings(), database, "custodian").receive(offered(DELIVERY))
    return receipt.state


def look(_: int) -> Any:
    """What is accepted, by the register; whether all of it is there; whether the audit log holds."""
    database = settings().database()
    register = deliveries.listed(database)
    database.verify_audit()
    layout = Layout(settings().ttp)
    whole = []
    for entry in register:
        if entry["state"] == "accepted":
            (offer,) = offered(DELIVERY)
            known = offer.schema()
            assert known is not None
            whole.append((layout.accepted(known, entry["id"]) / "data.parquet").stat().st_size > 0)
    return {"states": [entry["state"] for entry in register], "whole": all(whole)}


def forked(act: Callable[[int], Any], argument: int) -> Any:
    """The answer of a function run in a process of its own; "killed" where it was."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, json.dumps(act(argument)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        answer = stream.read()
    status = os.waitpid(child, 0)[1]
    return "killed" if os.WIFSIGNALED(status) else json.loads(answer)


def leftovers() -> list[str]:
    kept = (path for path in (HOME / "ttp").rglob("*") if path.is_file())
    return sorted(str(path.relative_to(HOME / "ttp")) for path in kept)


if __name__ == "__main__":
    settings().prepare()
    found = [{"kill": kill, "receive": forked(receive, kill), **forked(look, 0)} for kill in KILLS]
    last = forked(receive, 0)
    print(json.dumps({"kills": found, "last": last, "after": forked(look, 0), "files": leftovers()}))
