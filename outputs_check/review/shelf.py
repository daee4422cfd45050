"""Bytes that an approval is bound to, kept under their SHA-256."""

import hmac
from pathlib import Path

from lab.base.errors import NotFound, Tampered
from lab.base.files import sha256_bytes, write_atomic


class Shelf:
    """A folder of content-addressed files: what was put once can be found, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep some bytes; return their SHA-256. Putting them twice keeps them once."""
        digest = sha256_bytes(data)
        place = self._place(digest)
        if not place.exists():
            write_atomic(place, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes with a SHA-256.

        Raises:
            NotFound: they were never put here.
            Tampered: what lies there has another hash.
        """
        place = self._place(digest)
        if not place.is_file():
            raise NotFound("bytes that were kept are missing", where=digest, remedy="restore from a backup")
        data = place.read_bytes()
        if not hmac.compare_digest(sha256_bytes(data), digest):
            raise Tampered("kept bytes were changed", where=digest, remedy="restore from a backup")
        return data

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
