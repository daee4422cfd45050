"""A real PostgreSQL server for the tests, of the machine's own package, on a Unix socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs() -> Path | None:
    """Return the folder of the server's programs, or None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server(folder_of_programs: Path) -> Iterator[str]:
    """Run a server of our own while the block lasts; give its SQLAlchemy address."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # The server refuses to run as root; Debian's package brings a user for it.
    as_user = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    if as_user:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(folder_of_programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    run("initdb", "--pgdata", str(data), "--username", "lab", "--auth", "trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgresql+psycopg://lab@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", str(data))
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """One server for all the tests that need one; each cleans up after itself."""
    found = programs()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have PostgreSQL: install Debian's package postgresql")
        pytest.skip("no PostgreSQL server on this machine (Debian's package postgresql)")
    with server(found) as url:
        yield url
