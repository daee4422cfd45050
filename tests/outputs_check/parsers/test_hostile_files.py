"""Hostile bytes: a clear refusal, never a crash, never a hang, and honest files beside them still read."""

from __future__ import annotations

import io
import os
import signal
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from matplotlib import pyplot
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from outputs_check.gate.folder import read_folder
from outputs_check.gate.scan import scan_files
from outputs_check.parsers import limits
from outputs_check.parsers.parsed import ParsedImage, ParsedTable, ParsedText, Refused
from outputs_check.parsers.protocol import read_answer
from outputs_check.parsers.sandboxed import parse_files

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(buffer, "PNG", **options)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "0" * 10_000_000)
    return buffer.getvalue()


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10**7)) + chunk(b"IEND", b"")


def two_frames() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("t.csv", b"", "file.empty"),
    "only a mark": ("t.csv", b"\xef\xbb\xbf", "file.empty"),
    "a nul byte": ("t.csv", b"a,b\n1,\x002\n", "file.characters"),
    "an escape": ("t.md", b"\x1b[2J", "file.characters"),
    "right to left": ("t.csv", "a,b\n\u202e1,2\n".encode(), "file.characters"),
    "zero width": ("t.csv", "a,b\n1\u200b,2\n".encode(), "file.characters"),
    "zero width in text": ("t.md", "a\u200db\u2063c\n".encode(), "file.characters"),
    "tag characters": ("t.md", "a\U000e0041b\n".encode(), "file.characters"),
    "variation selectors": ("t.md", "a\ufe01b\n".encode(), "file.characters"),
    "utf-16": ("t.csv", "a,b\n1,2\n".encode("utf-16"), "file.encoding"),
    "latin-1": ("t.csv", "région,n\n".encode("latin-1"), "file.encoding"),
    "ragged": ("t.csv", b"a,b\n1,2,3\n", "file.table"),
    "an open quote": ("t.csv", b'a,b\n"1,2\n', "file.table"),
    "a long cell": ("t.csv", b"a,b\n1," + b"x" * 1_000 + b"\n", "file.cell"),
    "a cell of two lines": ("t.csv", b'a,b\n"1\n2",3\n', "file.cell"),
    "too many rows": ("t.csv", b"a,b\n" + b"1,2\n" * 6_000, "file.rows"),
    "too many columns": ("t.csv", b",".join([b"1"] * 600), "file.columns"),
    "a zip as csv": ("t.csv", zipped(), "file.lying"),
    "a zip": ("t.zip", zipped(), "file.type"),
    "a csv as png": ("t.png", b"region,n\nNorth,12\n", "file.lying"),
    "a png as csv": ("t.csv", png(), "file.lying"),
    "a png as jpg": ("t.jpg", png(), "file.lying"),
    "a broken png": ("t.png", png()[:40], "file.image"),
    "a png of nothing": ("t.png", PNG, "file.image"),
    "a png bomb": ("t.png", bomb(), "file.pixels"),
    "two frames": ("t.png", two_frames(), "file.frames"),
    "a broken jpg": ("t.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100, "file.image"),
    "a pickle": ("t.pkl", b"\x80\x04N.", "file.type"),
    "a pickle as text": ("t.txt", b"\x80\x04N.", "file.lying"),
    "not a notebook": ("t.ipynb", b"{}", "file.notebook"),
    "html": ("t.html", b"<html></html>", "file.type"),
    "svg": ("t.svg", b"<svg/>", "file.type"),
    "an empty parquet": ("t.parquet", b"PAR1", "file.arrow"),
    "no suffix": ("table", b"a,b\n1,2\n", "file.type"),
    "two suffixes": ("t.csv.gz", b"\x1f\x8b", "file.type"),
    "deep toml": ("submission.toml", b"a = " + b"[" * 5_000 + b"]" * 5_000, "declaration.syntax"),
    "a long toml integer": ("submission.toml", b"a = " + b"9" * 10_000, "declaration.syntax"),
    "toml with infinity": ("submission.toml", b"a = inf", "declaration.syntax"),
}


def test_hostile_files_are_refused_and_others_read() -> None:
    names = {f"{number}-{name}": case for number, (name, case) in enumerate(REFUSED.items())}
    assert len(names) < limits.MAX_FILES
    for chosen in (True, False):  # submission.toml is read under that name only
        files = {
            case[0] if case[0] == "submission.toml" else f"{key}-{case[0]}": case
            for key, case in names.items()
        }
        batch = {file: case[1] for file, case in files.items() if (file == "submission.toml") == chosen}
        parsed = parse_files({**batch, "good.csv": b"a,b\n1,2\n"})
        assert isinstance(parsed["good.csv"], ParsedTable)
        for file in batch:
            answer = parsed[file]
            assert isinstance(answer, Refused), file
            assert answer.rule == files[file][2], (file, answer)
            assert answer.remedy


@pytest.mark.parametrize("name", [name for name, case in REFUSED.items() if case[0] == "submission.toml"])
def test_hostile_declarations_are_refused(name: str) -> None:
    file, data, rule = REFUSED[name]
    answer = parse_files({file: data})[file]
    assert isinstance(answer, Refused)
    assert answer.rule == rule


