"""`outputs-check check` and `scan`, as a shell calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from gate_bench import Bench


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outputs_check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def written(bench: Bench, claims: pd.DataFrame, mainland: pd.DataFrame) -> Bench:
    """One safe table, one with small cells, one text; the declaration is on disk."""
    bench.register(claims)
    bench.declare("good.csv", mainland.groupby("sex").size(), data="claims", statistic="count",
                  rows=["sex"], where="region <> 'Isles'")  # fmt: skip
    return bench


def save(bench: Bench) -> Path:
    (bench.submission / "submission.toml").write_text(bench.toml)
    return bench.submission


def test_exit_status_is_the_verdict(written: Bench, claims: pd.DataFrame) -> None:
    assert run("check", save(written), "--data", written.data).returncode == 0
    written.declare("notes.md", "All is well.\n", statistic="text")
    assert run("check", save(written), "--data", written.data).returncode == 10
    written.declare(
        "bad.csv", claims.groupby("region").size(), data="claims", statistic="count", rows=["region"]
    )
    done = run("check", save(written), "--data", written.data)
    assert done.returncode == 20
    assert "threshold.people" in done.stdout.replace("\n", "")


def test_json_is_as_documented(written: Bench, claims: pd.DataFrame) -> None:
    written.declare(
        "bad.csv", claims.groupby("region").size(), data="claims", statistic="count", rows=["region"]
    )
    done = run("check", save(written), "--data", written.data, "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"verdict", "outputs"}
    assert answer["verdict"] == "BLOCK"
    good, bad = answer["outputs"]
    assert set(good) == {"file", "verdict", "evidence", "findings"}
    assert (good["file"], good["verdict"], good["evidence"]) == ("good.csv", "PASS", "A")
    (finding,) = [found for found in bad["findings"] if found["rule"] == "threshold.people"]
    assert set(finding) == {"rule", "verdict", "message", "cells", "source", "remedy"}
    assert finding["cells"] == ["region=Isles"]


def test_ledger_and_commit(written: Bench, tmp_path: Path) -> None:
    place = save(written)
    ledger = tmp_path / "book"
    assert run("check", place, "--data", written.data, "--ledger", ledger).returncode == 0
    assert not ledger.exists()
    assert run("check", place, "--data", written.data, "--ledger", ledger, "--commit").returncode == 0
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert run("check", place, "--data", written.data, "--ledger", ledger).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "nowhere", "--data", "."),
        ("check", ".", "--data", "nowhere"),
        ("check", ".", "--data", ".", "--commit"),
        ("check", ".", "--data", ".", "--loosen"),
        ("scan",),
        ("scan", "nowhere"),
    ],
)
def test_a_wrong_command_line_is_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_bad_submission_is_a_verdict(tmp_path: Path) -> None:
    done = run("check", tmp_path, "--data", tmp_path, "--json")
    assert done.returncode == 20
    assert json.loads(done.stdout)["outputs"][0]["file"] == "submission.toml"


def test_a_broken_registry_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "datasets.toml").write_text("claims = 3")
    done = run("check", tmp_path, "--data", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")


def test_scan(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("region,n\nNorth,3\n")
    done = run("scan", tmp_path, "--owners", "dwp,nhs", "--json")
    assert done.returncode == 20
    assert json.loads(done.stdout)["outputs"][0]["evidence"] == "D"
