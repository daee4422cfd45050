"""JupyterHub as it is without our locks, for the proof that an attempt would have worked.

Everybody is an admin, sessions are plain processes, and ports are served as jupyter-server-proxy does.
It listens on loopback with a password made up for the run, and lives for as long as the run does.
"""

import os
import sys
from pathlib import Path

from lab.hub.config import node, proxy_program
from lab.hub.process import free_port
from lab.hub.tether import TETHERED

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

_FOLDER = Path(os.environ["LAB_ESCAPE_FOLDER"])
_PEOPLE = {"rita", "ravi"}

c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['LAB_ESCAPE_PORT']}"
c.JupyterHub.hub_port = free_port()
c.JupyterHub.db_url = f"sqlite:///{_FOLDER / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(_FOLDER / "cookie_secret")
c.JupyterHub.allow_named_servers = True
c.JupyterHub.redirect_to_server = False
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "shares!user"]}]
c.ConfigurableHTTPProxy.command = [*TETHERED, str(node()), str(proxy_program())]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.pid_file = str(_FOLDER / "proxy.pid")
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["LAB_ESCAPE_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = _PEOPLE
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(_FOLDER / "{username}")
c.Spawner.cmd = [*TETHERED, sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = [
    "--allow-root",
    "--ServerApp.jpserver_extensions=lab.escape.open_proxy=True",
    "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=1e12",
]
c.JupyterHub.tornado_settings = {"oauth_no_confirm_list": {"jupyterhub-user-ravi-pensions"}}
c.Spawner.environment = {"JUPYTER_PREFER_ENV_PATH": "0"}
c.Spawner.default_url = "/lab"
