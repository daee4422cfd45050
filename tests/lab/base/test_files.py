"""Files: whole or absent; what is copied from a stranger's folder comes from that folder."""

import os
from pathlib import Path

import pytest

from lab.base.errors import BadInput
from lab.base.files import canonical_json, copy_beneath, new_folder, sha256_bytes, write_atomic


def test_folder_takes_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    with new_folder(tmp_path / "made") as folder:
        (folder / "a").write_text("a")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "a").read_text() == "a"


def test_failure_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "made") as folder:
        (folder / "a").write_text("a")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_existing_folder_is_kept(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="exists already"), new_folder(tmp_path):
        pass


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomic(target, b"old")
    with pytest.raises(TypeError):
        write_atomic(target, "not bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_mode_that_is_asked_for_holds_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomic(tmp_path / "public", b"", 0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "public").stat().st_mode & 0o777 == 0o644


def test_json_has_one_form() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json(float("nan"))


def test_plain_file_is_copied(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "t.csv").write_bytes(b"x,y\n")
    assert copy_beneath(tmp_path, "in/t.csv", tmp_path / "out", 4) == sha256_bytes(b"x,y\n")
    assert (tmp_path / "out").read_bytes() == b"x,y\n"


def _link_to_secret(root: Path) -> str:
    (root / "t.csv").symlink_to(root.parent / "secret")
    return "t.csv"


def _link_in_the_middle(root: Path) -> str:
    (root / "sub").symlink_to(root.parent)
    return "sub/secret"


def _hard_link(root: Path) -> str:
    os.link(root.parent / "secret", root / "t.csv")
    return "t.csv"


def _pipe(root: Path) -> str:
    os.mkfifo(root / "t.csv")
    return "t.csv"


def _folder(root: Path) -> str:
    (root / "t.csv").mkdir()
    return "t.csv"


def _too_large(root: Path) -> str:
    (root / "t.csv").write_bytes(b"x" * 101)
    return "t.csv"


def _sparse(root: Path) -> str:
    with (root / "t.csv").open("wb") as stream:
        stream.truncate(10 << 30)
    return "t.csv"


@pytest.mark.parametrize(
    "trap",
    [
        _link_to_secret,
        _link_in_the_middle,
        _hard_link,
        _pipe,
        _folder,
        _too_large,
        _sparse,
        lambda _root: "../secret",
        lambda _root: "/etc/passwd",
        lambda _root: "missing.csv",
        lambda _root: "",
        lambda _root: "a/./b",
        lambda _root: "nul\0byte",
    ],
)
def test_no_way_out_of_the_folder(tmp_path: Path, trap: object) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "workspace"
    root.mkdir()
    relative = trap(root)  # type: ignore[operator]
    with pytest.raises(BadInput):
        copy_beneath(root, relative, tmp_path / "out", 100)
    assert not (tmp_path / "out").exists()


def test_the_door_open(tmp_path: Path) -> None:
    """The same link, opened the ordinary way, does lead to the secret."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "workspace").mkdir()
    relative = _link_to_secret(tmp_path / "workspace")
    assert (tmp_path / "workspace" / relative).read_text() == "secret"
