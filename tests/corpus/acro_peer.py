"""The same cases put to ACRO, the best peer; runs in an environment of its own, without the lab.

    python3.11 -m venv var/acro && var/acro/bin/pip install acro pyarrow
    make scorecard ACRO=var/acro/bin/python

Reads FOLDER/calls.json, which `peer` wrote, and prints `{"version": …, "verdicts": {case: "pass" | "fail"}}`.
Suppression is off; a case passes when every output of its last submission has the status "pass".
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from acro import ACRO
from acro.version import __version__

mpl.use("agg")


def main(folder: Path) -> None:
    """Ask about every case and print the verdicts."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    verdicts = {}
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        for case in json.loads((folder / "calls.json").read_text()):
            with contextlib.redirect_stdout(io.StringIO()):
                verdicts[case["id"]] = _verdict(case, folder)
    print(json.dumps({"version": __version__, "verdicts": verdicts}, indent=0))


def _verdict(case: dict[str, Any], folder: Path) -> str:
    session = ACRO(suppress=False)
    last: list[str] = []
    for step in case["steps"]:
        before = len(session.results.results)
        for call in step:
            try:
                _call(session, call, pd.read_parquet(folder / call["data"]))
            except Exception as error:
                return f"error: {type(error).__name__}"
        last = [record.status for record in list(session.results.results.values())[before:]]
    return "pass" if last and set(last) == {"pass"} else "fail"


def _call(session: ACRO, call: dict[str, Any], data: pd.DataFrame) -> None:
    keys = call["keys"]
    match call["method"]:
        case "olsr" | "logitr" | "probitr" as method:
            getattr(session, method)(keys["model"], data)
        case "surv_func":
            session.surv_func(data[keys["value"]], data[keys["event"]], output="table")
        case "hist":
            facet = keys.get("rows") or [None]
            session.hist(data, keys["value"], bins=keys["bins"], by_val=facet[0])
        case "crosstab":
            rows, columns = ([data[name] for name in keys[side]] for side in ("rows", "columns"))
            session.crosstab(rows, columns, normalize=keys.get("normalize", False))
        case "pivot_table":
            data = data.assign(_row=1, _all="all")
            index = keys.get("rows") or ["_all"]
            value = "_row" if call["function"] == "count" else keys["value"]
            columns = keys.get("columns") or None
            session.pivot_table(data, values=value, index=index, columns=columns, aggfunc=call["function"])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
