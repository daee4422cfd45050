"""Files that are whole or absent, and bytes that are named by their hash."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from lab.base.errors import BadInput

_BLOCK = 1 << 20


def canonical_json(value: Any) -> bytes:
    """Return the one serialisation of a value that hashes and signatures are made over."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename or a new entry in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader, or a crash, finds the old one or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{uuid4().hex}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)  # the mode that was asked for, whatever the umask
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(destination: Path, mode: int = 0o700) -> Iterator[Path]:
    """Build a folder beside its destination; it takes its name when the block ends well.

    Raises:
        BadInput: the destination exists.
    """
    if destination.exists():
        raise BadInput(
            "the folder exists already", where=str(destination), remedy="choose another name or remove it"
        )
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.parent / f".{destination.name}.{uuid4().hex}"
    temporary.mkdir(mode=mode)
    try:
        yield temporary
        _sync_tree(temporary)
        temporary.rename(destination)
        sync_folder(destination.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        elif path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(folder)


def copy_beneath(root: Path, relative: str, destination: Path, max_bytes: int) -> str:
    """Copy a regular file from below a folder that someone else can write; return its SHA-256.

    Every step of the path is opened without following links, so no link, however it is swapped in
    while we work, leads outside of the folder.

    Raises:
        BadInput: a link, no regular file, more than `max_bytes` bytes, or a path that leaves the folder.
    """
    descriptor = _open_beneath(root, relative)
    try:
        _check_plain(os.fstat(descriptor), relative)
    except BadInput:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as source:
        digest = hashlib.sha256()
        left = max_bytes
        with destination.open("xb") as target:
            while block := source.read(min(_BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    target.close()
                    destination.unlink()
                    raise BadInput(
                        f"more than {max_bytes:,} bytes", where=relative, remedy="submit a smaller file"
                    )
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
    return digest.hexdigest()


def _check_plain(status: os.stat_result, relative: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("not a regular file", where=relative, remedy="submit plain files only")
    if status.st_nlink > 1:
        raise BadInput("a file with several names", where=relative, remedy="submit a copy, not a hard link")


def _open_beneath(root: Path, relative: str) -> int:
    parts = relative.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise BadInput("not a plain relative path", where=relative, remedy="name a file inside the folder")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = deeper
        # O_NONBLOCK: opening a named pipe must not wait for a writer that never comes.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(parts[-1], flags, dir_fd=folder)
    except OSError as error:
        raise BadInput(
            "cannot be opened as a plain file", where=relative, remedy=error.strerror or ""
        ) from error
    finally:
        os.close(folder)
