"""Family 12: state of the machine that one room could change and another, or the host, could read."""

from lab.escape.attempt import Attempt, Code

_LAMPSON = "Lampson, 'A note on the confinement problem', CACM 16 (1973)"

_FILES = (
    ("interrupts", "how often the host was interrupted", "/proc/interrupts"),
    ("softirqs", "what the kernel put off", "/proc/softirqs"),
    ("locks", "which files are locked on the host", "/proc/locks"),
    ("zones", "how the host's memory is laid out", "/proc/zoneinfo"),
    ("pages", "how broken up the host's memory is", "/proc/buddyinfo"),
    ("caches", "what the kernel keeps in memory", "/proc/slabinfo"),
    ("disks", "how much the host's disks were read", "/proc/diskstats"),
    ("swap", "how much the host has swapped", "/proc/swaps"),
    ("key-users", "how many keys the kernel holds for whom", "/proc/key-users"),
    ("timers", "which timers run on the host", "/proc/timer_list"),
    ("network-counts", "how much the host's network carried", "/sys/class/net/lo/statistics/rx_bytes"),
    ("frequency", "how fast the processors run", "/sys/devices/system/cpu/online"),
    ("groups", "how much memory another session uses", "/sys/fs/cgroup"),
)

_IPC = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
key = int(t["name"][:6], 16)
"""


def _covert(name: str, what: str, body: str) -> Attempt:
    return Attempt(f"covert-{name}", 12, what, _LAMPSON, Code(body))


def _seen(kind: str) -> "Code":
    """Make an object of System V; whether the host sees it is looked at later."""
    make = {
        "shm": "libc.shmget(key, 4096, 0o1600)",
        "sem": "libc.semget(key, 1, 0o1600)",
        "msg": "libc.msgget(key, 0o1600)",
    }[kind]
    remove = {
        "shm": "libc.shmctl(it, 0, None)",
        "sem": "libc.semctl(it, 0, 0)",
        "msg": "libc.msgctl(it, 0, None)",
    }
    body = f"{_IPC}it = {make}\nlisted = open('/proc/sysvipc/{kind}').read()\n"
    # The host counts: where the room has a table of its own, nothing of the host's stands in it.
    body += f"{remove[kind]}\nimport os\nreturn it >= 0 and os.readlink('/proc/self/ns/ipc') == t['ipc']"
    return Code(body)


ATTEMPTS = (
    *(_covert(name, f"read {what}",
              f"import os\nplace = {path!r}\n"
              "return os.listdir(place) if os.path.isdir(place) else open(place).read(9)")
      for name, what, path in _FILES),
    *(Attempt(f"covert-{kind}", 12, f"share {what} with the host", "sysvipc(7)", _seen(kind))
      for kind, what in (("shm", "memory"), ("sem", "a semaphore"), ("msg", "a queue of messages"))),
    _covert("port", "tell by a port that is taken", """
import socket
try:
    socket.create_server(("127.0.0.1", t["tcp"])).close()
except OSError:
    return "taken"
"""),
    _covert("abstract-name", "tell by a socket's name that is taken", """
import socket
try:
    socket.socket(socket.AF_UNIX).bind("\\0" + t["abstract"])
except OSError:
    return "taken"
"""),
    _covert("processor-time", "read how busy a process of the host is",
            'text = open(f"/proc/{t[\'pid\']}/stat").read()\n'
            'return t["canary"] in open(f"/proc/{t[\'pid\']}/cmdline").read()'),
    Attempt("covert-tmp", 12, "tell by a name in /tmp that is taken", _LAMPSON, Code(
        'return __import__("os").path.exists(t["file"].rpartition("/")[0])')),
)  # fmt: skip
