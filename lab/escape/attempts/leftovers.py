"""Family 9: what stays behind a session, and what it takes from others while it lasts."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.escape.attempt import Attempt, Code

_SATRE = "SATRE 2.1, nothing outlives its session"
_PERSIST = "MITRE ATT&CK T1053, scheduled task"
_LIMITS = "SATRE 2.2, resources of a workspace"


def _lives_on(told: Any, targets: Mapping[str, Any]) -> bool:
    """Look for a process with the mark that an attempt was told to leave, and end it."""
    mark = str(told)
    if str(targets["canary"]) not in mark:
        return False
    found = [int(place.parent.name) for place in Path("/proc").glob("[0-9]*/cmdline") if _has(place, mark)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return bool(found)


def _has(place: Path, mark: str) -> bool:
    try:
        return mark in place.read_text()
    except OSError:
        return False


def _stays(name: str, what: str, starts: str) -> Attempt:
    mark = 'sys.executable, "-c", "import time; time.sleep(120)", mark'
    body = f"import os, signal, subprocess, sys, time\nmark = f\"{{t['canary']}}-{{t['side']}}-{name}\"\n"
    body += starts.replace("MARK", mark) + "\nreturn mark"
    return Attempt(f"stay-{name}", 9, what, _SATRE, Code(body, after=_lives_on))


def _plants(name: str, what: str, path: str) -> Attempt:
    body = f"import os\nplace = {path}\nreturn os.access(place, os.W_OK) and place"
    return Attempt(f"stay-{name}", 9, what, _PERSIST, Code(body))


def _takes(name: str, what: str, body: str) -> Attempt:
    return Attempt(f"take-{name}", 9, what, _LIMITS, Code(body))


ATTEMPTS = (
    _stays("daemon", "leave a process that has a session of its own", """
subprocess.Popen([MARK], start_new_session=True)
"""),
    _stays("orphan", "leave a process whose parents are gone", """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [MARK])
    os._exit(0)
os.wait()
"""),
    _stays("deaf", "leave a process that hears no signal", """
signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)
subprocess.Popen([MARK], start_new_session=True)
"""),
    _stays("subreaper", "leave a process below one that adopts orphans", """
import ctypes
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.Popen([MARK], start_new_session=True)
"""),
    _stays("stopped", "leave a process that is stopped, to be woken later", """
process = subprocess.Popen([MARK], start_new_session=True)
time.sleep(0.3); process.send_signal(signal.SIGSTOP)
"""),
    _plants("cron", "leave a job for the host's clock",
            '"/etc/cron.d" if os.path.isdir("/etc/cron.d") else "/var/spool/cron"'),
    _plants("timer", "leave a unit for the host's service manager", '"/etc/systemd/system"'),
    _plants("user-unit", "leave a unit that lingers in somebody's home",
            't["home"] + "/.config/systemd/user"'),
    _plants("profile", "leave a command for the next login", '"/etc/profile.d"'),
    _plants("library", "leave a library that every program loads", '"/etc/ld.so.conf.d"'),
    _plants("programs", "change a program that everybody runs", '"/usr/bin"'),
    _plants("environment", "change the lab's own Python packages",
            '__import__("sysconfig").get_path("purelib")'),
    _plants("product", "change the lab's own code", 'os.path.dirname(__import__("lab").__file__)'),
    _takes("file", "write a file larger than the disk's share", """
import os
path = t["scratch"] + "/huge"
try:
    with open(path, "wb") as file:
        file.truncate(17 << 30)
    return "written"
finally:
    os.unlink(path)
"""),
    _takes("memory", "reserve more memory than the session has", """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_long
size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 7 // 8
return libc.mmap(None, ctypes.c_size_t(size), 3, 0x4022, -1, 0) > 0
"""),
    _takes("processes", "start more processes than the session has", """
import os, signal, time
most, children = 600, []
try:
    for _ in range(most):
        child = os.fork()
        if child == 0:
            time.sleep(30); os._exit(0)
        children.append(child)
    return len(children)
finally:
    for child in children:
        os.kill(child, signal.SIGKILL)
"""),
    _takes("priority", "take the processor before others do",
           'import os\nos.setpriority(os.PRIO_PROCESS, 0, -5); return "taken"'),
    _takes("real-time", "take the processor as a real-time program",
           'import os\nos.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); return "taken"'),
    _takes("lock-memory", "keep memory from being swapped out", """
import ctypes, resource
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(64 << 20)
return libc.mlock(buffer, len(buffer)) == 0
"""),
    _takes("raise-limit", "raise a limit that was set", """
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
return "raised"
"""),
)  # fmt: skip
