"""Signed manifests: a folder that says what it holds, and who says so (Ed25519)."""

import base64
import binascii
import hmac
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lab.base.errors import BadInput, NotFound, Tampered
from lab.base.files import canonical_json, sha256_file, write_atomic

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"


def ensure_key(private: Path, public: Path) -> None:
    """Make a signing key pair unless it is there: the private half 0600, the public half for verifiers."""
    if not private.exists():
        key = Ed25519PrivateKey.generate()
        private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(
            private,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            0o600,
        )
    wanted = (
        _load_private(private)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    if not public.exists() or public.read_bytes() != wanted:
        write_atomic(public, wanted, 0o644)


def list_files(folder: Path) -> list[dict[str, Any]]:
    """Return path, SHA-256 and size of every file below a folder, manifest and signature apart.

    Raises:
        BadInput: something that is neither a plain file nor a folder.
    """
    listed = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput("only plain files can be signed", where=relative)
        if path.is_file() and relative not in {MANIFEST, SIGNATURE}:
            listed.append({"path": relative, "sha256": sha256_file(path), "bytes": path.stat().st_size})
    return listed


def sign_manifest(folder: Path, payload: dict[str, Any], private: Path) -> bytes:
    """Write `payload` and the list of the folder's files as a signed manifest; return its bytes."""
    data = canonical_json({**payload, "files": list_files(folder)})
    signature = base64.b64encode(_load_private(private).sign(data)) + b"\n"
    write_atomic(folder / MANIFEST, data, 0o644)
    write_atomic(folder / SIGNATURE, signature, 0o644)
    return data


def read_manifest(folder: Path, public: Path, *, files: bool = True) -> dict[str, Any]:
    """Return a folder's manifest once its signature and, with `files`, every file's hash have been verified.

    Raises:
        NotFound: no manifest, signature or public key.
        Tampered: the signature does not fit, or a file is changed, missing or not listed.
    """
    for needed in (folder / MANIFEST, folder / SIGNATURE, public):
        if not needed.is_file():
            raise NotFound("a file that proves the manifest is missing", where=str(needed))
    data = (folder / MANIFEST).read_bytes()
    try:
        signature = base64.b64decode((folder / SIGNATURE).read_bytes(), validate=False)
        _load_public(public).verify(signature, data)
    except (InvalidSignature, binascii.Error) as error:
        raise Tampered(
            "the manifest's signature does not fit",
            where=str(folder / MANIFEST),
            remedy="do not use the folder; ask its sender for a new one",
        ) from error
    manifest: dict[str, Any] = json.loads(data)
    if files:
        _check_files(folder, manifest["files"])
    return manifest


def _check_files(folder: Path, promised: list[dict[str, Any]]) -> None:
    found = {entry["path"]: entry for entry in list_files(folder)}
    for entry in promised:
        actual = found.pop(entry["path"], None)
        if actual is None:
            raise Tampered("a file of the manifest is missing", where=entry["path"])
        if not hmac.compare_digest(actual["sha256"], entry["sha256"]):
            raise Tampered("a file is not the one that was signed", where=entry["path"])
    if found:
        raise Tampered("a file is not in the signed manifest", where=min(found))


def _load_private(path: Path) -> Ed25519PrivateKey:
    if not path.is_file():
        raise NotFound("the signing key is missing", where=str(path))
    if path.stat().st_mode & 0o077 or path.stat().st_uid != os.geteuid():
        raise BadInput(
            "the signing key can be read by others", where=str(path), remedy="chmod 600, owned by its zone"
        )
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput("not an Ed25519 key", where=str(path))
    return key


def _load_public(path: Path) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("not an Ed25519 key", where=str(path))
    return key
