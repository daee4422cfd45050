"""Pseudonyms: different in every project, and of no use without the project's key.

A person's pseudonym is AES-256 of her 128-bit spine id under HKDF(master, project, domain, version).
Encrypting each block by itself (ECB) is right here and nearly nowhere else: the input is exactly one block,
every input is a different random id, and equal ids *must* give equal pseudonyms. What ECB is feared for,
that equal blocks show, is the purpose. It is a bijection, so two people cannot share a pseudonym, and one
bulk call encrypts millions.

Supplier identifiers (employers, practices, spell keys) are no 128-bit ids, and some are guessable, so they
get HMAC-SHA-256 under a key of their own domain. NIST SP 800-38A (AES), RFC 5869 (HKDF), RFC 2104 (HMAC).
"""

import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lab.base.errors import BadInput
from lab.base.files import canonical_json

VERSION = 1
ID_BYTES, HEX = 16, 32


@dataclass(frozen=True)
class ProjectPseudonyms:
    """The pseudonyms of one project. The master key stays out of every representation."""

    project: str
    master: bytes = field(repr=False)
    version: int = VERSION

    def __post_init__(self) -> None:
        if not self.project:
            raise BadInput("pseudonyms belong to a project", remedy="name it")

    def people(self, ids: bytes) -> pa.LargeStringArray:
        """Encrypt spine ids, 16 bytes each, one after the other; return 32 hexadecimal characters each.

        Raises:
            BadInput: the bytes are not a whole number of ids.
        """
        if len(ids) % ID_BYTES:
            raise BadInput("spine ids have 128 bits each")
        encryptor = Cipher(algorithms.AES256(self._key("person")), modes.ECB()).encryptor()  # noqa: S305
        return _hex_column(encryptor.update(ids) + encryptor.finalize())

    def others(self, domain: str, values: Iterable[str]) -> list[str]:
        """Pseudonymise supplier identifiers of one domain, such as "hmrc.employer_id"; 32 characters each."""
        key = self._key(domain)
        return [hmac.digest(key, value.encode(), "sha256").hex()[:HEX] for value in values]

    def _key(self, domain: str) -> bytes:
        info = canonical_json(["pseudonym", self.project, domain, self.version])
        return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(self.master)


def id_bytes(high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]) -> bytes:
    """Join the halves of 128-bit ids to bytes, most significant first."""
    halves = np.empty((len(high), 2), dtype=">u8")
    halves[:, 0], halves[:, 1] = high, low
    return halves.tobytes()


def _hex_column(data: bytes) -> pa.LargeStringArray:
    text = binascii.hexlify(data)
    count = len(text) // HEX
    offsets = np.arange(count + 1, dtype=np.int64) * HEX
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
