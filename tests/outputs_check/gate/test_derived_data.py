"""Evidence B: tables of a dataset that was derived, in the lab's register or sent with a submission."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.base.errors import BadInput
from outputs_check.gate.result import OutputResult
from outputs_check.gate.verdict import Evidence, Verdict
from outputs_check.parsers.columns import read_columns, write_columns
from outputs_check.parsers.derived import read_derived
from outputs_check.parsers.parsed import Refused

COUNT = {"statistic": "count", "rows": ["sex"], "data": "cohort"}


@pytest.fixture
def cohort(mainland: pd.DataFrame) -> pd.DataFrame:
    """One row for each person over 30, with a new variable."""
    chosen = mainland[mainland.age > 30][["person_id", "sex", "pay"]].reset_index(drop=True)
    return chosen.assign(well_paid=(chosen.pay > 24_000).astype(int))


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def derive(bench: Bench, content: pd.DataFrame | bytes | None, **changed: Any) -> None:
    """Send a derived dataset along, as lab.session does."""
    entry = {"name": "cohort", "sources": ["claims"], "lineage": "people over 30, n.ipynb"} | changed
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
    bench.toml = f"{bench.head}\n[[derived]]\n{lines}" + bench.toml.removeprefix(bench.head)
    bench.put(
        f"{entry['name']}.derived.parquet", parquet(content) if isinstance(content, pd.DataFrame) else content
    )


def table(bench: Bench, frame: pd.DataFrame, **keys: Any) -> tuple[OutputResult, OutputResult]:
    """The gate's answers for a table of counts by sex, and for the dataset itself."""
    bench.declare("t.csv", frame.groupby("sex").size(), **COUNT | keys)
    first, *others = bench.check().outputs
    return first, others[0] if others else first


def messages(output: OutputResult, rule: str) -> list[str]:
    return [finding.message for finding in output.findings if finding.rule == rule]


def test_a_table_of_a_derived_dataset(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland)
    derive(bench, cohort)
    output, dataset = table(bench, cohort)
    assert (output.evidence, output.verdict) == (Evidence.B, Verdict.REVIEW)
    assert rules(output) == {"evidence.derived", "evidence.level"}
    assert messages(output, "figure.agrees")
    lineage = "'cohort' is derived from claims (dwp). Lineage: people over 30, n.ipynb"
    assert messages(output, "evidence.lineage") == messages(dataset, "evidence.lineage") == [lineage]
    assert (dataset.file, dataset.verdict, dataset.canonical) == (
        "cohort.derived.parquet",
        Verdict.REVIEW,
        None,
    )


