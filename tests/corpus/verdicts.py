"""Runs cases through the real gate: a data folder for all of them, a submission and a ledger for each."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from outputs_check.gate.check import release_submission
from outputs_check.gate.result import Result
from outputs_check.gate.verdict import Verdict
from tests.corpus.case import Case, Submission
from tests.corpus.people import OWNERS, UNITS, frames

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from gate_bench import LEDGER, Bench


@dataclass(frozen=True)
class Outcome:
    """What the gate said. passed: every output is PASS. rules: what it has against them."""

    case: Case
    passed: bool
    rules: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def right(self) -> bool:
        """As wanted; a fault of the gate is never right, even where not PASS is wanted."""
        return self.passed == self.case.safe and "gate.fault" not in self.rules


def registered(folder: Path) -> Path:
    """Write every dataset of the corpus into a data folder."""
    bench = Bench(folder)
    for name, frame in frames().items():
        bench.register(frame, name, OWNERS[name], UNITS.get(name, ("person_id",)))
    return bench.data


def judged(case: Case, folder: Path, data: Path) -> Outcome:
    """Release the earlier steps of a case, then check the last; the ledger is the case's own."""
    bench = Bench(folder, data)
    *earlier, last = case.steps
    for number, step in enumerate(earlier):
        _write(bench, step)
        _release(bench, number)
    _write(bench, last)
    result = bench.check(ledger=True)
    against = [
        finding for output in result.outputs for finding in output.findings if finding.verdict > Verdict.PASS
    ]
    return Outcome(
        case,
        all(output.verdict is Verdict.PASS for output in result.outputs),
        tuple(dict.fromkeys(finding.rule for finding in against)),
        tuple(finding.message for finding in against),
    )


def outcomes(cases: Sequence[Case]) -> list[Outcome]:
    """Judge cases, as many at once as there are processors, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as name:
        folder = Path(name)
        data = registered(folder)
        # Spawned, not forked: a fork would share the database's threads.
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            said = pool.map(_said, [(case.id, folder, data) for case in cases], chunksize=8)
            return [Outcome(case, *answer) for case, answer in zip(cases, said, strict=True)]


def _said(job: tuple[str, Path, Path]) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """In another process, that knows the same cases by their ids."""
    from tests.corpus.cases import by_id

    case_id, folder, data = job
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hopeless models are part of the corpus
        place = Path(tempfile.mkdtemp(dir=folder))
        outcome = judged(by_id()[case_id], place, data)
    return outcome.passed, outcome.rules, outcome.messages


def _write(bench: Bench, step: Submission) -> None:
    bench.start()
    bench.toml = "".join(f"{key} = {_head(value)}\n" for key, value in step.head.items())
    for file in step.files:
        content = file.make(frames()[file.data])
        if file.keys is None:
            bench.put(file.name, content)
        else:
            bench.declare(file.name, content, **file.keys)


def _head(value: object) -> str:
    return str(list(value)) if isinstance(value, list | tuple) else f'"{value}"'


def _release(bench: Bench, number: int) -> None:
    """What people approved is in the ledger, PASS or REVIEW."""
    result: Result = bench.check(ledger=True)
    if refused := [output.file for output in result.outputs if output.verdict is Verdict.BLOCK]:
        raise ValueError(f"an earlier release of a case is itself disclosive: {refused}")
    approved = {output.file: str(output.sha256) for output in result.outputs}
    release_submission(
        bench.submission, bench.data, ledger=bench.folder / LEDGER, release=f"r{number}", approved=approved
    )
