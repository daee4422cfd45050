"""The system calls that a sandbox refuses, as a filter that the kernel runs before each of them.

SATRE 2.1 (isolation). What is refused is what containers refuse by default (Docker's profile; each is
a way to the kernel that no analysis needs): keys, BPF, tracing of others, io_uring, mounts, namespaces,
clocks, modules. Calls newer than the filter do not exist inside, so that nothing is allowed by its age.
Written as classic BPF by hand (seccomp(2), linux/filter.h): a program of compares needs no library.
"""

import errno
import os
import platform
import struct
from collections.abc import Iterator
from functools import cache

from lab.base.errors import IsolationRefused

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|W|ABS, JMP|Jxx|K, RET|K
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000  # SECCOMP_RET_ALLOW, KILL_PROCESS, ERRNO
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*; any other entry is killed
_OTHER_ABI = 0x40000000  # x32 calls on x86-64
_LAST_KNOWN = 452

# name -> number on x86-64, on ARM 64; None where there is none (asm/unistd_64.h, asm-generic/unistd.h).
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51),
    "clock_adjtime": (305, 266), "clock_settime": (227, 112), "create_module": (174, None),
    "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433),
    "get_kernel_syms": (177, None), "init_module": (175, 105), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "ioperm": (173, None),
    "iopl": (172, None), "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "keyctl": (250, 219), "lookup_dcookie": (212, 18), "migrate_pages": (256, 238),
    "modify_ldt": (154, None), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "move_pages": (279, 239), "name_to_handle_at": (303, 264), "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "process_madvise": (440, 440),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "query_module": (178, None), "quotactl": (179, 60), "quotactl_fd": (443, 443), "reboot": (169, 142),
    "request_key": (249, 218), "setdomainname": (171, 162), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224), "_sysctl": (156, None),
    "sysfs": (139, None), "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97),
    "userfaultfd": (323, 282), "uselib": (134, None), "ustat": (136, None), "vhangup": (153, 58),
}  # fmt: skip
_CLONE, _CLONE3, _SOCKET = (56, 220), 435, (41, 198)
_IOCTL, _PERSONALITY = (16, 29), (135, 92)
_NAMESPACES = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: VSOCK, PACKET and the rest are refused
_TERMINAL = (0x5412, 0x541C, 0x541D)  # TIOCSTI, TIOCLINUX, TIOCCONS put words into another's terminal
_ORDINARY = (0, 0xFFFFFFFF)  # personality: what it is, and the question what it is


@cache
def program() -> bytes:
    """Return the filter for this machine, as bubblewrap reads it: struct sock_filter, one after another.

    Raises:
        IsolationRefused: the calls of this kind of machine are not known.
    """
    machine = platform.machine()
    if machine not in _MACHINES:
        raise IsolationRefused(f"there is no system-call filter for this machine ({machine})")
    return b"".join(_instructions(_MACHINES[machine], list(_MACHINES).index(machine)))


def filter_file() -> int:
    """Return a descriptor of the filter, to be inherited by bubblewrap and then closed."""
    descriptor = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    os.write(descriptor, program())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _instructions(architecture: int, column: int) -> Iterator[bytes]:
    yield _do(_LOAD, _ARCHITECTURE)
    yield from _answer(_EQUAL, architecture, otherwise=_KILL)
    yield _do(_LOAD, _NUMBER)
    yield from _answer(_AT_LEAST, _OTHER_ABI, then=_KILL)
    yield from _answer(_AT_LEAST, _LAST_KNOWN + 1, then=_FAIL | errno.ENOSYS)
    # The C library falls back to clone, whose flags a filter can read.
    yield from _answer(_EQUAL, _CLONE3, then=_FAIL | errno.ENOSYS)
    for numbers in REFUSED.values():
        number = numbers[column]
        if number is not None:
            yield from _answer(_EQUAL, number, then=_FAIL | errno.EPERM)
    refused = b"".join(_answer(_ANY_BIT, _NAMESPACES, then=_FAIL | errno.EPERM))
    yield from _argument(_CLONE[column], refused + _do(_RETURN, _ALLOW))
    yield from _argument(_SOCKET[column], _among(_FAMILIES, _ALLOW, _FAIL | errno.EAFNOSUPPORT))
    yield from _argument(_IOCTL[column], _among(_TERMINAL, _FAIL | errno.EPERM, _ALLOW), second=True)
    yield from _argument(_PERSONALITY[column], _among(_ORDINARY, _ALLOW, _FAIL | errno.EPERM))
    yield _do(_RETURN, _ALLOW)


def _answer(
    compare: int, value: int, *, then: int | None = None, otherwise: int | None = None
) -> list[bytes]:
    """Return for good if the comparison holds (then) or does not (otherwise); go on if not."""
    skip_if_true, skip_if_false = (0, 1) if then is not None else (1, 0)
    answer = then if then is not None else otherwise or _KILL
    return [_do(compare, value, skip_if_true, skip_if_false), _do(_RETURN, answer)]


def _argument(number: int, block: bytes, *, second: bool = False) -> Iterator[bytes]:
    """For one call, load the lower half of its first or second argument and go through a block."""
    load = _do(_LOAD, _ARGUMENTS + 8 * second)
    yield _do(_EQUAL, number, 0, len(load + block) // len(load)) + load + block


def _among(values: tuple[int, ...], inside: int, outside: int) -> bytes:
    found = b"".join(part for value in values for part in _answer(_EQUAL, value, then=inside))
    return found + _do(_RETURN, outside)


def _do(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
