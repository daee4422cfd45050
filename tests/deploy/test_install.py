"""The installation as a sysadmin runs it, into a folder of its own: no root, no packages, no service."""

import getpass
import grp
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# systemd's own measure of what a service could still do, of 100.
MOST_EXPOSURE = 40

pytestmark = pytest.mark.deploy


@dataclass(frozen=True)
class Run:
    """What one run of the playbook did."""

    status: int
    printed: str

    @property
    def changed(self) -> list[str]:
        """Names of the tasks that changed something, or would have."""
        tasks = re.split(r"^TASK \[", self.printed, flags=re.MULTILINE)[1:]
        return [task.partition("]")[0] for task in tasks if re.search(r"^changed:", task, re.MULTILINE)]

    @property
    def recap(self) -> int:
        """How many tasks Ansible itself counts as changed."""
        found = re.search(r"changed=(\d+)", self.printed)
        assert found, self.printed
        return int(found[1])


@dataclass(frozen=True)
class Host:
    """A folder that stands for a host."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def release(self) -> Path:
        return (self.root / "programs" / "current").resolve()

    @property
    def unit(self) -> Path:
        return self.root / "units" / "secure-data-lab.service"

    def settings(self) -> dict[str, object]:
        """What differs from group_vars/all.yml."""
        return {
            "ansible_python_interpreter": sys.executable,
            "lab_python": str(Path(sys.base_prefix) / "bin" / "python3.11"),
            "lab_system": False,
            "lab_user": getpass.getuser(),
            "lab_group": grp.getgrgid(os.getgid()).gr_name,
            "lab_programs_owner": getpass.getuser(),
            "lab_home": str(self.home),
            "lab_programs": str(self.root / "programs"),
            "lab_commands": str(self.root / "bin"),
            "lab_units": str(self.root / "units"),
        }

    def play(self, *options: str) -> Run:
        """Run the playbook as the README says, with this host's settings."""
        program = Path(sys.executable).with_name("ansible-playbook")
        inventory = ROOT / "ansible" / "inventory" / "single-host.yml"
        extra = ("--extra-vars", json.dumps(self.settings()))
        command = [program, "-i", inventory, *extra, *options, ROOT / "ansible" / "site.yml"]
        environment = {**_clean_environment(), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def run(self, program: str, *arguments: str) -> str:
        """Run an installed program, from its release and nowhere else."""
        command = [self.root / "bin" / program, *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=_clean_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def files(self) -> set[str]:
        """Everything that is there."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}


def _clean_environment() -> dict[str, str]:
    # The checkout's own modules must not stand in for the installed ones.
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A host with the folders that every Debian has."""
    host = Host(tmp_path_factory.mktemp("host"))
    (host.root / "bin").mkdir()
    (host.root / "units").mkdir()
    return host


@pytest.fixture(scope="module")
def dry(empty: Host) -> Run:
    """A dry run on the empty host; nothing may be there afterwards that was not before."""
    before = empty.files()
    done = empty.play("--check", "--diff")
    assert empty.files() == before
    return done


@pytest.fixture(scope="module")
def host(empty: Host, dry: Run) -> Host:
    """The host, installed once."""
    done = empty.play()
    assert done.status == 0, done.printed
    return empty


def test_a_dry_run_on_an_empty_host_says_what_it_would_do(dry: Run) -> None:
    assert dry.status == 0, dry.printed
    assert {
        "programs : Build the environment from the lock file",
        "programs : Make the release the current one",
        "linkage : Make the custodian's keys",
        "lab : Set the lab up",
        "lab : Describe the service",
    } <= set(dry.changed)


def test_what_is_installed_works_by_itself(host: Host) -> None:
    report = json.loads(host.run("lab", "audit", "verify", "--json"))
    assert set(report) == {"events", "head"}
    python = host.release / ".venv" / "bin" / "python"
    where = (
        "import lab, linkage, outputs_check; print(lab.__file__, linkage.__file__, outputs_check.__file__)"
    )
    told = subprocess.check_output([python, "-c", where], cwd="/", env=_clean_environment(), text=True)
    assert all(Path(each).is_relative_to(host.release) for each in told.split())


def test_it_is_the_commit_that_is_installed(host: Host) -> None:
    commit = subprocess.check_output(["git", "-C", ROOT, "rev-parse", "HEAD"], text=True).strip()
    assert commit.startswith(host.release.name)
    listed = subprocess.check_output(["git", "-C", ROOT, "ls-tree", "-r", "--name-only", "-z", "HEAD"])
    assert all((host.release / name).is_file() for name in listed.decode().strip("\0").split("\0"))


def test_only_their_owner_can_read_the_keys_and_the_home(host: Host) -> None:
    private = [host.home, *(host.home / zone for zone in ("ttp", "lab", "checking", "trust", "ttp/keys"))]
    assert {str(path): path.stat().st_mode & 0o777 for path in private} == {
        str(path): 0o700 for path in private
    }
    keys = sorted(path for path in (host.home / "ttp" / "keys").iterdir())
    assert [path.name for path in keys] == ["extract-signing.pem", "master.key"]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_second_run_changes_nothing(host: Host) -> None:
    keys = (host.home / "ttp" / "keys" / "master.key").read_bytes()
    done = host.play()
    assert done.status == 0, done.printed
    assert (done.recap, done.changed) == (0, [])
    assert (host.home / "ttp" / "keys" / "master.key").read_bytes() == keys


def test_tampering_is_found_by_a_dry_run_and_repaired_by_a_run(host: Host) -> None:
    program, current = host.release / "lab" / "cli.py", host.root / "programs" / "current"
    whole, release = program.read_bytes(), host.release
    (host.root / "programs" / "other").mkdir()
    host.home.chmod(0o755)
    (host.home / "ttp" / "keys" / "master.key").chmod(0o644)
    program.write_bytes(whole.replace(b"whole", b"while", 1))
    current.unlink()
    current.symlink_to("other")
    host.unit.write_text(host.unit.read_text().replace("NoNewPrivileges=yes", "NoNewPrivileges=no"))
    tampered = [
        "base : Keep the lab's home for its own user",
        "programs : Compare the release with its commit",
        "programs : Make the release the current one",
        "linkage : Keep the keys for their own user",
        "lab : Describe the service",
    ]

    found = host.play("--check")
    assert (found.status, found.changed) == (0, tampered), found.printed
    assert host.home.stat().st_mode & 0o777 == 0o755
    assert program.read_bytes() != whole

    repaired = host.play()
    assert (repaired.status, repaired.changed) == (0, tampered), repaired.printed
    assert host.home.stat().st_mode & 0o777 == 0o700
    assert (host.home / "ttp" / "keys" / "master.key").stat().st_mode & 0o777 == 0o600
    assert program.read_bytes() == whole
    assert host.release == release
    assert "NoNewPrivileges=yes" in host.unit.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_understands_the_service_and_finds_it_shut(host: Host) -> None:
    verified = subprocess.run(
        ["systemd-analyze", "verify", host.unit], capture_output=True, text=True, check=False
    )
    told = [line for line in verified.stderr.splitlines() if host.unit.name in line]
    assert (verified.returncode, told) == (0, []), verified.stderr
    measured = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", host.unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert measured.returncode == 0, measured.stdout + measured.stderr