def test_its_figures_are_recomputed_and_judged(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    few = cohort.groupby("sex").head(9)
    bench.register(mainland)
    derive(bench, few)
    assert "threshold.people" in rules(table(bench, few)[0])
    bench.start()
    derive(bench, cohort)
    assert "figure.differs" in rules(table(bench, cohort[5:])[0])


def test_people_who_are_not_in_its_sources(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    bench.register(mainland)
    invented = pd.concat([cohort, cohort.head(40).assign(person_id=[f"q{n}" for n in range(40)])])
    derive(bench, invented)
    output, dataset = table(bench, invented)
    assert "40 person_id of 'cohort' are in none of its sources (claims)" in messages(
        output, "derived.people"
    )
    assert output.verdict is dataset.verdict is Verdict.BLOCK


def test_rows_copied_to_reach_the_threshold_are_one_person(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    copied = pd.concat([mainland.head(4)] * 10)
    derive(bench, copied)
    assert "threshold.people" in rules(table(bench, copied)[0])


def test_owners_are_those_of_the_sources(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland, owners=("nhs",))
    derive(bench, cohort)
    assert "rounding.obligatory" in rules(table(bench, cohort)[0])


def test_a_unit_that_was_left_out(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland.assign(employer_id="e1"), units=("person_id", "employer_id"))
    derive(bench, cohort)
    output, _ = table(bench, cohort)
    assert "derived.unit" in rules(output)
    bench.start()
    derive(bench, cohort.assign(employer_id="e1"))
    assert "threshold.people" in rules(table(bench, cohort)[0])


def test_it_cannot_do_without_its_people(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland)
    derive(bench, cohort.drop(columns="person_id"))
    assert table(bench, cohort)[0].verdict is Verdict.BLOCK


def test_pseudonyms_are_no_variable(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland)
    derive(bench, cohort.assign(who=cohort.person_id.where(cohort.index < 40, "others")))
    counts = cohort.assign(who=cohort.person_id.where(cohort.index < 40, "others")).groupby("who").size()
    bench.declare("t.csv", counts, **COUNT | {"rows": ["who"]})
    assert "identifier.pseudonym" in rules(bench.check().outputs[0])


def test_it_is_compared_with_what_the_extract_gave(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    bench.register(mainland)
    bench.declare("a.csv", mainland.groupby("sex").size(), **COUNT | {"data": "claims"})
    assert bench.check(commit=True).verdict is Verdict.PASS
    bench.start()
    short = mainland[3:]
    derive(bench, short)
    bench.declare("t.csv", short.groupby("sex").size(), **COUNT)
    assert "differencing" in rules(bench.check(ledger=True).outputs[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "../cohort"},
        {"name": ""},
        {"sources": []},
        {"sources": "claims"},
        {"sources": ["../claims"]},
        {"lineage": ""},
        {"lineage": 5},
        {"lineage": "long " * 200},
        {"owners": ["ons"]},
        {"units": ["sex"]},
    ],
)
def test_entries_that_are_refused(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame, changed: dict[str, Any]
) -> None:
    bench.register(mainland)
    derive(bench, None, **changed)
    bench.declare("t.csv", cohort.groupby("sex").size(), **COUNT)
    result = bench.check()
    assert "derived.declaration" in {rule for output in result.outputs for rule in rules(output)}
    assert {output.verdict for output in result.outputs} == {Verdict.BLOCK}


def test_a_source_that_is_not_registered(bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame) -> None:
    bench.register(mainland)
    derive(bench, cohort, sources=["other"])
    output, dataset = table(bench, cohort)
    assert "declaration.data" in rules(output) & rules(dataset)


def test_a_name_that_is_taken(bench: Bench, mainland: pd.DataFrame) -> None:
    """The extract's own dataset stays what it is."""
    bench.register(mainland)
    derive(bench, mainland[:50], name="claims")
    output, dataset = table(bench, mainland, data="claims")
    assert (output.evidence, output.verdict) == (Evidence.A, Verdict.PASS)
    assert "declaration.data" in rules(dataset)


def test_a_dataset_that_is_not_declared_or_not_there(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT | {"data": "claims"})
    bench.put("stray.derived.parquet", parquet(mainland))
    stray = bench.check().outputs[1]
    assert (stray.verdict, stray.canonical) == (Verdict.BLOCK, None)
    bench.start()
    derive(bench, None)
    assert table(bench, mainland)[0].verdict is Verdict.BLOCK


def test_links_are_not_followed(bench: Bench, mainland: pd.DataFrame, tmp_path: Path) -> None:
    bench.register(mainland)
    derive(bench, None)
    (bench.submission / "cohort.derived.parquet").symlink_to(bench.data / "claims.parquet")
    assert table(bench, mainland)[0].verdict is Verdict.BLOCK


# What the catalogue registers


def registered(bench: Bench, cohort: pd.DataFrame, entry: str) -> OutputResult:
    cohort.to_parquet(bench.data / "cohort.parquet")
    with (bench.data / "datasets.toml").open("a") as stream:
        stream.write(f"[cohort]\n{entry}\n")
    return table(bench, cohort)[0]


ENTRY = 'owners = ["hmrc"]\nunits = ["person_id"]\n'


def test_the_register_names_a_derived_dataset(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    bench.register(mainland, owners=("nhs",))
    output = registered(bench, cohort, ENTRY + 'derived_from = ["claims"]\nlineage = "made by the lab"')
    assert output.evidence is Evidence.B
    assert "rounding.obligatory" in rules(output), "an owner of its source"
    assert messages(output, "evidence.lineage") == [
        "'cohort' is derived from claims (nhs). Lineage: made by the lab"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY + 'derived_from = ["claims"]',
        ENTRY + 'derived_from = []\nlineage = "x"',
        ENTRY + 'derived_from = ["nothing"]\nlineage = "x"',
        ENTRY + 'derived_from = ["cohort"]\nlineage = "x"',
        'owners = ["hmrc"]\nunits = ["sex"]\nderived_from = ["claims"]\nlineage = "x"',
    ],
)
def test_a_register_that_is_broken(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame, entry: str
) -> None:
    bench.register(mainland)
    with pytest.raises(BadInput, match="'cohort'"):
        registered(bench, cohort, entry)


def test_an_unregistered_dataset_is_held_against_all_that_are(
    bench: Bench, mainland: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    bench.register(mainland)
    cohort.to_parquet(bench.data / "cohort.parquet")
    output, _ = table(bench, cohort)
    assert (output.evidence, output.verdict) == (Evidence.B, Verdict.REVIEW)
    cohort.assign(person_id=cohort.person_id + "x").to_parquet(bench.data / "cohort.parquet")
    assert "derived.people" in rules(bench.check().outputs[0])


# Hostile bytes


def test_every_kind_of_column_comes_through() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None, "ä"],
            "whole": [1, 2, 2**62],
            "number": [0.5, np.nan, 1e300],
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "truth": [True, False, True],
            "time": pd.to_datetime(["2020-01-01 10:00", None, "1950-06-30 00:00"]),
            "band": pd.Categorical(["x", "y", None]),
            "nothing": [None, None, None],
        }
    )
    table = read_derived(parquet(frame))
    assert not isinstance(table, Refused)
    read = table.to_pandas()
    assert list(read.columns) == list(frame.columns)
    for name in frame:
        assert read[name].isna().tolist() == frame[name].isna().tolist(), name
        assert read[name].dropna().tolist() == frame[name].dropna().tolist(), name


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"PAR1",
        b"PAR1" + bytes(1000) + b"PAR1",
        b"PAR1" + struct.pack("<I", 2**31 - 1) + b"PAR1",
        b"person_id,sex\n1,F\n",
        parquet(pd.DataFrame({"nested": [[1, 2], [3]]})),
        parquet(pd.DataFrame({"raw": [b"\x00", b"\x01"]})),
        parquet(pd.DataFrame({"empty": []})),
        parquet(pd.DataFrame({"__gate_row": [1]})),
        parquet(pd.DataFrame({"a\u202eb\n": [1]})),
        parquet(pd.DataFrame({f"c{number}": [1] for number in range(201)})),
        parquet(pd.DataFrame({"long": np.zeros(2_000_001, np.int8)})),
    ],
)  # fmt: skip
def test_what_is_no_plain_dataset_is_refused(hostile: bytes) -> None:
    assert isinstance(read_derived(hostile), Refused)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=8))
def test_broken_bytes_never_break_the_gate(place: int, change: bytes) -> None:
    whole = parquet(pd.DataFrame({"person_id": [f"{n:08x}" for n in range(50)], "x": range(50)}))
    at = place % len(whole)
    read_derived(whole[:at] + change + whole[at + len(change) :])


@given(st.binary(max_size=300))
def test_a_worker_that_was_taken_over_sends_shapes_or_nothing(answer: bytes) -> None:
    good = write_columns(2, {"t": ("text", np.array([0, 1]), np.array([False, True]), ["a", "b"])})
    assert read_columns(good)["t"][3] == ["a", "b"]
    for hostile in (answer, good + answer[:5] + b"x", good.replace(b'"rows": 2', b'"rows": 3')):
        with pytest.raises(ValueError, match="not a dataset|not the length"):
            read_columns(hostile)
