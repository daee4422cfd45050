"""A notebook: its source leaves, and only if a run of it writes what was submitted with it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from gate_bench import Bench, rules
from notebook_bench import as_extract, notebook
from PIL import Image

from lab.base.watched import Ending
from outputs_check.gate.check import release_submission
from outputs_check.gate.ledger import opened
from outputs_check.gate.rerun import RerunLimits, configured_limits, rerun
from outputs_check.gate.result import OutputResult
from outputs_check.gate.verdict import Verdict

READ = """
import pandas as pd
claims = pd.read_parquet("/data/claims.parquet")
"""
WRITE = 'claims.groupby("region").size().to_csv("/workspace/t.csv")'
COUNT = {"data": "claims", "statistic": "count", "rows": ["region"]}


@pytest.fixture
def submitted(bench: Bench, mainland: pd.DataFrame) -> Bench:
    """A bench with one safe table in its submission."""
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT)
    return bench


def judged(bench: Bench, *cells: str, **keys: object) -> OutputResult:
    bench.declare("n.ipynb", notebook(*cells), statistic="notebook", **keys)
    return next(output for output in bench.check().outputs if output.file == "n.ipynb")


def said(output: OutputResult) -> str:
    (finding,) = [each for each in output.findings if each.rule in {"notebook.reproduced", "notebook.run"}]
    return f"{finding.verdict.name}: {finding.message}"


def test_its_source_is_all_that_leaves(submitted: Bench) -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "aGlkZGVu"}}
    submitted.declare("n.ipynb", notebook(READ, WRITE, outputs=[picture]), statistic="notebook")
    output = submitted.check().outputs[1]
    assert said(output) == "PASS: reproduced: 1 of 1 files (t.csv)"
    assert output.verdict is Verdict.REVIEW
    assert rules(output) == {"notebook.source", "file.hidden"}
    released = nbformat.reads((output.canonical or b"").decode(), as_version=4)
    nbformat.validate(released)
    assert [cell.source for cell in released.cells] == [READ, WRITE]
    assert not any(cell.outputs or cell.metadata for cell in released.cells)


def test_a_release_records_what_was_run_when_it_was_checked(submitted: Bench) -> None:
    submitted.declare("n.ipynb", notebook(READ, WRITE), statistic="notebook")
    approved = {output.file: str(output.sha256) for output in submitted.check().outputs}
    ledger = submitted.folder / "ledger.sqlite"
    result = release_submission(
        submitted.submission, submitted.data, ledger=ledger, release="r1", approved=approved
    )
    assert {output.file: output.sha256 for output in result.outputs} == approved
    with opened(ledger) as book:
        assert book.knows("count")


def test_every_file_is_compared(submitted: Bench, mainland: pd.DataFrame) -> None:
    table = mainland.groupby("region").size()
    for number in range(1, 6):
        submitted.declare(f"t{number}.csv", table, **COUNT)
    output = judged(
        submitted,
        READ,
        # The same in another folder, by other means: as a kernel reads it, in one of its own figures.
        "%matplotlib inline\n!mkdir -p out\n%cd out",
        WRITE.replace("/workspace/", "") + "\nimport asyncio\nawait asyncio.sleep(0)",
        'table = claims.groupby("region").size()',
        'table.astype(float).to_csv("t1.csv")',
        'table.drop("East").to_csv("t2.csv")',
        'claims[1:].groupby("region").size().to_csv("t3.csv")',
        "import numpy as np",
        '(table + np.random.default_rng().integers(1, 10**9, 3)).to_csv("t4.csv")',
    )
    assert said(output).startswith(
        "BLOCK: not reproduced: t2.csv has another shape; t3.csv differs in 1 of 8 cells"
    )
    assert said(output).endswith("(row 2 column 2, row 3 column 2, row 4 column 2); t5.csv was not written")
    assert output.verdict is Verdict.BLOCK


def test_chance_with_a_seed(submitted: Bench) -> None:
    output = judged(submitted, READ, "claims = claims.sample(frac=1, random_state=1)", WRITE)
    assert said(output).startswith("PASS: reproduced")


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ("1 / 0", "cell 3 ended with ZeroDivisionError"),
        ("import os; os._exit(0)", "cell 3 ended with the death of its kernel"),
    ],
)
def test_a_run_that_does_not_reach_its_end(submitted: Bench, last: str, sentence: str) -> None:
    """It reproduces nothing, whatever it wrote before."""
    output = judged(submitted, READ, WRITE, last)
    assert said(output) == f"BLOCK: not reproduced: {sentence}"


def test_what_a_run_says_of_the_data_stays_inside(submitted: Bench) -> None:
    secret = 'raise type("P" + claims.person_id[0], (Exception,), {})(claims.person_id[1])'
    output = judged(submitted, READ, secret)
    assert said(output) == "BLOCK: not reproduced: cell 2 ended with an error of its own"


def test_a_table_that_is_blocked_stays_so(bench: Bench, claims: pd.DataFrame) -> None:
    bench.register(claims)
    bench.declare("t.csv", claims.groupby("region").size(), **COUNT)
    bench.declare("n.ipynb", notebook(READ, WRITE), statistic="notebook")
    table, output = bench.check().outputs
    assert said(output).startswith("PASS: reproduced")
    assert table.verdict is Verdict.BLOCK


def test_pictures_and_texts_are_compared_as_they_are_parsed(submitted: Bench) -> None:
    path = submitted.folder / "p.png"
    Image.new("RGB", (40, 20), "teal").save(path, "PNG", compress_level=1)
    submitted.declare("p.png", path.read_bytes(), statistic="image", source="t.csv")
    submitted.declare("n.txt", "three regions\n", statistic="text")
    draw = 'from PIL import Image\nImage.new("RGB", (40, 20), {!r}).save("p.png", "PNG", compress_level=9)'
    write = 'open("n.txt", "w").write("three regions")'
    assert said(judged(submitted, READ, WRITE, draw.format("teal"), write)).startswith(
        "PASS: reproduced: 3 of 3"
    )
    submitted.declare("m.ipynb", notebook(READ, WRITE, draw.format("red"), write), statistic="notebook")
    other = submitted.check().outputs[-1]
    assert said(other) == "BLOCK: not reproduced: p.png differs"


def test_only_what_it_says_it_reproduces(submitted: Bench) -> None:
    submitted.declare("n.txt", "by hand\n", statistic="text")
    assert said(judged(submitted, READ, WRITE, reproduces=["t.csv"])).startswith("PASS: reproduced: 1 of 1")


@pytest.mark.parametrize("files", [["gone.csv"], ["n.ipynb"], [], ["../t.csv"], "t.csv"])
def test_what_cannot_be_reproduced(submitted: Bench, files: object) -> None:
    output = judged(submitted, READ, WRITE, reproduces=files)
    assert rules(output) >= {"declaration.value"}
    assert output.verdict is Verdict.BLOCK


def test_nothing_to_reproduce_is_not_reproduced(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    output = judged(bench, READ)
    assert said(output).startswith("REVIEW")
    assert output.verdict is Verdict.REVIEW


def test_data_in_the_source(submitted: Bench, mainland: pd.DataFrame) -> None:
    someone = str(mainland.person_id.iloc[3])
    records = mainland.drop(columns="person_id").head(60).to_csv()
    output = judged(submitted, READ, WRITE, f"x = '{someone}'", f"x = '''{records}'''")
    assert rules(output) >= {"identifier.pseudonym", "rowlevel.microdata"}


def test_the_same_notebook_runs_in_the_session_and_at_the_gate(bench: Bench, mainland: pd.DataFrame) -> None:
    """With lab.session throughout: nothing is sent from a run, and its own file may be missing there."""
    bench.register(mainland)
    as_extract(bench.data, "claims", mainland)
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT)
    output = judged(
        bench,
        """
        from lab import session
        claims = session.extract("claims").compute()
        mine = session.Submission("first")
        mine.table(claims.groupby("region").size(), file="t.csv", title="t", statistic="count",
                   data="claims", rows=["region"])
        mine.notebook("analysis.ipynb", file="n.ipynb", title="all of it")
        assert session.catalogue().shape[0] == 7
        session.submit(mine)
        assert session.findings().empty and session.submissions().empty
        """.replace("\n        ", "\n"),
    )  # fmt: skip
    assert said(output) == "PASS: reproduced: 1 of 1 files (t.csv)"


LIMITS = RerunLimits(seconds=40, cpu_seconds=60, memory_gib=1.5, processes=60, scratch_gib=0.03)
SHORT = replace(LIMITS, seconds=8)


@pytest.mark.parametrize(
    ("source", "limits", "endings"),
    [
        ("while True: print('x' * 1000)", SHORT, {Ending.TIME}),
        # Processes that double hold memory and the processor as well: whichever is seen first.
        ("import os\nwhile True: os.fork()", LIMITS, {Ending.PROCESSES, Ending.MEMORY, Ending.TIME}),
        (
            "import os, time\nfor _ in range(3):\n    if not os.fork(): break\nx = b'x' * (600 << 20)\n"
            "time.sleep(60)",
            LIMITS,
            {Ending.MEMORY},
        ),
    ],
)
def test_a_run_that_takes_too_much(
    tmp_path: Path, source: str, limits: RerunLimits, endings: set[Ending]
) -> None:
    run = rerun((("code", source),), tmp_path, "p1", ["t.csv"], limits)
    assert run.ending in endings
    assert (run.answered, dict(run.files)) == (False, {})


ATTEMPTS = {
    "memory": "bytearray({size} * 160)",
    "workspace": "open('/workspace/a', 'wb').write(bytes({size} * 4))",
    "many files": "[open(f'/tmp/{{i}}', 'wb').write(bytes({size})) for i in range(9)]",
    "devices": "open('/dev/a', 'wb').write(bytes({size}))",
    "the extract": "open('/data/a', 'wb').write(bytes({size}))",
    "network": "socket.create_connection(('192.0.2.1', 80), 2 if {size} > 1000 else 0.001)",
    "names": "socket.getaddrinfo('example.org', 80)",
}


def test_what_a_run_cannot_do(tmp_path: Path) -> None:
    """Where it only costs space, a little of the same goes well."""
    tries = "".join(
        f"attempt({name + kind!r}, lambda: {code.format(size=size)})\n"
        for kind, size in ((", little", 10), ("", 10 << 20))
        for name, code in ATTEMPTS.items()
    )
    source = (
        "import socket\ndef attempt(name, what):\n    try: what(); told = 'done'\n"
        "    except Exception as error: told = type(error).__name__\n"
        f"    print(name, told, sep=',', file=open('t.csv', 'a'))\n{tries}"
    )
    run = rerun((("code", source),), tmp_path, "p1", ["t.csv"], LIMITS)
    (written,) = run.files["t.csv"]
    told = dict(line.split(",")[-2:] for line in written.decode().replace(", little", " little").splitlines())
    assert {name: told[name] for name in ATTEMPTS} == {
        "memory": "MemoryError",
        "workspace": "OSError",
        "many files": "OSError",
        "devices": "OSError",
        "the extract": "OSError",
        "network": "OSError",
        "names": "gaierror",
    }
    assert {name for name in told if told[name] == "done"} == {
        "memory little",
        "workspace little",
        "many files little",
    }


SPOILS = [
    {"cell": 99},
    {"cell": "1"},
    {"error": "x" * 1000, "files": []},
    {"error": None, "files": [["t.csv", "%%%"]]},
    {"error": None, "files": [["../../u.csv", base64.b64encode(b"no").decode()]]},
    {"error": None, "files": 5},
    [],
]


def test_a_room_that_was_taken_over_says_nothing_new(tmp_path: Path) -> None:
    """The notebook reaches the answer of its own room: it is held to shapes and names all the same."""
    lines = "".join(json.dumps(line) + "\n" for line in SPOILS)
    spoil = f"""
import os, glob
open("t.csv", "w").write("x")
for place in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        if os.readlink(place).startswith("pipe:"):
            os.write(os.open(place, os.O_WRONLY | os.O_NONBLOCK), {lines!r}.encode())
    except OSError:
        pass
"""
    run = rerun((("code", spoil),), tmp_path, "p1", ["t.csv"], LIMITS)
    assert run.cell <= 1
    assert run.error in {"", "an error of its own", "the death of its kernel"}
    assert set(run.files) <= {"t.csv"}


def test_the_installed_limits_are_limits() -> None:
    assert configured_limits().memory_bytes > 0
