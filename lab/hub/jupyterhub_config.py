"""Read by `jupyterhub --config`: hands over to `lab.hub.config`."""

import os

from lab.base.settings import Settings
from lab.hub.config import configure

configure(get_config(), Settings.load(), int(os.environ["LAB_PORT"]))  # type: ignore[name-defined] # noqa: F821
