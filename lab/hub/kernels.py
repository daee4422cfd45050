"""Kernels of a room: started without what only the notebook server may know."""

import os
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from lab.hub.singleuser import PRIVATE


class RoomKernelManager(ServerKernelManager):
    """Starts a kernel in the room's environment, less the server's token and addresses."""

    async def _async_pre_start_kernel(self, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
        given = arguments.pop("env", None) or os.environ
        arguments["env"] = {name: value for name, value in given.items() if not name.startswith(PRIVATE)}
        return await super()._async_pre_start_kernel(**arguments)