def test_a_file_that_hangs_costs_only_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker itself, without its sandbox: one file sleeps, one dies, one is read."""
    from outputs_check.parsers import worker

    def parse(name: str, data: bytes) -> ParsedText:
        if name == "sleeps":
            time.sleep(60)
        if name == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "grows":
            bytearray(4 * limits.FILE_MEMORY_BYTES)
        return ParsedText(data.decode())

    monkeypatch.setattr(worker, "parse", parse)
    begin = time.monotonic()
    answers = {
        name: read_answer(worker._isolated(name, b"x", 1.0)) for name in ("sleeps", "dies", "grows", "is")
    }
    assert time.monotonic() - begin < 10
    assert {name: getattr(answer, "rule", "read") for name, answer in answers.items()} == {
        "sleeps": "file.time",
        "dies": "file.crash",
        "grows": "file.memory",
        "is": "read",
    }


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"kind": "ParsedTable", "rows": [["a"], ["b", "c"]], "notes": []}',
        b'{"kind": "ParsedTable", "rows": [[1]], "notes": []}',
        b'{"kind": "ParsedImage", "encoded": "QUJD", "media_type": "image/png", "width": 1, "height": 1,'
        b' "notes": []}',
        b'{"kind": "ParsedImage", "encoded": "QUJD", "media_type": "text/html", "width": 1, "height": 1,'
        b' "notes": []}',
        b'{"kind": "Released", "notes": []}',
        b"[" * 100_000,
    ],
)
def test_the_gate_believes_no_worker(line: bytes) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        read_answer(line)


def with_text(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    return png(pnginfo=info)


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_images_are_encoded_anew() -> None:
    exif = Image.Exif()
    exif[0x010E] = "the incomes are 1, 2, 3"
    files = {
        "text.png": with_text(Comment="the incomes are 1, 2, 3"),
        "software.png": with_text(Software="the incomes are <1>, <2>, <3>"),
        "exif.png": png(exif=exif),
        "comment.jpg": jpeg(comment=b"the incomes are 1, 2, 3"),
        "exif.jpg": jpeg(exif=exif),
    }
    parsed = parse_files(files)
    for name, data in files.items():
        image = parsed[name]
        assert isinstance(image, ParsedImage)
        assert {note.rule for note in image.notes} == {"file.hidden"}
        assert b"incomes" in data
        assert b"incomes" not in image.encoded
        assert Image.open(io.BytesIO(image.encoded)).size == (image.width, image.height) == (8, 6)


def test_what_plotting_tools_write_themselves_is_silent() -> None:
    figure = pyplot.figure()
    figure.gca().plot([1, 2])
    drawn = {"t.png": io.BytesIO(), "t.jpg": io.BytesIO()}
    for name, buffer in drawn.items():
        figure.savefig(buffer, format=name[2:])
    pyplot.close(figure)
    parsed = parse_files(
        {**{name: buffer.getvalue() for name, buffer in drawn.items()}, "plain.png": png(dpi=(72, 72))}
    )
    assert b"Software" in drawn["t.png"].getvalue()
    for image in parsed.values():
        assert isinstance(image, ParsedImage)
        assert image.notes == ()


@pytest.mark.parametrize(
    "behind",
    [b"a,b\n1,2\n", zipped(), b"<script>alert(1)</script>", png(), b"\0"],
    ids=["csv", "zip", "script", "png", "nul"],
)
def test_nothing_stands_behind_an_image(behind: bytes) -> None:
    """A file that is two files at once: picture viewers open the one, other programs the other."""
    files = {"t.png": png() + behind, "t.jpg": jpeg() + behind}
    for name, data in files.items():
        assert Image.open(io.BytesIO(data)).size == (8, 6), name
    for answer in parse_files(files).values():
        assert isinstance(answer, Refused)
        assert answer.rule == "file.trailing"


def test_text_gets_one_spelling() -> None:
    parsed = parse_files({"t.csv": "re\u0301gion,n\r\nＮorth,１２\r\n".encode(), "t.md": b"a\rb"})
    assert parsed["t.csv"] == ParsedTable((("région", "n"), ("North", "12")))
    assert parsed["t.md"] == ParsedText("a\nb\n")


def test_folders_hold_plain_files_only(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("a,b\n")
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    (tmp_path / ".hidden.csv").write_text("a,b\n")
    os.mkfifo(tmp_path / "pipe.csv")
    with (tmp_path / "sparse.csv").open("wb") as stream:
        stream.truncate(10 * 2**30)
    (tmp_path / os.fsdecode(b"\xff.csv")).write_text("a,b\n")
    begin = time.monotonic()
    folder = read_folder(tmp_path)
    assert time.monotonic() - begin < 1
    assert list(folder.files) == ["good.csv"]
    assert {name: refused.rule for name, refused in folder.refused.items()} == {
        ".hidden.csv": "file.name",
        "\\udcff.csv": "file.name",
        "folder": "file.special",
        "link.csv": "file.special",
        "pipe.csv": "file.special",
        "sparse.csv": "file.size",
    }


def test_a_hundred_and_one_files(tmp_path: Path) -> None:
    for number in range(limits.MAX_FILES + 1):
        (tmp_path / f"{number}.csv").touch()
    folder = read_folder(tmp_path)
    assert not folder.files
    assert {refused.rule for refused in folder.refused.values()} == {"file.many"}


def test_scanning_alone_is_never_more_than_review(tmp_path: Path) -> None:
    (tmp_path / "safe.csv").write_text("region,n\nNorth,120\nSouth,340\n")
    (tmp_path / "small.csv").write_text("region,n\nNorth,3\nSouth,340\n")
    (tmp_path / "mail.md").write_text("Ask jo@example.org, AB123456C.\n")
    results = {output.file: output for output in scan_files([tmp_path], ["dwp"]).outputs}
    assert results["safe.csv"].verdict.name == "REVIEW"
    assert {finding.rule for finding in results["small.csv"].findings} == {"scan.small", "evidence.none"}
    assert "identifier.pattern" in {finding.rule for finding in results["mail.md"].findings}
    assert scan_files([tmp_path / "safe.csv"], ["nobody"]).verdict.name == "BLOCK"
