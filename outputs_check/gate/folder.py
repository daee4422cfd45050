"""The submission folder: plain files with plain names, read once, and never what a link points to."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import Refused

_REMEDY = "submit plain files only, side by side in one folder"


@dataclass
class Folder:
    """What lies in a folder: the bytes of plain files, and the reasons for the rest."""

    files: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)


def read_folder(path: Path) -> Folder:
    """Read every entry of a folder, whoever can write there; links are refused, not followed."""
    folder = Folder()
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        names = sorted(os.listdir(descriptor))  # noqa: PTH208 - of what is open, not of a name
        if len(names) > limits.MAX_FILES:
            text = f"more than {limits.MAX_FILES} files"
            folder.refused["submission.toml"] = Refused("file.many", text, "submit fewer files at once")
            return folder
        left = limits.MAX_TOTAL_BYTES
        for name in names:
            read = _read_entry(descriptor, name, min(left, limits.MAX_FILE_BYTES))
            if isinstance(read, Refused):
                folder.refused[name.encode("utf-8", "backslashreplace").decode()[:200]] = read
            else:
                folder.files[name] = read
                left -= len(read)
    finally:
        os.close(descriptor)
    return folder


def read_file(path: Path, most: int = limits.MAX_FILE_BYTES) -> bytes | Refused:
    """Read one plain file that a person named, of at most so many bytes."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _read_entry(descriptor, path.name, most)
    finally:
        os.close(descriptor)


def _read_entry(folder: int, name: str, most: int) -> bytes | Refused:
    if not name.isprintable() or name.startswith("."):
        return Refused("file.name", "hidden or unprintable file names are refused", _REMEDY)
    try:
        # O_NONBLOCK: a named pipe must not make us wait for a writer that never comes.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        reason = "links are refused" if error.errno == errno.ELOOP else error.strerror
        return Refused("file.special", f"cannot be opened as a plain file: {reason}", _REMEDY)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return Refused("file.special", "folders, pipes and devices are refused", _REMEDY)
        if status.st_size > most:
            text = f"{status.st_size:,} bytes are more than may be submitted"
            return Refused("file.size", text, "submit a smaller file")
        with os.fdopen(file, "rb", closefd=False) as stream:
            data = stream.read(most + 1)
    finally:
        os.close(file)
    return data if len(data) <= most else Refused("file.size", "the file grew", "submit a smaller file")
