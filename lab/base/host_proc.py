"""What the kernel tells of the host in /proc, and how a sandbox covers it. SATRE 2.1 (isolation).

A list as containers have it (OCI runtime specification, "maskedPaths"), and more of it: where the lab
runs as root, files for root only are readable inside, because it is the same user to the kernel.
"""

from pathlib import Path

_FILES = (
    "buddyinfo", "cmdline", "config.gz", "consoles", "crypto", "devices", "diskstats", "dma", "execdomains",
    "interrupts", "iomem", "ioports", "kallsyms", "kcore", "key-users", "keys", "kmsg", "kpagecgroup",
    "kpagecount", "kpageflags", "locks", "misc", "modules", "mtrr", "pagetypeinfo", "partitions",
    "sched_debug", "schedstat", "slabinfo", "softirqs", "swaps", "sysrq-trigger", "timer_list", "timer_stats",
    "vmallocinfo", "zoneinfo",
)  # fmt: skip
_FOLDERS = ("acpi", "asound", "bus", "driver", "fs", "irq", "scsi", "tty")


def proc_masks() -> list[str]:
    """Cover what /proc tells of the host: files by one that cannot be opened, folders by empty ones.

    The kernel's settings stay readable and become read only: they belong to the host's root, who is the
    same user where the lab runs as root, and core_pattern alone would run any program outside.
    """
    options = ["--ro-bind", "/proc/sys", "/proc/sys"]
    for name in _FILES:
        if Path("/proc", name).exists():
            options += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    for name in _FOLDERS:
        if Path("/proc", name).is_dir():
            options += ["--tmpfs", f"/proc/{name}", "--remount-ro", f"/proc/{name}"]
    return options
