"""What the bytes of a file are, whatever its name says."""

from __future__ import annotations

import json
import pickletools
import re

# The first bytes of what is read and of what is refused, so that a lying name is told what it hides.
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"(\xb5/\xfd", "zstandard"),
    (b"\x04\x22M\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"%PDF", "pdf"),
    (b"%!PS", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"PAR1", "parquet"),
    (b"PARE", "encrypted parquet"),
    (b"ARROW1", "feather"),
    (b"FEA1", "feather of the first version"),
    (b"ORC", "orc"),
    (b"Obj\x01", "avro"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "numpy array"),
    (b"RDX2\n", "RData"),
    (b"RDX3\n", "RData"),
    (b"RDA2\n", "RData"),
    (b"RDA3\n", "RData"),
    (b"<stata_dta>", "Stata data"),
    (b"$FL2", "SPSS data"),
    (b"$FL3", "SPSS data"),
    (b"HEADER RECORD*******LIB", "SAS transport file"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "SAS data"),
    (b"\xd0\xcf\x11\xe0", "old office document"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"RIFF", "webp, audio or video"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"#!/", "program"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
)
_DEEPER = ((257, b"ustar", "tar"), (8, b"DUCK", "duckdb"), (4, b"ftyp", "video"))
_MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(!doctype\s+)?(html|svg|head|body|script)\b", re.I | re.S
)
_PROTOCOLS_0_AND_1 = re.compile(rb"[\x80-\xff(\]}\[{ILFSVXTUKMJGcN]")
_HEAD = 4_096


def content_of(data: bytes) -> str:
    """Return what a file holds by its first bytes: "png", "zip", "html", "json", "pickle" …, else "text"."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    for place, magic, kind in _DEEPER:
        if data[place : place + len(magic)] == magic:
            return kind
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        found = _MARKUP.match(head[:_HEAD])
        if found:
            return "svg" if found.group(2).lower() == b"svg" else "html"
        return "xml" if head.startswith(b"<?xml") else "text"
    if head[:1] in (b"{", b"[") and _is_json(head):
        return "json"
    return "pickle" if _is_pickle(data) else "text"


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _is_pickle(data: bytes) -> bool:
    """Whether all of it is a program of pickle's machine. It is only disassembled, never run.

    Protocols 0 and 1 have no first bytes of their own (PEP 3154).
    """
    if not _PROTOCOLS_0_AND_1.match(data[:1]):
        return False
    try:
        places = [place or 0 for _, _, place in pickletools.genops(data)]
    except Exception:  # whatever a foreign text makes the disassembler stumble over: it is no pickle
        return False
    return len(places) > 1 and not data[places[-1] + 1 :].strip()
