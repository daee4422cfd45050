"""The system-call filter: each refused call reaches the kernel outside, and does not inside."""

import ctypes
import errno
import platform
import subprocess
import sys

import pytest

from lab.base import seccomp
from lab.base.sandbox import Sandbox, python_environment, require_isolation

_COLUMN = 1 if platform.machine() == "aarch64" else 0
# Bad arguments (-1) make no call of the list do any harm where it is let through.
_CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
answer = libc.syscall({number}, {arguments})
print(ctypes.get_errno() if answer < 0 else 0)
"""
_HARMLESS = "*[ctypes.c_long(-1)] * 5"
# These would do something with any argument: what proves the lock there is the filter's own table.
_NOT_OUTSIDE = {"vhangup", "reboot", "sysfs", "iopl", "unshare", "syslog", "sethostname", "setdomainname"}


@pytest.fixture(scope="module")
def room() -> Sandbox:
    require_isolation()
    return Sandbox(*python_environment())


def _inside(room: Sandbox, code: str) -> str:
    done = room.run([sys.executable, "-c", code], timeout=30)
    return done.stdout.decode().strip() or f"status {done.returncode}"


def _outside(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    return done.stdout.decode().strip() or f"status {done.returncode}"


def _call(number: int, arguments: str = _HARMLESS) -> str:
    return _CALL.format(number=number, arguments=arguments)


def test_every_call_of_the_list_is_refused(room: Sandbox) -> None:
    numbers = {name: both[_COLUMN] for name, both in seccomp.REFUSED.items() if both[_COLUMN] is not None}
    loop = "\n".join(_call(number) for number in numbers.values() if number is not None)
    assert set(_inside(room, loop).split()) == {str(errno.EPERM)}
    outside = {name: _outside(_call(number)) for name, number in numbers.items() if name not in _NOT_OUTSIDE}
    # With the door open the kernel itself looks at them: most find fault with the arguments.
    looked_at = {name for name, answer in outside.items() if answer != str(errno.EPERM)}
    assert {"keyctl", "bpf", "perf_event_open", "io_uring_setup", "ptrace", "mount"} & looked_at
    assert len(looked_at) > len(numbers) / 3


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("user namespaces", "libc.unshare(0x10000000)"),
        ("key rings", "libc.syscall(250, 0, -3, 1)"),
        ("io_uring", "libc.syscall(425, 4, ctypes.create_string_buffer(120))"),
        ("userfaultfd", "libc.syscall(323, 1)"),
    ],
)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86-64")
def test_what_works_outside_fails_inside(room: Sandbox, what: str, call: str) -> None:
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print('done' if {call} >= 0 else ctypes.get_errno())"
    )
    if _outside(code) != "done":
        pytest.skip(f"this machine's kernel has no {what}")
    assert _inside(room, code) == str(errno.EPERM)


@pytest.mark.parametrize(
    "family", [40, 17, 38, 31, 29, 44], ids=["vsock", "packet", "alg", "bt", "can", "xdp"]
)
def test_only_ordinary_socket_families(room: Sandbox, family: int) -> None:
    code = (
        "import socket\ntry:\n"
        f"    socket.socket({family}, {5 if family == 38 else 3})\n    print('made')\n"
        "except OSError as error:\n    print(error.errno)"
    )
    assert _inside(room, code) == str(errno.EAFNOSUPPORT)


def test_ordinary_sockets_work(room: Sandbox) -> None:
    code = "import socket as s; [s.socket(f) for f in (1, 2, 10)]; s.socketpair(); print(s.if_nameindex())"
    assert _inside(room, code) == "[(1, 'lo')]"


def test_nothing_is_typed_into_a_terminal(room: Sandbox) -> None:
    code = (
        "import fcntl, pty\nmaster, slave = pty.openpty()\n"
        "try:\n    fcntl.ioctl(slave, 0x5412, b'x')\n    print('typed')\n"
        "except OSError as error:\n    print(error.errno)"
    )
    assert _inside(room, code) == str(errno.EPERM)


def test_calls_of_tomorrow_do_not_exist(room: Sandbox) -> None:
    assert _inside(room, _call(460)) == str(errno.ENOSYS)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the 32-bit entry of x86-64")
def test_the_32_bit_entry_kills(room: Sandbox) -> None:
    # mov eax, 20 (getpid); int 0x80; ret: the kernel's old door, whose numbers mean other calls.
    code = (
        "import ctypes, mmap\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(bytes.fromhex('b814000000cd80c3'))\n"
        "place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "print('entered', ctypes.CFUNCTYPE(ctypes.c_int)(place)() > 0, flush=True)"
    )
    if _outside(code) != "entered True":
        pytest.skip("this kernel has no 32-bit entry")
    assert _inside(room, code).startswith("status")


def test_threads_and_processes_start_as_ever(room: Sandbox) -> None:
    code = (
        "import threading, subprocess, multiprocessing as mp\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        "print(subprocess.run(['/bin/echo', 'process'], capture_output=True, text=True).stdout.strip())\n"
        "p = mp.get_context('fork').Process(target=print, args=('fork',)); p.start(); p.join()"
    )
    assert sorted(_inside(room, code).split()) == ["fork", "process", "thread"]


def test_the_program_is_well_formed() -> None:
    program = seccomp.program()
    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096  # BPF_MAXINSNS
    assert ctypes.c_uint16.from_buffer_copy(program).value == 0x20  # begins by loading the architecture
