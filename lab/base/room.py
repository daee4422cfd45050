"""Where things stand inside a session, and what its programs are told.

The hub builds a session's room after this plan, the gate the one in which it runs a notebook again.
"""

import os
from pathlib import Path

DATA = Path("/data")  # the project's extract, read only
WORKSPACE = Path("/workspace")  # the person's own folder for the project, her home
SOCKETS = Path("/run/lab")
KEEPER = SOCKETS / "keeper.sock"  # submissions go out here
HUB = SOCKETS / "hub.sock"  # what the notebook server may ask the hub
SERVER = SOCKETS / "server.sock"  # the notebook server, for the proxy

DECLARATION = "submission.toml"

# One message is one line of JSON: to the keeper, and back from it.
LONGEST_REQUEST = 64 << 10
LONGEST_ANSWER = 16 << 20

# Set in the room where the gate runs a notebook again: nothing is sent from there.
RERUN = "LAB_RERUN"


def environment(user: str, project: str, extract: str) -> dict[str, str]:
    """Return the variables of a room, beside those that run Python."""
    return {
        "HOME": str(WORKSPACE),
        "USER": user,
        "SHELL": "/bin/sh",
        "LAB_PROJECT": project,
        "LAB_EXTRACT": extract,
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108 - inside
        "MPLBACKEND": "agg",
    }


def is_rerun() -> bool:
    """Return whether this is the room where the gate runs a notebook again."""
    return RERUN in os.environ
