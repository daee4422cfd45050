"""Files of every type under the whole gate: what is released of them, and what stops them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from gate_bench import Bench, rules
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from written_frames import parquet, xlsx

from outputs_check.gate.scan import scan_files
from outputs_check.gate.verdict import Verdict

COUNT = {"data": "claims", "statistic": "count", "rows": ["region"], "columns": ["sex"]}


def notebook(*sources: str) -> bytes:
    cells = [new_code_cell(source) for source in sources]
    return nbformat.writes(new_notebook(cells=[new_markdown_cell("# Claims"), *cells])).encode()


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "t.csv": lambda frame: frame.to_csv().encode(),
    "t.tsv": lambda frame: frame.to_csv(sep="\t").encode(),
    "t.xlsx": xlsx,
    "t.parquet": parquet,
    "t.split.json": lambda frame: frame.to_json(orient="split").encode(),
    "t.columns.json": lambda frame: frame.to_json().encode(),
    "t.records.json": lambda frame: frame.reset_index().to_json(orient="records").encode(),
    "t.table.json": lambda frame: frame.to_json(orient="table").encode(),
}


@pytest.mark.parametrize("file", WRITERS)
def test_a_safe_table_passes_as_csv_whatever_its_type(
    bench: Bench, mainland: pd.DataFrame, file: str
) -> None:
    table = pd.crosstab(mainland.region, mainland.sex)
    bench.register(mainland)
    bench.declare(file, WRITERS[file](table), **COUNT)
    output = bench.only()
    assert (output.verdict, output.media_type) == (Verdict.PASS, "text/csv"), output.findings
    assert output.canonical == table.to_csv().encode()


@pytest.mark.parametrize("file", WRITERS)
def test_a_disclosive_table_does_not(bench: Bench, claims: pd.DataFrame, file: str) -> None:
    bench.register(claims)
    bench.declare(file, WRITERS[file](pd.crosstab(claims.region, claims.sex)), **COUNT)
    assert "threshold.people" in rules(bench.only())


def test_a_notebook_is_its_source(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    ran = new_code_cell(
        "table = 1", outputs=[new_output("stream", text=mainland.to_csv())], execution_count=2
    )
    bench.declare("n.ipynb", nbformat.writes(new_notebook(cells=[ran])), statistic="notebook")
    output = bench.only()
    assert output.verdict is Verdict.REVIEW
    assert any("1 × output" in finding.message for finding in output.findings)
    rebuilt = nbformat.reads((output.canonical or b"").decode(), as_version=4)
    nbformat.validate(rebuilt)
    assert rebuilt.cells == [{"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
                              "source": "table = 1"}]  # fmt: skip
    assert bench.only().canonical == output.canonical, "the same notebook, the same bytes"


def records(data: pd.DataFrame) -> str:
    return data.drop(columns="person_id").to_csv()


def commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


SOURCES: dict[str, tuple[Callable[[pd.DataFrame], str], str]] = {
    "records in a string": (lambda data: f'"""{records(data)}"""', "rowlevel.microdata"),
    "records in comments": (lambda data: commented(records(data)), "rowlevel.microdata"),
    "records in a shell": (lambda data: f"%%bash\n{records(data)}", "rowlevel.microdata"),
    "pay in a literal": (lambda data: f"pay = {data.pay.head(300).tolist()}", "notebook.literals"),
    "pay in a comment": (lambda data: f"# {data.pay.head(300).tolist()}", "text.listing"),
    "a pseudonym": (lambda data: f'data.loc["{data.person_id[5]}"]', "identifier.pseudonym"),
    "encoded bytes": (lambda data: f'x = "{data.to_csv().encode().hex()}"', "text.encoded"),
    "a long whole number": (
        lambda data: f"x = {int.from_bytes(records(data).encode()[:400])}",
        "text.digits",
    ),
    "a national insurance number": (lambda _: "# AB 12 34 56 C", "identifier.pattern"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_written_into_a_notebook(bench: Bench, mainland: pd.DataFrame, name: str) -> None:
    write, rule = SOURCES[name]
    bench.register(mainland)
    bench.declare("n.ipynb", notebook(write(mainland)), statistic="notebook")
    output = bench.only()
    assert output.verdict is Verdict.BLOCK
    assert rule in {finding.rule for finding in output.findings if finding.verdict is Verdict.BLOCK}


def test_an_ordinary_notebook_says_nothing(bench: Bench, mainland: pd.DataFrame) -> None:
    source = "import pandas as pd\n\nbins = [0, 10, 20, 30, 40, 50]\ntable = data[data.age >= 18].mean()"
    bench.register(mainland)
    bench.declare("n.ipynb", notebook(source, source, source), statistic="notebook")
    # Submitted alone it reproduces nothing, which is said as well.
    assert rules(bench.only()) == {"notebook.source", "text.review", "notebook.reproduced"}


TEXTS: dict[str, tuple[str, str, Verdict]] = {
    "base64": ("x" * 3 + "QWxsIG9mIHRoZW0g" * 20, "text.encoded", Verdict.BLOCK),
    "hexadecimal": ("9f2c1b0a77" * 30, "text.encoded", Verdict.BLOCK),
    "a data URI": ("![](data:image/png;base64,QUJD)", "text.encoded", Verdict.BLOCK),
    "one digest": ("of " + "9f2c1b0a" * 8, "text.encoded", Verdict.REVIEW),
    "digits on end": ("3" * 40, "text.digits", Verdict.BLOCK),
    "a list": (", ".join(str(number * 37 % 1_000) for number in range(150)), "text.listing", Verdict.BLOCK),
    "an address": ("ask jo@example.org", "identifier.pattern", Verdict.BLOCK),
    "a birthday": ("She was born on 12/03/1961.", "identifier.pattern", Verdict.BLOCK),
    "one NHS number": ("number 943 476 5919", "identifier.pattern", Verdict.REVIEW),
    "a postcode": ("from LS1 4AP", "identifier.pattern", Verdict.REVIEW),
    "a tax reference": ("UTR: 1234567890", "identifier.pattern", Verdict.REVIEW),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_stands_in_a_text(bench: Bench, mainland: pd.DataFrame, name: str) -> None:
    text, rule, verdict = TEXTS[name]
    bench.register(mainland)
    bench.declare("n.md", f"# Notes\n\n{text}\n", statistic="text")
    output = bench.only()
    assert output.verdict is verdict
    assert (rule, verdict) in {(finding.rule, finding.verdict) for finding in output.findings}


def test_every_number_of_a_text_is_listed(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("n.md", "Of 1,204 people\n12.5% had -3e4 in Q1 2020.\n", statistic="text")
    (finding,) = bench.only().findings
    assert finding.cells == ("line 1: 1,204", "line 2: 12.5%", "line 2: -3e4", "line 2: 2020")


@pytest.mark.parametrize("title", ["for jo@example.org", "about AB123456C"])
def test_titles_are_looked_at(bench: Bench, mainland: pd.DataFrame, title: str) -> None:
    bench.register(mainland)
    bench.declare("t.csv", pd.crosstab(mainland.region, mainland.sex), **COUNT | {"title": title})
    assert rules(bench.only()) == {"identifier.pattern"}


def test_file_names_are_looked_at(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    file = f"for {mainland.person_id[0]}.csv"
    bench.declare(file, pd.crosstab(mainland.region, mainland.sex), **COUNT)
    assert rules(bench.only()) == {"identifier.pseudonym"}


VALID = ["9434765919", "4010232137", "9876543210", "4505577104", "3456789881", "5990128088"]
COLUMNS: dict[str, tuple[str, list[str], Verdict | None]] = {
    "valid NHS numbers": ("total", VALID, Verdict.BLOCK),
    "ordinary totals": ("total", [str(int(number) + 1) for number in VALID], None),
    "ten digits under their name": ("nhs_number", ["1234567890"], Verdict.BLOCK),
    "references of taxpayers": ("UTR", ["1234567890"], Verdict.BLOCK),
    "properties": ("uprn", ["100023336956"], Verdict.BLOCK),
    "dates of birth": ("dob", ["1961-03-12", "1970-01-01"], Verdict.BLOCK),
    "other dates": ("month", ["2020-01-01", "2020-02-01"], None),
    "national insurance numbers": ("NI number", ["AB123456"], Verdict.BLOCK),
    "names": ("surname", ["Smith", "Jones"], Verdict.REVIEW),
    "a category that is called so": ("phone", ["120", "340"], None),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_identifiers(tmp_path: Path, name: str) -> None:
    heading, values, verdict = COLUMNS[name]
    rows = "".join(f"row {number},{value}\n" for number, value in enumerate(values))
    (tmp_path / "t.csv").write_text(f"label,{heading}\n{rows}")
    (output,) = scan_files([tmp_path], []).outputs
    found = [finding.verdict for finding in output.findings if finding.rule == "identifier.pattern"]
    assert found[:1] == ([verdict] if verdict else [])


def test_scan_reads_every_type_and_passes_none(tmp_path: Path, mainland: pd.DataFrame) -> None:
    table = pd.crosstab(mainland.region, mainland.sex)
    for file, write in WRITERS.items():
        (tmp_path / file).write_bytes(write(table))
    (tmp_path / "n.ipynb").write_bytes(notebook("x = 1"))
    (tmp_path / "people.parquet").write_bytes(parquet(mainland))
    results = {output.file: output for output in scan_files([tmp_path], ["dwp"]).outputs}
    records = results.pop("people.parquet")
    assert "rowlevel.microdata" in rules(records)
    assert {output.verdict for output in results.values()} == {Verdict.REVIEW}, results
    assert json.dumps([output.to_json() for output in results.values()])
