"""A declaration is honoured to the letter or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.base.errors import BadInput
from outputs_check.gate.data import DataFolder
from outputs_check.gate.declaration import read_declaration
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Verdict
from outputs_check.gate.where import safe_where

COUNT = {"data": "claims", "statistic": "count", "rows": ["sex"]}


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ('project = "p1"\nunit = "person_id"\nthreshold = 1\n', "declaration.key"),
        ('project = "p1"\nunit = "person_id"\nowners = []\n', "declaration.owners"),
        ('project = "p1"\nunit = "person_id"\nowners = ["nobody"]\n', "declaration.owners"),
        ('project = "p1"\nunit = "person_id"\nowners = "dwp"\n', "declaration.owners"),
        ('project = "p1"\nunit = "sex"\n', "declaration.unit"),
        ('project = "p1"\nunit = "person id; --"\n', "declaration.value"),
        ('unit = "person_id"\n', "declaration.value"),
        ('project = "p1"\nproject = "p2"\n', "declaration.syntax"),
        ("project = \n", "declaration.syntax"),
    ],
)
def test_heads_that_are_refused(bench: Bench, mainland: pd.DataFrame, head: str, rule: str) -> None:
    bench.register(mainland)
    bench.toml = head
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    head_output, *outputs = bench.check().outputs
    assert head_output.file == "submission.toml"
    assert rule in rules(head_output)
    assert all(output.verdict is Verdict.BLOCK for output in outputs)
    assert all(output.canonical is None for output in outputs)


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"threshold": 1}, "declaration.key"),
        ({"percentile": 50}, "declaration.key"),
        ({"statistic": "variance"}, "declaration.value"),
        ({"data": "../claims"}, "declaration.value"),
        ({"data": "claims.parquet"}, "declaration.value"),
        ({"data": "other"}, "declaration.data"),
        ({"rows": ["nope"]}, "declaration.column"),
        ({"rows": "sex"}, "declaration.value"),
        ({"rows": ["sex", "sex"]}, "declaration.value"),
        ({"rows": ["person_id"]}, "declaration.column"),
        ({"statistic": "mean"}, "declaration.value"),
        ({"statistic": "mean", "value": "region"}, "declaration.column"),
        ({"statistic": "mean", "value": "person_id"}, "declaration.column"),
        ({"statistic": "proportion"}, "declaration.value"),
        ({"statistic": "proportion", "value": "pay"}, "declaration.value"),
        ({"rounding": 0}, "declaration.value"),
        ({"rounding": -5}, "declaration.value"),
        ({"rounding": True}, "declaration.value"),
        ({"where": "nope = 1"}, "declaration.column"),
        ({"where": "age IN (SELECT 1)"}, "declaration.where"),
        ({"where": "age = 'many'"}, "declaration.where"),
        ({"where": ""}, "declaration.value"),
        ({"structural_zeros": [{"sex": "X"}]}, "declaration.value"),
        ({"title": "long " * 100}, "declaration.value"),
        ({"file": "../t.csv"}, "declaration.value"),
        ({"file": "/etc/passwd"}, "declaration.value"),
        ({"statistic": "km", "value": "age", "event": "employed", "rows": []}, "table.layout"),
        ({"statistic": "model"}, "declaration.key"),
    ],
)
def test_outputs_that_are_refused(
    bench: Bench, mainland: pd.DataFrame, keys: dict[str, Any], rule: str
) -> None:
    bench.register(mainland)
    bench.put("t.csv", mainland.groupby("sex").size())
    declared = {"file": "t.csv", **COUNT, **keys}
    bench.toml += "\n[[output]]\n"
    bench.declare(declared.pop("file"), None, **declared)
    bench.toml = bench.toml.replace("\n[[output]]\n\n[[output]]", "\n[[output]]")
    result = bench.check()
    assert rule in {found for output in result.outputs for found in rules(output)}
    assert result.verdict is Verdict.BLOCK


def test_nothing_declared_is_not_safe(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    assert bench.check().verdict is Verdict.BLOCK


def test_missing_and_undeclared_files(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("missing.csv", None, **COUNT)
    bench.put("extra.csv", mainland)
    missing, extra = bench.check().outputs
    assert rules(missing) == {"file.missing"}
    assert rules(extra) == {"file.undeclared", "rowlevel.microdata"}


def test_a_row_for_each_person_without_any_name(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    bench.put("ages.csv", "age\n" + "".join(f"{age}\n" for age in sorted(mainland.age)))
    _, extra = bench.check().outputs
    assert "rowlevel.microdata" in rules(extra)


def test_the_same_file_twice(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    bench.declare("t.csv", None, **COUNT, where="age > 30")
    assert bench.check().verdict is Verdict.BLOCK


def test_unregistered_data_is_review_at_best(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    (bench.data / "datasets.toml").unlink()
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    output = bench.only()
    assert output.verdict is Verdict.REVIEW
    assert "data.unregistered" in rules(output)


def test_owners_of_a_submission_do_not_replace_the_default(bench: Bench, mainland: pd.DataFrame) -> None:
    """Nine people are enough for the NHS, and not for data that nobody owns."""
    frame = pd.concat([mainland, mainland.head(9).assign(sex="X", person_id=[f"p{n}" for n in range(9)])])
    bench.register(frame)
    (bench.data / "datasets.toml").unlink()
    bench.toml += 'owners = ["nhs"]\n'
    counts = (frame.groupby("sex").size() / 5).round().astype(int) * 5
    bench.declare("t.csv", counts, **COUNT, rounding=5)
    assert "threshold.people" in rules(bench.only())


def test_a_broken_data_folder_is_no_fault_of_the_submission(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    (bench.data / "claims.parquet").write_bytes(b"PAR1")
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    with pytest.raises(BadInput, match="claims"):
        bench.check()


def test_added_owners_only_tighten(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.toml += 'owners = ["nhs"]\n'
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    assert rules(bench.only()) == {"rounding.obligatory"}


def test_owners_without_an_appetite_need_a_person(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland, owners=("dvla",))
    bench.declare("t.csv", mainland.groupby("sex").size(), **COUNT)
    assert (rules(bench.only()), bench.only().verdict) == ({"appetite.unknown"}, Verdict.REVIEW)


TYPES = {
    "age": "BIGINT",
    "x": "VARCHAR",
    "d": "DATE",
    "region": "VARCHAR",
    "sex": "VARCHAR",
    "well": "BOOLEAN",
}


@pytest.mark.parametrize(
    "text",
    [
        "age >= 18",
        "age >= 18 AND region IN ('N', 'S') OR NOT sex = 'F'",
        "age BETWEEN 1 AND 2",
        "x LIKE 'a%'",
        "x IS NOT NULL",
        "CASE WHEN age > 3 THEN TRUE ELSE FALSE END",
        "lower(x) = 'a' AND abs(age) > 1 AND round(age, 1) = 2",
        "year(d) = 2020 AND date_part('month', d) = 2 AND extract(day FROM d) = 1",
        "d >= DATE '2020-01-01'",
        "(age + 1) * 2 / 3 - 1 > 4",
        "x = 'it''s'",
        "x = '-- no comment'",
        "well",
        "NOT well AND (well OR age > 3)",
        "well IS TRUE",
        "TRUE",
        "CASE WHEN age > 3 THEN well WHEN age > 2 THEN NULL ELSE x = 'a' END",
    ],
)
def test_where_that_is_allowed(text: str) -> None:
    assert safe_where(text, TYPES)


def test_where_is_written_with_the_names_of_the_data() -> None:
    assert safe_where("Age > 3 AND Well", TYPES) == '("age" > 3 AND "well")'


@pytest.mark.parametrize(
    "text",
    [
        "age = 1; SELECT 1",
        "age = 1 -- and so on",
        "age = 1 /* and so on */",
        "age IN (SELECT 1)",
        "EXISTS (SELECT 1)",
        "random() > 0.5",
        "now() > d",
        "current_date > d",
        "1 = 1) OR (1 = 1",
        "age = 1) GROUP BY (1",
        "age = 1 UNION SELECT 1",
        "sum(age) OVER () > 1",
        "getenv('HOME') = 'a'",
        "current_setting('threads') = 1",
        "t.age = 1",
        "x ILIKE 'a'",
        "x ~ 'a'",
        "x = 'a' || 'b'",
        "age = $1",
        "CAST(x AS INTEGER) = 1",
        "x IN (SELECT content FROM read_text('/etc/passwd'))",
        "(" * 3000 + "age = 1" + ")" * 3000,
        "__gate_row = 1",
        "age",
        "x",
        "1",
        "'true'",
        "NULL",
        "age + 1",
        "age AND x = 'a'",
        "NOT age",
        "CASE WHEN age > 3 THEN 1 ELSE 0 END",
        "lower(x)",
    ],
)
def test_where_that_is_refused(text: str) -> None:
    with pytest.raises(Blocked):
        safe_where(text, TYPES)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("person IS NOT NULL AND age > 3", True),
        ("person IS NULL", True),
        ("person = 'a'", False),
        ("person <> 'a'", False),
        ("Person < 'b'", False),
        ("lower(person) LIKE 'a%'", False),
        ("person IN ('a', 'b') OR age > 3", False),
        ("CASE WHEN person = 'a' THEN FALSE ELSE TRUE END", False),
        ("person IS TRUE", False),
    ],
)
def test_where_may_ask_whether_there_is_a_pseudonym_and_never_which(text: str, good: bool) -> None:
    types = {"age": "BIGINT", "person": "VARCHAR"}
    if good:
        assert safe_where(text, types, {"person"})
        return
    with pytest.raises(Blocked):
        safe_where(text, types, {"person"})


def test_a_query_that_takes_too_long_is_a_finding(tmp_path: Path) -> None:
    endless = "SELECT count(*) AS n FROM range(1000000000000) a, range(1000000) b WHERE a.range % 7 = b.range"
    with DataFolder(tmp_path, seconds=0.1) as data:
        with pytest.raises(Blocked, match="takes longer than 0.1 seconds"):
            data.fetch(endless)
        assert data.fetch("SELECT 1 AS n")["n"][0] == 1


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "file",
    "title",
    "statistic",
    "rows",
    "value",
    "rounding",
    "normalize",
    "bins",
    "structural_zeros",
    "where",
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(KEYS), JUNK),
    st.sampled_from(["count", "proportion", "histogram", "image"]),
)
def test_junk_values_are_findings_not_exceptions(entry: dict[str, Any], statistic: str) -> None:
    entry = {"statistic": statistic, **entry}
    declared = read_declaration({"project": "p", "unit": "u", "output": [entry]})
    assert declared.outputs or declared.refused


def test_junk_is_findings_not_exceptions() -> None:
    for output in ([], {}, [1], "x", [{"file": []}], [{"statistic": {}}], [{}] * 200, None):
        declared = read_declaration({"project": "p", "unit": "u", "output": output})
        assert declared.findings or declared.refused
