"""Signed manifests: what was signed is what is read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.base.errors import BadInput, LabError, NotFound, Tampered
from lab.base.signing import ensure_key, read_manifest, sign_manifest


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    private, public = tmp_path / "keys" / "k.pem", tmp_path / "trust" / "k.pub"
    ensure_key(private, public)
    return private, public


@pytest.fixture
def folder(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    made = tmp_path / "extract"
    (made / "claims").mkdir(parents=True)
    (made / "claims" / "part.parquet").write_bytes(b"data")
    (made / "note.txt").write_bytes(b"note")
    sign_manifest(made, {"extract": "e1"}, keys[0])
    return made


def test_signed_folder_reads_back(folder: Path, keys: tuple[Path, Path]) -> None:
    manifest = read_manifest(folder, keys[1])
    assert manifest["extract"] == "e1"
    assert [entry["path"] for entry in manifest["files"]] == ["claims/part.parquet", "note.txt"]


def test_private_key_is_for_its_owner_only(keys: tuple[Path, Path]) -> None:
    assert keys[0].stat().st_mode & 0o777 == 0o600


def test_key_that_others_can_read_is_not_used(folder: Path, keys: tuple[Path, Path]) -> None:
    keys[0].chmod(0o640)
    with pytest.raises(BadInput, match="can be read by others"):
        sign_manifest(folder, {}, keys[0])


def test_existing_key_is_kept(keys: tuple[Path, Path]) -> None:
    before = keys[0].read_bytes()
    ensure_key(*keys)
    assert keys[0].read_bytes() == before


def _change_file(folder: Path) -> None:
    (folder / "note.txt").write_bytes(b"nota")


def _remove_file(folder: Path) -> None:
    (folder / "note.txt").unlink()


def _add_file(folder: Path) -> None:
    (folder / "more.txt").write_bytes(b"")


def _change_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "extract": "e2"}))


def _break_signature(folder: Path) -> None:
    (folder / "manifest.json.sig").write_bytes(b"!")


def _empty_signature(folder: Path) -> None:
    (folder / "manifest.json.sig").write_bytes(b"")


def _link(folder: Path) -> None:
    (folder / "note.txt").unlink()
    (folder / "note.txt").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    "change",
    [_change_file, _remove_file, _add_file, _change_manifest, _break_signature, _empty_signature, _link],
)
def test_any_change_is_found(folder: Path, keys: tuple[Path, Path], change: Callable[[Path], None]) -> None:
    change(folder)
    with pytest.raises((Tampered, BadInput)):
        read_manifest(folder, keys[1])


def test_other_key_is_refused(folder: Path, tmp_path: Path) -> None:
    ensure_key(tmp_path / "other.pem", tmp_path / "other.pub")
    with pytest.raises(Tampered, match="signature does not fit"):
        read_manifest(folder, tmp_path / "other.pub")


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sig"])
def test_missing_proof_is_refused(folder: Path, keys: tuple[Path, Path], name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(NotFound):
        read_manifest(folder, keys[1])


def test_every_error_is_one_line() -> None:
    assert "\n" not in str(LabError("two\nlines", where="a\nb", remedy="c\n\nd"))
