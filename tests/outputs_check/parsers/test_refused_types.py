"""Types that are refused: by suffix or by bytes, whichever lies, and with what they carry by its name."""

from __future__ import annotations

import gzip
import io
import pickle
import sqlite3
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outputs_check.parsers.parsed import Refused
from outputs_check.parsers.sandboxed import parse_files

PEOPLE = pd.DataFrame({"age": [34, 51], "pay": [1.5, 2.5]})


class Harmful:
    """Unpickling it would leave a file behind."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return open, (str(MARK), "w")  # type: ignore[return-value]


MARK = Path(tempfile.gettempdir()) / "unpickled-by-the-gate"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as stream:
        stream.writestr("people.csv", PEOPLE.to_csv())
    return buffer.getvalue()


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as stream:
        entry = tarfile.TarInfo("people.csv")
        entry.size = 3
        stream.addfile(entry, io.BytesIO(b"a,b"))
    return buffer.getvalue()


def array(write: object) -> bytes:
    buffer = io.BytesIO()
    write(buffer, PEOPLE.pay.to_numpy())  # type: ignore[operator]
    return buffer.getvalue()


def stata() -> bytes:
    buffer = io.BytesIO()
    PEOPLE.to_stata(buffer, version=118)
    return buffer.getvalue()


def database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE people (age)")
    return connection.serialize()


PAGE = (
    b"<!DOCTYPE html><html><!-- secret --><style>p {}</style><script>Plotly.newPlot('x', [])</script>"
    b"<img src='data:image/png;base64,QUJD'><p hidden onclick='x()'>12</p><table></table></html>"
)
DRAWING = b"<svg xmlns='x'><script/><foreignObject/><path d='M0 0'/><image href='data:text/csv,1'/></svg>"
CONTENTS: dict[str, tuple[str, bytes]] = {
    "html": ("html", PAGE),
    "svg": ("svg", DRAWING),
    "xml": ("xml", b"<?xml version='1.0'?><people/>"),
    "pdf": ("pdf", b"%PDF-1.7\n/OpenAction /JavaScript /EmbeddedFile"),
    "zip": ("zip", archive()),
    "gzip": ("gz", gzip.compress(b"a,b")),
    "tar": ("tar", tar()),
    "numpy array": ("npy", array(np.save)),
    "Stata data": ("dta", stata()),
    "sqlite": ("sqlite", database()),
    "hdf5": ("h5", b"\x89HDF\r\n\x1a\n" + bytes(100)),
    "RData": ("rdata", b"RDX3\nX\n"),
    "SPSS data": ("sav", b"$FL2@(#) SPSS DATA FILE"),
    "SAS transport file": ("xpt", b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"),
    "orc": ("orc", b"ORC\x11"),
    "program": ("exe", b"\x7fELF"),
}
READ = ("csv", "tsv", "xlsx", "parquet", "feather", "json", "md", "txt", "log", "ipynb", "png", "jpg")


@pytest.mark.parametrize("kind", CONTENTS)
def test_under_its_own_name_it_is_refused(kind: str) -> None:
    suffix, data = CONTENTS[kind]
    (answer,) = parse_files({f"t.{suffix}": data}).values()
    assert isinstance(answer, Refused)
    assert answer.rule == "file.type"


def test_under_another_name_it_is_found_out() -> None:
    files = {
        f"{number}.{suffix}": data
        for number, (_, data) in enumerate(CONTENTS.values())
        for suffix in READ
        if (data[:2], suffix) != (b"PK", "xlsx")
    }
    for start in range(0, len(files), 60):
        batch = dict(list(files.items())[start : start + 60])
        for name, answer in parse_files(batch).items():
            assert isinstance(answer, Refused), name
            assert answer.rule == "file.lying", name
    (answer,) = parse_files({"t.xlsx": archive()}).values()
    assert isinstance(answer, Refused)
    assert "people.csv" in answer.message


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_known_and_never_loaded(protocol: int) -> None:
    frames = {"frame": pickle.dumps(PEOPLE, protocol), "harm": pickle.dumps(Harmful(), protocol)}
    MARK.unlink(missing_ok=True)
    pickle.loads(frames["harm"]).close()  # noqa: S301 - our own
    assert MARK.exists(), "the lock is tried with a pickle that does harm"
    MARK.unlink()
    files = {
        f"{name}.{suffix}": data
        for name, data in frames.items()
        for suffix in ("pkl", "csv", "txt", "joblib")
    }
    for name, answer in parse_files(files).items():
        assert isinstance(answer, Refused), name
        assert answer.rule == ("file.lying" if name.endswith(("csv", "txt")) else "file.type"), name
        assert "pickle" in answer.message
    assert not MARK.exists()


CARRIED = {
    "html": "comments, styles, scripts, Plotly charts, data URIs, hidden elements, event handlers, tables",
    "svg": "scripts, foreign objects, paths with coordinates, data URIs",
    "pdf": "JavaScript, embedded files, actions",
    "zip": "people.csv",
}


@pytest.mark.parametrize("kind", CARRIED)
def test_what_it_carries_is_named(kind: str) -> None:
    suffix, data = CONTENTS[kind]
    (answer,) = parse_files({f"t.{suffix}": data}).values()
    assert isinstance(answer, Refused)
    for words in CARRIED[kind].split(", "):
        assert words in answer.message


def test_depth_costs_nothing() -> None:
    deep = b"<html>" + b"<div>" * 100_000 + b"<script>" + b"</div>" * 100_000
    (answer,) = parse_files({"t.html": deep}).values()
    assert isinstance(answer, Refused)
    assert "1 scripts" in answer.message


@pytest.mark.parametrize("name", ["t.xlsx.csv", "t.csv.csv", "t.png.csv"])
def test_a_name_has_one_suffix(name: str) -> None:
    (answer,) = parse_files({name: b"a,b\n1,2\n"}).values()
    assert isinstance(answer, Refused)
    assert answer.rule == "file.name"
