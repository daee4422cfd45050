"""Run a program that ends when whoever started it ends, however that happens."""

import ctypes
import os
import signal
import sys

TETHERED = (sys.executable, "-m", "lab.hub.tether")  # before a command line: it ends with its parent
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program named on the command line, tied to the life of our parent."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("error: whoever started this program has ended")
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the program is the hub's own configuration


if __name__ == "__main__":
    main()
