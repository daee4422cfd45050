"""Declarations: what the helper writes is what the contract says, and reads back as it was meant."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from lab.base.errors import BadInput
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
    path = first.image(figure, file="t.png", title="Pay, drawn", of="t.csv")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert _declared(first)["output"][1] == {
        "file": "t.png",
        "title": "Pay, drawn",
        "statistic": "image",
        "data": "d",
        "rows": ["region"],
        "value": "pay",
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
    from lab.base.errors import NotFound
    from lab.session import gate

    with pytest.raises(NotFound, match="use this in a session of a project"):
        gate.submissions(keeper=tmp_path / "keeper.sock")
