"""Archives that office documents are: opened only where they cannot explode and hide nothing beside."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib

from outputs_check.parsers import limits
from outputs_check.parsers.parsed import Refusal

_REMEDY = "write the table with DataFrame.to_csv"
_END, _END_BYTES, _ENCRYPTED = b"PK\x05\x06", 22, 1


def zip_parts(data: bytes) -> dict[str, bytes]:
    """Return the parts of an archive by their names.

    Raises:
        Refusal: broken, encrypted, too many parts, too large or too much compressed for what it is, parts
        that overlap or stand twice, names that lead elsewhere, bytes behind its end.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries, data)
            return {entry.filename: _read(archive, entry) for entry in entries if not entry.is_dir()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise Refusal("file.zip", f"the archive cannot be read: {str(error)[:100]}", _REMEDY) from None


def zip_names(data: bytes) -> list[str]:
    """Return the names in an archive, none where it is broken; its content is not looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return []


def _check(entries: list[zipfile.ZipInfo], data: bytes) -> None:
    names = [entry.filename for entry in entries]
    total = sum(entry.file_size for entry in entries)
    wrong = {
        "it is encrypted": any(entry.flag_bits & _ENCRYPTED for entry in entries),
        f"it has more than {limits.MAX_PARTS} parts": len(entries) > limits.MAX_PARTS,
        "a part stands twice": len(set(names)) != len(names),
        "its parts overlap": sum(entry.compress_size for entry in entries) > len(data),
        f"it unpacks to {total:,} bytes": total > limits.MAX_UNPACKED_BYTES,
        "it is packed too tightly": total > limits.MAX_PACKING_RATIO * len(data),
        "bytes stand before or behind it": not data.startswith(b"PK\x03\x04")
        or data.rfind(_END) + _END_BYTES != len(data),
        "a name leads elsewhere": any(posixpath.normpath(f"/{name}") != f"/{name}" for name in names),
    }
    if found := [sentence for sentence, is_so in wrong.items() if is_so]:
        raise Refusal("file.zip", f"the archive is refused: {'; '.join(found)}", _REMEDY)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise zipfile.BadZipFile("a part is not as long as it says")
    return content
