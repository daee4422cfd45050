"""Declarations: what the helper writes is what the contract says, and reads back as it was meant."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from lab.base.errors import BadInput, NotFound
from lab.session.derived import derive
from lab.session.submission import KEYS, STATISTICS, Output, Submission

FRAME = pd.DataFrame(
    {
        "region": ["North", "South"] * 50,
        "sex": ["F", "F", "M", "M"] * 25,
        "pay": np.arange(100.0),
        "employed": [0, 1, 1] * 33 + [1],
    }
)


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submission:
    monkeypatch.setenv("LAB_PROJECT", "work-health")
    return Submission("first", workspace=tmp_path, owners=["nhs"])


def _declared(submission: Submission) -> dict[str, Any]:
    return tomllib.loads((submission.folder / "submission.toml").read_text())


def test_a_table_is_written_as_pandas_has_it(first: Submission) -> None:
    table = pd.crosstab(FRAME.region, FRAME.sex)
    path = first.table(
        table,
        file="t.csv",
        title="People by region and sex",
        statistic="count",
        data="person_year",
        rows=["region"],
        columns=["sex"],
        where="pay >= 0",
    )
    assert pd.read_csv(path, index_col=0).equals(table.rename_axis(columns=None))
    assert _declared(first) == {
        "project": "work-health",
        "unit": "person_id",
        "owners": ["nhs"],
        "output": [
            {
                "file": "t.csv",
                "title": "People by region and sex",
                "statistic": "count",
                "data": "person_year",
                "rows": ["region"],
                "columns": ["sex"],
                "where": "pay >= 0",
            }
        ],
    }


@pytest.mark.parametrize(
    ("base", "expected"), [(5, [25.0, 25.0]), (0.01, [24.67, 25.33]), (None, [24.666, 25.333])]
)
def test_rounding_is_declared_and_done(first: Submission, base: float | None, expected: list[float]) -> None:
    keys = {"rounding": base} if base else {}
    frame = pd.DataFrame({"pay": [24.666, 25.333]}, index=pd.Index(["N", "S"], name="region"))
    path = first.table(frame, file="m.csv", title="Pay", statistic="mean", data="d", value="pay", **keys)
    assert pd.read_csv(path).pay.tolist() == expected
    assert _declared(first)["output"][0].get("rounding") == base


def test_columns_that_are_no_text_are_rounded_too(first: Submission) -> None:
    frame = pd.DataFrame({2023: [12.0, 18.0], 2024: [11.0, 9.0]}, index=pd.Index(["N", "S"], name="region"))
    path = first.table(frame, file="y.csv", title="By year", statistic="count", data="d", rounding=5)
    assert pd.read_csv(path).to_numpy()[:, 1:].tolist() == [[10.0, 10.0], [20.0, 10.0]]


def test_counts_stand_in_a_file_of_their_own(first: Submission) -> None:
    grouped = FRAME.assign(band=FRAME.pay // 50).groupby("band")
    path = first.table(
        grouped.pay.mean(), file="t.csv", title="Pay", statistic="mean", value="pay", rows=["band"],
        counts=grouped.size(),
    )  # fmt: skip
    (entry,) = _declared(first)["output"]
    assert entry["counts"] == "t-counts.csv"
    assert pd.read_csv(path.with_name("t-counts.csv"), index_col=0).iloc[:, 0].tolist() == [50, 50]


def test_a_derived_dataset_goes_with_the_tables_of_it(first: Submission, tmp_path: Path) -> None:
    notebook = tmp_path / "n.ipynb"
    notebook.write_text("{}")
    workspace = first.folder.parent
    cohort = derive(FRAME, "cohort", sources=["person_year"], lineage=notebook, workspace=workspace)
    derive(FRAME, "unused", sources=["person_year"], lineage="not\nused", workspace=workspace)
    first.table(FRAME.groupby("sex").size(), file="t.csv", title="t", statistic="count", data="cohort",
                rows=["sex"])  # fmt: skip
    digest = hashlib.sha256(b"{}").hexdigest()
    assert cohort.lineage == f"n.ipynb, SHA-256 {digest}"
    assert _declared(first)["derived"] == [
        {"name": "cohort", "sources": ["person_year"], "lineage": cohort.lineage}
    ]
    assert pd.read_parquet(first.folder / "cohort.derived.parquet").equals(FRAME)
    assert not (first.folder / "unused.derived.parquet").exists()


@pytest.mark.parametrize(
    "wrong", [{"name": "../x"}, {"sources": []}, {"lineage": " "}, {"lineage": Path("/nowhere.ipynb")}]
)
def test_a_derived_dataset_needs_all_that_is_asked(tmp_path: Path, wrong: dict[str, Any]) -> None:
    given = {"name": "cohort", "sources": ["person_year"], "lineage": "by hand"} | wrong
    with pytest.raises(BadInput):
        derive(FRAME, given.pop("name"), workspace=tmp_path, **given)


def test_a_notebook_is_copied_as_it_was_saved(first: Submission, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="save it first"):
        first.notebook(tmp_path / "n.ipynb", title="all of it")
    (tmp_path / "n.ipynb").write_text("{}")
    path = first.notebook(tmp_path / "n.ipynb", file="m.ipynb", title="all of it", reproduces=["t.csv"])
    assert path.read_text() == "{}"
    (entry,) = _declared(first)["output"]
    assert entry == {
        "file": "m.ipynb", "title": "all of it", "statistic": "notebook", "reproduces": ["t.csv"],
    }  # fmt: skip


def test_nothing_is_sent_from_a_run_of_the_gate(
    first: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lab.session import gate

    first.text("all", file="n.txt", title="n")
    first.table(FRAME.groupby("sex").pay.mean(), file="t.csv", title="t", statistic="mean", value="pay",
                rows=["sex"], counts=FRAME.groupby("sex").size())  # fmt: skip
    places = {"workspace": tmp_path, "keeper": tmp_path / "keeper.sock"}
    with pytest.raises(NotFound, match="there is no keeper here"):
        gate.submit(first, **places)
    monkeypatch.setenv("LAB_RERUN", "1")
    receipt = gate.submit(first, **places)
    assert list(receipt.files) == ["submission.toml", "n.txt", "t.csv", "t-counts.csv"]
    assert gate.findings(keeper=places["keeper"]).empty


@pytest.mark.parametrize(("fit", "statistic"), [(smf.ols, "ols"), (smf.logit, "logit")])
def test_a_model_brings_its_formula(first: Submission, fit: Any, statistic: str) -> None:
    result = fit("employed ~ pay + sex", data=FRAME).fit(disp=0)
    path = first.model(result, file="m.csv", title="Employment", data="person_year")
    written = pd.read_csv(path, index_col="term")
    assert written.coef.to_dict() == pytest.approx(result.params.to_dict())
    assert written.std_err.to_dict() == pytest.approx(result.bse.to_dict())
    (entry,) = _declared(first)["output"]
    assert (entry["statistic"], entry["model"]) == (statistic, "employed ~ pay + sex")


def test_a_picture_declares_the_table_it_shows(first: Submission) -> None:
    from matplotlib.figure import Figure

    table = FRAME.groupby("region").pay.mean()
    first.table(table, file="t.csv", title="Pay", statistic="mean", data="d", rows=["region"], value="pay")
    figure = Figure()
    figure.subplots().bar(table.index, table)
    path = first.image(figure, file="t.png", title="Pay, drawn", of="t.csv", chart="bar")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert _declared(first)["output"][1] == {
        "file": "t.png",
        "title": "Pay, drawn",
        "statistic": "image",
        "source": "t.csv",
        "chart": "bar",
    }
    with pytest.raises(BadInput, match="no such table in this submission"):
        first.image(figure, file="u.png", title="x", of="u.csv")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"file": "../t.csv"}, "not a plain file name"),
        ({"file": "submission.toml"}, "the declaration's own name"),
        ({"statistic": "variance"}, "no such statistic"),
        ({"keys": {"threshold": 1}}, "no such key"),
    ],
)
def test_what_the_contract_has_not_is_refused(change: dict[str, Any], reason: str) -> None:
    good = {"file": "t.csv", "title": "T", "statistic": "count", "keys": {"data": "d"}}
    Output(**good)
    with pytest.raises(BadInput, match=reason):
        Output(**{**good, **change})


_VALUES = st.recursive(
    st.text()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(
    title=st.text(),
    statistic=st.sampled_from(STATISTICS),
    keys=st.dictionaries(st.sampled_from(KEYS), _VALUES),
)
def test_every_declaration_reads_back(title: str, statistic: str, keys: dict[str, Any]) -> None:
    text = Output("t.csv", title, statistic, keys).to_toml()
    (read,) = tomllib.loads(text)["output"]
    assert read == {"file": "t.csv", "title": title, "statistic": statistic, **keys}


def test_the_contract_is_the_published_one(shared: Path) -> None:
    contract = (shared / "SUBMISSION.md").read_text()
    for word in (*STATISTICS, *KEYS):
        assert word in contract, word


def test_no_session_no_keeper(tmp_path: Path) -> None:
    from lab.session import gate

    with pytest.raises(NotFound, match="use this in a session of a project"):
        gate.submissions(keeper=tmp_path / "keeper.sock")
