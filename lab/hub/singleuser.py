"""The notebook server, as it starts inside a room.

What the hub tells the server alone - its token among it - comes as JSON on standard input: nothing
of it stands in a command line, nor in the environment that /proc shows to every process of the room.
"""

import ctypes
import json
import os
import socket
import sys

PRIVATE = ("JUPYTERHUB_", "JPY_")
DOOR = "LAB_DOOR"  # number of the socket that the keeper listens at, for the server to take over
_PR_SET_DUMPABLE = 4


def main() -> None:
    """Take the private settings, then run JupyterHub's single-user server."""
    close_to_others()
    os.environ.update(json.load(sys.stdin))
    door = socket.socket(fileno=int(os.environ.pop(DOOR)))
    door.setblocking(False)
    from jupyter_server.serverapp import ServerApp
    from jupyterhub.singleuser.extension import JupyterHubSingleUser

    class Server(ServerApp):
        """Answers at the keeper's socket instead of one of its own."""

        def _bind_http_server_unix(self) -> bool:
            self.http_server.add_socket(door)
            return True

    JupyterHubSingleUser.serverapp_class = Server
    JupyterHubSingleUser.launch_instance(argv=[])


def close_to_others() -> None:
    """Keep this process's memory, environment and descriptors from the kernels, which have its uid."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        sys.exit("error: the server cannot be kept from its kernels")


if __name__ == "__main__":
    main()
