"""Settings of the notebook server in a room.

All of them can be undone by a person who runs her own server in the room; what holds her is the
sandbox around it. They close the easy ways out and keep the room tidy.
"""

from lab.base.room import SERVER, WORKSPACE

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

c.ServerApp.sock = str(SERVER)
c.ServerApp.sock_mode = "0600"
c.ServerApp.root_dir = str(WORKSPACE)
c.ServerApp.terminals_enabled = False
c.ServerApp.jpserver_extensions = {
    "jupyter_server_terminals": False,
    "jupyter_lsp": False,
    "notebook": False,
    "notebook_shim": False,
}
c.ServerApp.allow_root = True  # where the lab runs as root, outside; inside nobody is
c.ServerApp.kernel_manager_class = "jupyter_server.services.kernels.kernelmanager.AsyncMappingKernelManager"
c.MappingKernelManager.kernel_manager_class = "lab.hub.kernels.RoomKernelManager"
c.KernelManager.transport = "ipc"
c.KernelSpecManager.allowed_kernelspecs = {"python3"}
c.FileContentsManager.allow_hidden = False
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.default_url = "/lab"
