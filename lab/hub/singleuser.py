"""The notebook server, as it starts inside a room.

What the hub tells the server alone - its token among it - comes as JSON on standard input: nothing
of it stands in a command line, nor in the environment that /proc shows to every process of the room.
"""

import json
import os
import sys

PRIVATE = ("JUPYTERHUB_", "JPY_")


def main() -> None:
    """Take the private settings, then run JupyterHub's single-user server."""
    os.environ.update(json.load(sys.stdin))
    from jupyterhub.singleuser.extension import JupyterHubSingleUser

    JupyterHubSingleUser.launch_instance(argv=[])


if __name__ == "__main__":
    main()
