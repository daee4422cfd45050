"""Family 9: the kernel itself: calls, entries and devices that have let people out of sandboxes."""

import platform

from lab.base.seccomp import REFUSED
from lab.escape.attempt import Attempt, Code

_DOCKER = "Docker's default seccomp profile"
# No kernel that the lab runs on has them any more.
_GONE = {
    "create_module", "get_kernel_syms", "query_module", "nfsservctl", "_sysctl", "lookup_dcookie", "uselib",
    "sysfs", "acct", "quotactl_fd", "ioperm", "iopl", "modify_ldt", "ustat",
}  # fmt: skip
_COLUMN = 1 if platform.machine() == "aarch64" else 0
_CALL = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
answer = libc.syscall({number}, *[ctypes.c_long(-1)] * 5)
said = ctypes.get_errno()
return "the kernel looked at it" if answer >= 0 or said not in (errno.EPERM, errno.ENOSYS) else ""
"""


def _reaches(name: str, number: int) -> Attempt:
    # Bad arguments (-1) do no harm where they are looked at.
    body = _CALL.format(number=number)
    return Attempt(f"call-{name.strip('_')}", 9, f"have the kernel look at {name}", _DOCKER, Code(body))


def _does(name: str, what: str, body: str, source: str = _DOCKER) -> Attempt:
    return Attempt(f"kernel-{name}", 9, what, source, Code(body))


_LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"

ATTEMPTS = (
    *(
        _reaches(name, number)
        for name, both in REFUSED.items()
        if (number := both[_COLUMN]) is not None and name not in _GONE
    ),
    _does("user-namespace", "become root of a new user namespace",
          _LIBC + 'return libc.unshare(0x10000000) == 0', "CVE-2022-0185"),
    _does("clone-namespace", "start a process in new namespaces",
          _LIBC + "answer = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)\n"
          "if answer == 0:\n    os._exit(0)\nreturn answer > 0", "CVE-2022-0185"),
    _does("clone3-namespace", "start a process in new namespaces by the newer call", _LIBC + """
import struct
arguments = ctypes.create_string_buffer(struct.pack("11Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
answer = libc.syscall(435, arguments, 88)
if answer == 0:
    os._exit(0)
return answer > 0
""", "CVE-2022-0185"),
    _does("mount", "mount a file system over a folder", _LIBC + """
libc.unshare(0x10020000)
return libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0
"""),
    _does("keyring", "keep a row in the kernel's key ring",
          _LIBC + 'return libc.syscall(248, b"user", b"lab-escape", b"row", 3, -2) > 0', "CVE-2016-0728"),
    _does("trace", "trace another process", _LIBC + """
child = os.fork()
if child == 0:
    __import__("time").sleep(5); os._exit(0)
answer = libc.ptrace(16, child, 0, 0)
os.kill(child, 9)
return answer == 0
"""),
    _does("read-memory", "read another process's memory by a call", _LIBC + """
import struct
there = ctypes.create_string_buffer(b"row")
here = ctypes.create_string_buffer(3)
vector = lambda buffer: ctypes.create_string_buffer(struct.pack("2Q", ctypes.addressof(buffer), 3))
return libc.process_vm_readv(os.getppid() * 0 + os.getpid(), vector(here), 1, vector(there), 1, 0) == 3
"""),
    _does("io-uring", "set up a ring that makes calls past a filter",
          _LIBC + "return libc.syscall(425, 4, ctypes.create_string_buffer(120)) >= 0", "CVE-2022-29582"),
    _does("userfault", "stop the kernel in the middle of a copy",
          _LIBC + "return libc.syscall(323, 1) >= 0", "CVE-2021-22555"),
    _does("perf", "count what the processor does", _LIBC + """
import struct
kind = ctypes.create_string_buffer(struct.pack("IIQ", 1, 112, 0) + bytes(96))
return libc.syscall(298, kind, 0, -1, -1, 0) >= 0
"""),
    _does("bpf", "make a map of the kernel's virtual machine", _LIBC + """
import struct
what = ctypes.create_string_buffer(struct.pack("5I", 2, 4, 4, 1, 0) + bytes(52))
return libc.syscall(321, 0, what, 72) >= 0
""", "CVE-2021-3490"),
    _does("steal-descriptor", "take a descriptor out of another process", _LIBC + """
process = os.pidfd_open(os.getpid())
return libc.syscall(438, process, 0, 0) >= 0
"""),
    _does("file-handle", "open a file by its handle, past every folder", _LIBC + """
handle = ctypes.create_string_buffer(b"\\x80\\0\\0\\0" + bytes(140))
return libc.syscall(303, -100, b"/", handle, ctypes.byref(ctypes.c_int()), 0) == 0
""", "CVE-2014-3519, 'shocker'"),
    _does("terminal-injection", "type a command into a terminal", """
import fcntl, os, pty, termios
main, line = pty.openpty()
fcntl.ioctl(line, termios.TIOCSCTTY, 0)
fcntl.ioctl(line, termios.TIOCSTI, b"x")
return "typed"
""", "CVE-2017-5226"),
    _does("terminal-injection-high-bits", "type a command by a number with an upper half",
          _LIBC + """
import fcntl, pty, termios
main, line = pty.openpty()
fcntl.ioctl(line, termios.TIOCSCTTY, 0)
return libc.syscall(16, line, ctypes.c_ulong(0x5412 | 1 << 32), b"x") == 0
""", "CVE-2019-10063"),
    _does("personality", "switch off the placing of memory at random",
          _LIBC + "return libc.personality(0x0040000) >= 0"),
    _does("old-entry", "call the kernel by its 32-bit entry, whose numbers mean other calls", """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex("b814000000cd80c3"))
place = ctypes.addressof(ctypes.c_char.from_buffer(page))
return ctypes.CFUNCTYPE(ctypes.c_int)(place)() > 0
""", "seccomp(2), 'architecture'"),
    _does("x32-entry", "call the kernel by numbers of the x32 interface",
          _LIBC + "return libc.syscall(0x40000000 + 39) > 0", "seccomp(2)"),
    _does("root-capability", "use a capability", """
import os
return int(next(l for l in open("/proc/self/status") if l.startswith("CapEff")).split()[1], 16) != 0
""", "capabilities(7)"),
    _does("bounding-set", "have capabilities to gain by running a program", """
return int(next(l for l in open("/proc/self/status") if l.startswith("CapBnd")).split()[1], 16) != 0
""", "capabilities(7)"),
    _does("new-privileges", "gain rights by running a set-user-id program", """
return "NoNewPrivs:\\t0" in open("/proc/self/status").read()
""", "prctl(2), PR_SET_NO_NEW_PRIVS"),
    _does("device-node", "make a device of a disk", """
import os
os.mknod(t["workspace"] + "/disk", 0o060600, os.makedev(7, 0))
os.unlink(t["workspace"] + "/disk")
return "made"
"""),
    _does("chown", "give a file to another user", """
import os
path = t["workspace"] + "/given"
open(path, "w").close(); os.chown(path, 4321, 4321); os.unlink(path)
return "given"
"""),
    _does("core-dump", "leave memory behind in a core file", """
import resource
return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
""", "core(5)"),
    _does("core-pattern", "have the kernel run a program for a core dump", """
import os
return os.access("/proc/sys/kernel/core_pattern", os.W_OK)
""", "core(5)"),
    _does("release-agent", "have the kernel run a program when a control group is empty", """
import os
return [p for p, _, _ in os.walk("/sys/fs/cgroup") if os.access(p + "/cgroup.procs", os.W_OK)][:1]
""", "CVE-2022-0492"),
)  # fmt: skip
