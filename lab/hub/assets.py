"""JupyterLab's own files, served from the lab's environment: what comes from there carries nothing out."""

import sys
from functools import lru_cache
from pathlib import Path

import jupyter_server
from aiohttp import web

_SHARE = Path(sys.prefix) / "share" / "jupyter"
_LAB = _SHARE / "lab"
# What a session calls it -> where it lies outside; the longest first.
_PLACES = (
    ("static/lab/", _LAB / "static"),
    ("static/", Path(jupyter_server.__file__).parent / "static"),
    ("lab/extensions/", _SHARE / "labextensions"),
    ("lab/api/themes/", _LAB / "themes"),
    ("kernelspecs/", _SHARE / "kernels"),
)
_HEADERS = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


def asset(path: str) -> web.FileResponse | None:
    """Return one of our files by the path a page asks for; None where there is none."""
    if path == "favicon.ico":
        path = "static/favicons/favicon.ico"
    for prefix, folder in _PLACES:
        if path.startswith(prefix):
            file = _file(folder, path.removeprefix(prefix))
            if file is not None:
                return web.FileResponse(file, headers=_HEADERS)
    return None


@lru_cache(maxsize=4096)
def _file(folder: Path, name: str) -> Path | None:
    file = (folder / name).resolve()
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
