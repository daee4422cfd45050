"""Family 9: files, sockets and processes of the host, and folders of other people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.escape.attempt import Attempt, Code

_SATRE = "SATRE 2.1, a workspace sees its own project only"
_HOST = "NIST SP 800-190, 4.4: what a container must not see of its host"


def _try(name: str, what: str, body: str, source: str = _HOST) -> Attempt:
    return Attempt(f"host-{name}", 9, what, source, Code(body))


def _reads(name: str, what: str, path: str, source: str = _SATRE) -> Attempt:
    return _try(name, what, f'return len(open({path}, "rb").read(100)) > 0', source)


def _connects(name: str, what: str, address: str) -> Attempt:
    body = f"""
    import socket
    line = socket.socket(socket.AF_UNIX); line.settimeout(2); line.connect({address})
    return t["canary"] in line.recv(99).decode()
    """
    return _try(name, what, body)


def _finds(name: str, what: str, expression: str, source: str = _HOST) -> Attempt:
    return _try(name, what, f"import os\nfrom pathlib import Path\nreturn {expression}", source)


def _of_a_process(name: str, what: str, path: str, source: str = _HOST) -> Attempt:
    """Look for the canary in a file of every process; `path` is Python for it."""
    body = f"""
    import os
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if t["canary"] in open({path}).read():
                return pid
        except OSError:
            continue
    """
    return _try(name, what, body, source)


def _seen(name: str, what: str, folder: str) -> Attempt:
    """Leave a file; then the host looks for it, and takes it away."""
    place = folder + "/{canary}-seen-{side}"

    def seen(_: Any, targets: Mapping[str, Any]) -> bool:
        path = Path(place.format(**targets))
        found = path.exists()
        path.unlink(missing_ok=True)
        return found

    code = Code(f'open({place!r}.format(**t), "w").write("rows")', after=seen)
    return Attempt(f"host-{name}-seen", 9, what, _HOST, code)


_LAB = (
    ("database", "read the lab's database", "lab.db"),
    ("audit", "read the lab's audit log", "audit.jsonl"),
    ("signing-key", "read the key that signs extracts", "ttp/keys/extract-signing.pem"),
    ("hub-database", "read the hub's database, with the hashes of its tokens", "lab/hub/jupyterhub.sqlite"),
    ("cookie-secret", "read the secret that login cookies are made with", "lab/hub/cookie_secret"),
    ("hub-log", "read the hub's log", "lab/hub/hub.log"),
    ("trust", "read the lab's list of trusted keys where it can be changed", "trust/ttp.pub"),
)

ATTEMPTS = (
    *(_reads(f"lab-{name}", what, f't["lab_home"] + "/{path}"') for name, what, path in _LAB),
    _reads("other-extract", "read another project's extract", 't["other_extract"] + "/manifest.json"'),
    _reads("other-workspace", "read another project's workspace", 't["other_workspace"] + "/notes.txt"'),
    _reads("colleague", "read a colleague's workspace of the same project", 't["colleague"] + "/notes.txt"'),
    _try("colleague-write", "leave a file in a colleague's workspace", """
    open(t["colleague"] + "/left", "w").write("rows")
    return "left"
    """, _SATRE),
    _try("change-extract", "change a row of the extract",
         'open(t["data"] + "/person_year/changed", "w").write("rows"); return "changed"', _SATRE),
    _try("hide-in-extract", "move a file of the extract, for other sessions to see",
         'import os\nos.rename(t["data"] + "/manifest.json", t["data"] + "/row17"); return "moved"', _SATRE),
    _reads("file", "read a file that lies elsewhere on the host", 't["file"]'),
    _try("write", "write a file elsewhere on the host",
         'open(t["folder"] + "/rows.csv", "w").write("rows"); return "written"'),
    _try("link", "give a file of the host a name in the workspace", """
    import os
    os.link(t["file"], t["workspace"] + "/linked"); return "linked"
    """),
    _try("symlink", "read a file of the host through a symbolic link", """
    import os
    place = t["workspace"] + "/pointed"
    os.symlink(t["file"], place)
    try:
        return t["canary"] in open(place).read()
    finally:
        os.unlink(place)
    """),
    _of_a_process("proc-root", "go through another process's root folder",
                  """f"/proc/{pid}/root{t['file']}\"""", "CVE-2019-5736"),
    _of_a_process("proc-cwd", "climb from another process's working folder",
                  'f"/proc/{pid}/cwd/" + "../" * 20 + t["file"]', "CVE-2024-21626"),
    _try("descriptor", "open a file of the host by a folder that the room's starter has open", """
    import os
    for number in range(3, 256):
        try:
            inherited = os.open("canary.txt", os.O_RDONLY, dir_fd=number)
        except OSError:
            continue
        return t["canary"] in os.read(inherited, 99).decode()
    """, "CVE-2024-21626"),
    *(_reads(f"home-{name}", what, f't["home"] + "/{path}"',
      "MITRE ATT&CK T1552.001") for name, what, path in (
        ("ssh", "read somebody's key for other machines", ".ssh/id_ed25519"),
        ("cloud", "read somebody's credentials for a cloud", ".aws/credentials"),
        ("netrc", "read somebody's passwords for servers", ".netrc"),
        ("kube", "read somebody's credentials for a cluster", ".kube/config"),
        ("history", "read what somebody typed", ".bash_history"),
    )),
    _reads("shadow", "read the host's password file", '"/etc/shadow"'),
    _finds("people", "read who has an account on the host", '"daemon:" in open("/etc/passwd").read()'),
    _finds("machine-id", "read which machine this is", 'open("/etc/machine-id").read()'),
    _finds("hostname", "read what the machine is called",
           'open("/etc/hostname").read().strip() not in {"", "lab"}'),
    _reads("shared-memory", "read what a program of the host keeps in shared memory", 't["shm"]'),
    _seen("shared-memory", "leave shared memory that the host can see", "/dev/shm"),  # noqa: S108
    _seen("tmp", "leave a file in /tmp that the host can see", "/tmp"),  # noqa: S108
    _connects("unix-socket", "connect to a Unix socket of the host", 't["unix"]'),
    _connects("abstract-socket", "connect to a socket that has a name and no file", '"\\0" + t["abstract"]'),
    _finds("bus", "find the sockets of the system's services",
           'any(Path("/run", n).exists() for n in ("dbus", "systemd"))'),
    _finds("processes", "see a process of the host",
           'Path(f"/proc/{t[\'pid\']}/cmdline").exists() and t["canary"] in '
           'Path(f"/proc/{t[\'pid\']}/cmdline").read_text()'),
    _of_a_process("command-lines", "read a row that stands in a command line of the host",
                  'f"/proc/{pid}/cmdline"'),
    _try("signal", "send a signal to a process of the host", """
    import os
    os.kill(t["pid"], 0)
    return t["canary"] in open(f"/proc/{t['pid']}/cmdline").read()
    """),
    _try("priority", "slow a process of the host down", """
    import os
    seen = open(f"/proc/{t['pid']}/cmdline").read()
    os.setpriority(os.PRIO_PROCESS, t["pid"], os.getpriority(os.PRIO_PROCESS, t["pid"]) + 1)
    return t["canary"] in seen
    """),
    _finds("disks", "see the host's disks", '[n for n in os.listdir("/sys/block")]'),
    _finds("hardware", "read the machine's serial numbers and firmware", 'os.listdir("/sys/class")'),
    _finds("kernel-settings", "change a setting of the kernel",
           'os.access("/proc/sys/kernel/panic", os.W_OK)'),
    _finds("kernel-symbols", "read where the kernel lies", 'open("/proc/kallsyms").readline()'),
    _finds("boot-line", "read how the kernel was started", 'open("/proc/cmdline").read()'),
    _finds("kernel-log", "read the kernel's log",
           'os.close(os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)) is None'),
    _finds("memory-device", "open the machine's memory",
           '[p for p in ("/dev/mem", "/proc/kcore", "/dev/port") if os.access(p, os.R_OK)]'),
    _finds("terminals", "see the terminals of others",
           '[n for n in os.listdir("/dev") if n.startswith(("tty", "vcs")) and n != "tty"]'),
)  # fmt: skip
