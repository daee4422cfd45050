"""Where things stand inside a session. The hub builds the room after this plan; the notebook reads it."""

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
