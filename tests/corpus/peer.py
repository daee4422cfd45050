"""Which cases another gate can be asked, and as which call of ACRO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.corpus.case import Case, File
from tests.corpus.cases import every_case
from tests.corpus.people import frames
from tests.corpus.tabulated import where

RECORDED = Path(__file__).parent / "acro.json"
_METHODS = {"ols": "olsr", "logit": "logitr", "probit": "probitr", "km": "surv_func", "histogram": "hist"}
_FUNCTIONS = {"proportion": "mean"} | {
    name: name for name in ("count", "sum", "mean", "median", "std", "min", "max", "mode")
}
_OWN = {"suppressed cells", "forged figures", "files", "row level", "identifiers", "images"}


def call(file: File) -> dict[str, Any] | None:
    """The call that makes the same output, None where ACRO has none."""
    keys = dict(file.keys or {})
    statistic = keys.get("statistic", "")
    if "weight" in keys or "structural_zeros" in keys or (statistic == "km" and keys.get("rows")):
        return None
    if statistic in _METHODS:
        return {"method": _METHODS[statistic], "keys": keys}
    if statistic == "count" or "normalize" in keys:
        if keys.get("rows") and keys.get("columns"):
            return {"method": "crosstab", "keys": keys}
        return {"method": "pivot_table", "function": "count", "keys": keys} if statistic == "count" else None
    if statistic in _FUNCTIONS:
        return {"method": "pivot_table", "function": _FUNCTIONS[statistic], "keys": keys}
    return None


def calls(case: Case) -> list[list[dict[str, Any]]] | None:
    """The calls of every step, None where one of them cannot be expressed.

    A file that lies is nothing that the peer could have made; hostile declarations have no equivalent.
    """
    if case.family in _OWN or (case.family == "declarations" and not case.safe):
        return None
    steps = []
    for step in case.steps:
        if not all(file.true or case.safe for file in step.files):
            return None
        asked = [call(file) for file in step.files]
        if None in asked:
            return None
        steps.append(
            [one | {"source": file.data} for one, file in zip(asked, step.files, strict=True) if one]
        )
    return steps


def export(folder: Path) -> None:
    """Write calls.json, and the filtered rows of every call as Parquet."""
    written: dict[tuple[str, str | None], str] = {}
    cases = []
    for case in every_case():
        if (steps := calls(case)) is None:
            continue
        for one in (one for step in steps for one in step):
            chosen = (one.pop("source"), one["keys"].get("where"))
            if chosen not in written:
                written[chosen] = f"{len(written)}.parquet"
                where(frames()[chosen[0]], chosen[1]).to_parquet(folder / written[chosen])
            one["data"] = written[chosen]
        cases.append({"id": case.id, "steps": steps})
    (folder / "calls.json").write_text(json.dumps(cases))


def recorded() -> dict[str, Any]:
    """Version, date and verdicts of the last time that ACRO was asked."""
    return dict(json.loads(RECORDED.read_text()))
