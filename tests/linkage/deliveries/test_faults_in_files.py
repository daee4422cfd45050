"""Each fault in the files or the manifest of a delivery is caught, and the next delivery goes on."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from counterfeit import Counterfeiter

from linkage.intake import Intake
from linkage.offers import offered


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change a delivered file, and tell its new hash in the manifest."""

    def after(folder: Path) -> None:
        (path,) = folder.glob("*-0001.*")
        path.write_bytes(change(path.read_bytes()))
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return after


def only(folder: Path) -> Path:
    (path,) = folder.glob("*-0001.csv")
    return path


def link_away(folder: Path) -> None:
    path = only(folder)
    path.rename(folder.parent / "elsewhere.csv")
    path.symlink_to(folder.parent / "elsewhere.csv")


def told(**changes: Any) -> Callable[[Path], object]:
    """Change what the manifest says; None takes a key away."""

    def after(folder: Path) -> None:
        path = folder / "manifest.json"
        manifest = {
            key: value for key, value in (json.loads(path.read_text()) | changes).items() if value is not None
        }
        path.write_text(json.dumps(manifest))

    return after


FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("file missing", lambda folder: only(folder).unlink(), "not there as a plain file (No such file"),
    ("file is a link", link_away, "not there as a plain file"),
    ("file changed", lambda folder: only(folder).write_text("x"), "SHA-256 differs"),
    (
        "file unlisted",
        lambda folder: (folder / "more.csv").write_text("x"),
        "more.csv is not in the manifest",
    ),
    ("not UTF-8", rewrite(lambda raw: raw.replace(b"MENTAL", b"MENT\xc9L", 1)), "is not utf-8"),
    ("NUL characters", rewrite(lambda raw: raw.replace(b"MENTAL", b"MEN\0AL", 1)), "NUL"),
    ("half a line", rewrite(lambda raw: raw[:-60]), "cannot be read"),
    (
        "a field too many",
        rewrite(lambda raw: raw.replace(b"\n", b",1\n").replace(b"indicator,1", b"indicator", 1)),
        "cannot be read",
    ),
    ("no header", rewrite(lambda raw: b""), "has no header line"),
    ("column twice", rewrite(lambda raw: raw.replace(b"lsoa_code", b"la_code", 1)), "has a column twice"),
    ("row lost", rewrite(lambda raw: b"".join(raw.splitlines(keepends=True)[:-1])), "its manifest says"),
    ("not JSON", lambda folder: (folder / "manifest.json").write_text("{"), "it is not JSON"),
    ("a list", lambda folder: (folder / "manifest.json").write_text("[]"), "it is not an object"),
    ("no period", told(reference_period=None), "it has no 'reference_period'"),
    ("no files", told(files=[]), "no files"),
    (
        "other path",
        told(files=[{"name": "../spells.csv", "sha256": "0" * 64, "rows": 1}], rows=1),
        "not a plain name",
    ),
    (
        "a spreadsheet",
        told(files=[{"name": "spells.xlsx", "sha256": "0" * 64, "rows": 1}], rows=1),
        "neither .csv nor",
    ),
    ("more rows than can be kept", told(rows=10**20), "more than 2,147,483,647 rows"),
    ("half a character", told(sent_by="\ud800"), "is not one line of text"),
    ("rows do not add up", told(rows=7), "rows is not the sum"),
    ("unknown encoding", told(encoding="utf-7"), "encoding 'utf-7' is not one of"),
    (
        "period backwards",
        told(reference_period={"start": "2025-01-01", "end": "2019-01-01"}),
        "ends before it starts",
    ),
    ("unknown supplier", told(supplier="dvla"), "no table 'spells' of supplier 'dvla'"),
    ("unknown table", told(table="pensions"), "no table 'pensions' of supplier 'dwp'"),
    ("wrong route", told(route="identifiers"), "comes by the payload route, not by identifiers"),
    ("odd route", told(route="post"), "unknown route 'post'"),
]


@pytest.mark.parametrize(("after", "reason"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_fault_in_files_or_manifest(
    supplied: Path, intake: Intake, counterfeit: Counterfeiter, after: Callable[[Path], object], reason: str
) -> None:
    faulty = counterfeit.send("dwp", "spells", after=after)
    (receipt,) = intake.receive(offered(faulty))
    assert receipt.state == "quarantined"
    assert reason in receipt.reason
    assert "Original Line" not in receipt.reason
    assert Path(receipt.report).read_text(encoding="utf-8").count("<h1>") == 1
    (good,) = intake.receive(offered(supplied / "dwp/identifiers"))  # the next one goes on
    assert good.state == "accepted"


def test_what_calls_itself_parquet_must_be(intake: Intake, counterfeit: Counterfeiter) -> None:
    def rename(folder: Path) -> None:
        path = only(folder)
        path.rename(path.with_suffix(".parquet"))
        text = (folder / "manifest.json").read_text().replace("0001.csv", "0001.parquet")
        (folder / "manifest.json").write_text(text)

    (receipt,) = intake.receive(offered(counterfeit.send("dwp", "spells", after=rename)))
    assert "is not a Parquet file" in receipt.reason


def test_cp1252_is_read_as_such_and_not_as_anything(intake: Intake, counterfeit: Counterfeiter) -> None:
    good = counterfeit.send("dwp", "identifiers", encoding="cp1252")
    assert intake.receive(offered(good))[0].state == "accepted"
    wrong = counterfeit.send("dwp", "identifiers", encoding="cp1252", after=told(encoding="utf-8"))
    assert "is not utf-8" in intake.receive(offered(wrong))[0].reason
