"""What `linkage synth` makes: split-file, repeatable, dirty in known shares, with true things to find."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from counterfeit import Counterfeiter

from lab.base.errors import BadInput
from lab.base.files import sha256_file
from linkage.suppliers import schema
from linkage.synth import generate
from linkage.synth.faults import FAULTS
from linkage.synth.people import BLOCK

IDENTIFIERS = {"nino", "nhs_number", "forename", "surname", "previous_surname", "date_of_birth", "postcode"}


def folders(out: Path) -> list[Path]:
    return sorted(path.parent for path in out.rglob("manifest.json"))


def digests(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): sha256_file(path) for path in out.rglob("*") if path.is_file()}


def test_every_table_is_sent_with_a_manifest_that_holds(supplied: Path) -> None:
    sent = {
        tuple(folder.relative_to(supplied).parts)
        for folder in folders(supplied)
        if "faults" not in folder.parts
    }
    assert sent == {
        (supplier, table)
        for supplier in schema.suppliers()
        for table in schema.tables(supplier)
        if schema.load(supplier, table).route != "optout"
    }
    for supplier, table in sent:
        folder = supplied / supplier / table
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["rows"] == sum(file["rows"] for file in manifest["files"]) > 0
        for file in manifest["files"]:
            assert sha256_file(folder / file["name"]) == file["sha256"]


def test_formats_differ_as_they_do(supplied: Path) -> None:
    files = [
        path for folder in folders(supplied) for path in folder.iterdir() if path.name != "manifest.json"
    ]
    assert {path.suffix for path in files} == {".csv", ".parquet"}
    raw = b"".join(path.read_bytes() for path in (supplied / "dwp/identifiers").glob("*.csv"))
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    assert "É" in raw.decode("cp1252")


def test_the_same_seed_makes_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    for name, seed in (("first", 4), ("again", 4), ("other", 5)):
        generate.write(tmp_path / name, 300, seed, ["bad-codes"])
    assert digests(tmp_path / "first") == digests(tmp_path / "again")
    assert (
        digests(tmp_path / "first")["nhs/fitnotes/fitnotes-0001.csv"]
        != (digests(tmp_path / "other")["nhs/fitnotes/fitnotes-0001.csv"])
    )


def test_more_people_leave_the_first_blocks_as_they_were(tmp_path: Path) -> None:
    """Blocks do not know of each other: that is what lets any number of people stream."""
    generate.write(tmp_path / "one", BLOCK, 9)  # a whole block: a part of one is drawn for the part
    generate.write(tmp_path / "two", BLOCK + 40, 9)
    for table, key in (("dwp/spells", "spell_id"), ("nhs/fitnotes", "fitnote_id")):
        one, two = (
            pd.read_csv(next((tmp_path / name / table).glob("*.csv")), dtype=str) for name in ("one", "two")
        )
        assert len(one) < len(two)
        pd.testing.assert_frame_equal(one, two[two[key].isin(one[key])].reset_index(drop=True))


def test_payload_holds_no_identifier_and_the_truth_is_in_no_delivery(supplied: Path) -> None:
    for supplier in schema.suppliers():
        for table in schema.tables(supplier):
            columns = set(schema.load(supplier, table).column_names)
            if schema.load(supplier, table).route == "payload":
                assert not columns & IDENTIFIERS
            assert "truth_id" not in columns
    assert [path.parent for path in supplied.rglob("truth*")] == [supplied]


def test_every_record_has_one_truth_and_payload_hangs_on_known_records(
    supplied: Path, counterfeit: Counterfeiter
) -> None:
    truth = pd.read_parquet(supplied / "truth.parquet")
    assert not truth.duplicated(["supplier", "record_id"]).any()
    for supplier, table in (("dwp", "spells"), ("hmrc", "employments"), ("nhs", "episodes")):
        known = set(truth[truth["supplier"] == supplier]["record_id"])
        assert set(counterfeit.good(supplier, "identifiers")["record_id"]) == known
        assert set(counterfeit.good(supplier, table)["record_id"]) <= known
    employments = set(counterfeit.good("hmrc", "employments")["employment_id"])
    assert set(counterfeit.good("hmrc", "pay")["employment_id"]) <= employments


def test_identifiers_are_as_dirty_as_real_ones(supplied: Path, counterfeit: Counterfeiter) -> None:
    truth = pd.read_parquet(supplied / "truth.parquet")
    twice = truth[truth["supplier"] == "nhs"].duplicated("truth_id").mean()
    assert 0.005 < twice < 0.03
    dwp, hmrc, nhs = (counterfeit.good(each, "identifiers") for each in ("dwp", "hmrc", "nhs"))
    assert 0.05 < dwp["nino"].isna().mean() < 0.35
    assert nhs["postcode"].str.startswith("ZZ99").sum() > 0
    assert nhs["nhs_number"].dropna().str.startswith("999").mean() > 0.99
    assert (
        hmrc["date_of_birth"].str.contains("/").mean()
        > 0.9
        > 0.1
        > dwp["date_of_birth"].str.contains("/").mean()
    )
    assert (dwp["forename"].dropna() == dwp["forename"].dropna().str.upper()).all()
    held = truth[truth["supplier"] != "nhs"].merge(
        pd.concat([dwp.assign(supplier="dwp"), hmrc.assign(supplier="hmrc")]), on=["supplier", "record_id"]
    )
    pairs = (
        held[held["supplier"] == "dwp"]
        .merge(held[held["supplier"] == "hmrc"], on="truth_id")
        .dropna(subset=["nino_x", "nino_y"])
    )
    assert 0.005 < (pairs["nino_x"].str[:8] != pairs["nino_y"].str[:8]).mean() < 0.08


def test_there_is_something_true_to_find(supplied: Path, counterfeit: Counterfeiter) -> None:
    """Illness lowers pay; some cells are rare enough for disclosure control to find."""
    truth = pd.read_parquet(supplied / "truth.parquet").set_index(["supplier", "record_id"])["truth_id"]
    jobs, pay, notes = (
        counterfeit.good(*each) for each in (("hmrc", "employments"), ("hmrc", "pay"), ("nhs", "fitnotes"))
    )
    pay = pay.merge(jobs[["employment_id", "record_id"]], on="employment_id")
    people = truth.loc["hmrc"].reindex(pay["record_id"]).to_numpy()
    mean = pd.to_numeric(pay["taxable_pay"]).groupby(people).mean()
    noted = set(truth.loc["nhs"].reindex(notes["record_id"]))
    ill = np.array([person in noted for person in mean.index])
    assert 0.15 < ill.mean() < 0.85
    assert mean[ill].mean() < 0.95 * mean[~ill].mean()
    cells = counterfeit.good("dwp", "spells").groupby(["benefit", "la_code"]).size()
    assert (cells < 5).sum() > 20
    assert counterfeit.good("dwp", "spells")["benefit"].nunique() > 10


def test_each_planted_fault_stands_apart(supplied: Path) -> None:
    assert {path.name for path in (supplied / "faults").iterdir()} == set(FAULTS)


@pytest.mark.parametrize(
    ("people", "seed", "faults", "says"),
    [(0, 1, [], "--people"), (10, -1, [], "--seed"), (10, 1, ["half"], "unknown fault 'half'.*half-load")],
)
def test_wrong_options_are_named(
    tmp_path: Path, people: int, seed: int, faults: list[str], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        generate.write(tmp_path / "out", people, seed, faults)
    assert not (tmp_path / "out").exists()


def test_one_person_is_enough(tmp_path: Path) -> None:
    """Whom a supplier may not hold at all."""
    assert generate.write(tmp_path / "out", 1, 1)
    with pytest.raises(BadInput, match="no rows to plant 'broken-manifest'"):
        generate.write(tmp_path / "faulty", 1, 1, ["broken-manifest"])


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        generate.write(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate.write(tmp_path / "out", 10, 1, advance=stop)
    assert list(tmp_path.iterdir()) == []
