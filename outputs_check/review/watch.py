"""The pages' companion: a process that takes in what arrives and finishes releases that broke off.

It is a process of its own, so that nothing it does, and nothing a submission does to the gate, holds up
a page. It lives as long as its standard input is open: its parent holds the other end, and however the
parent dies, the kernel closes it.
"""

import logging
import select
import sys
from pathlib import Path

from lab.base.errors import LabError
from lab.base.settings import Settings
from outputs_check.review.intake import intake
from outputs_check.review.release import resume
from outputs_check.review.station import Station, open_station

_PAUSE, _PAUSE_AFTER_TROUBLE = 1.0, 15.0  # seconds
log = logging.getLogger("outputs_check.watch")


def watch(home: Path | None = None) -> None:
    """Work until standard input is closed."""
    station = open_station(Settings.load(home))
    healthy, told = False, frozenset[str]()
    while True:
        trouble = _pass(station, thorough=not healthy)
        for line in sorted(trouble - told):
            log.error("%s", line)
        healthy, told = not trouble, trouble
        ready, _, _ = select.select([sys.stdin], [], [], _PAUSE if healthy else _PAUSE_AFTER_TROUBLE)
        if ready:
            return


def _pass(station: Station, *, thorough: bool) -> frozenset[str]:
    """Do what waits; return what stood in the way. The next pass finds the same work again."""
    try:
        taken = intake(station, thorough=thorough)
        if thorough:
            resume(station)
    except (LabError, OSError) as error:
        return frozenset({str(error)})
    except Exception as error:
        # Its type only: a message can quote the data, and logs are read by others.
        return frozenset({f"a fault: {type(error).__name__}"})
    for each in taken:
        log.info("%s: %s %s", each.submission, each.state or "refused", each.trouble)
    return frozenset(f"{each.submission}: {each.trouble}" for each in taken if each.state and each.trouble)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    watch()
