"""The proxy, told to reach a page of ours over a socket."""

from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import validate


class SocketProxy(ConfigurableHTTPProxy):  # type: ignore[misc]
    """JupyterHub's proxy; further routes may lead to Unix sockets, as the proxy itself allows."""

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        routes: dict[str, str] = proposal.value
        if not all(path.startswith("/") and path.endswith("/") for path in routes):
            raise ValueError(f"routes begin and end with a slash: {sorted(routes)}")
        return routes
