"""A submission in the making: files and their declaration, written together.

The keys are those of the submission contract; none is invented here, and none is left out in silence.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pandas as pd

from lab.base.errors import BadInput
from lab.base.room import DECLARATION, WORKSPACE, is_rerun
from lab.session.derived import DerivedDataset, derived_dataset

STATISTICS = (
    "count", "sum", "mean", "median", "percentile", "std", "min", "max", "mode", "proportion", "ratio",
    "ols", "logit", "probit", "poisson", "km", "histogram", "gini", "correlation",
    "text", "image", "model", "notebook",
)  # fmt: skip
KEYS = (
    "data", "where", "rows", "columns", "value", "weight", "rounding", "percentile", "denominator",
    "normalize", "bins", "event", "model", "structural_zeros",
)  # fmt: skip
# Beside the contract: counts as evidence, what a notebook reproduces, what a picture is drawn from and how.
_MORE_KEYS = ("counts", "reproduces", "source", "chart")
_REGRESSIONS = {"OLS": "ols", "Logit": "logit", "Probit": "probit", "Poisson": "poisson"}


@dataclass(frozen=True)
class Output:
    """One declared file."""

    file: str
    title: str
    statistic: str
    keys: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.file or Path(self.file).name != self.file:
            raise BadInput("not a plain file name", where=self.file, remedy="name a file, without a folder")
        if self.file == DECLARATION:
            raise BadInput("that is the declaration's own name", where=self.file)
        if self.statistic not in STATISTICS:
            known = ", ".join(STATISTICS)
            raise BadInput("no such statistic", where=self.statistic, remedy=f"use one of {known}")
        if unknown := sorted(set(self.keys) - {*KEYS, *_MORE_KEYS}):
            raise BadInput("no such key", where=", ".join(unknown), remedy=f"use one of {', '.join(KEYS)}")

    def to_toml(self) -> str:
        """Return the output's entry of the declaration."""
        given = {"file": self.file, "title": self.title, "statistic": self.statistic, **self.keys}
        lines = [f"{key} = {_toml(value)}" for key, value in given.items() if value is not None]
        return "\n".join(["[[output]]", *lines])


class Submission:
    """A folder of the workspace with outputs and their declaration."""

    def __init__(
        self,
        name: str,
        *,
        unit: str = "person_id",
        owners: Sequence[str] = (),
        workspace: Path = WORKSPACE,
    ) -> None:
        """Begin a submission.

        Args:
            name: of the folder, relative to the workspace.
            unit: the column that stands for a person.
            owners: data owners to add to those that the data has.
        """
        self.folder, self._workspace = workspace / name, workspace
        self.unit, self.owners = unit, tuple(owners)
        self.outputs: dict[str, Output] = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def table(
        self,
        frame: "pd.DataFrame | pd.Series[Any]",
        *,
        file: str,
        title: str,
        statistic: str,
        counts: "pd.DataFrame | pd.Series[Any] | None" = None,
        **keys: Any,
    ) -> Path:
        """Add a table, as `crosstab` or `pivot_table` made it; `rounding` rounds the figures, too.

        counts: for a table of data that the gate does not have, the people behind each of its figures,
        laid out as the table. They go to the checkers as evidence and are never released.
        """
        beside = {} if counts is None else {"counts": f"{Path(file).stem}-counts.csv"}
        output = Output(file, title, statistic, {**keys, **beside})
        rounded = _rounded(pd.DataFrame(frame), keys.get("rounding"))
        rounded.to_csv(self.folder / file)
        if counts is not None:
            pd.DataFrame(counts).to_csv(self.folder / beside["counts"])
        return self._add(output)

    def model(self, result: Any, *, file: str, title: str, data: str, **keys: Any) -> Path:
        """Add a fitted regression of statsmodels: coefficients and standard errors.

        Raises:
            BadInput: a model of a kind that the gate does not recompute.
        """
        kind = type(result.model).__name__
        if kind not in _REGRESSIONS or not getattr(result.model, "formula", None):
            remedy = "fit ols, logit, probit or poisson by formula"
            raise BadInput("not a model the gate knows", where=kind, remedy=remedy)
        declared = {"data": data, "model": result.model.formula, **keys}
        output = Output(file, title, _REGRESSIONS[kind], declared)
        frame = pd.DataFrame({"coef": result.params, "std_err": result.bse}).rename_axis("term")
        _rounded(frame, keys.get("rounding")).to_csv(self.folder / file)
        return self._add(output)

    def image(self, figure: Any, *, file: str, title: str, of: str | None = None, **keys: Any) -> Path:
        """Add a picture, as PNG; `of` names the table of this submission that it shows.

        The gate draws it anew from that table. chart: "bar", "line", "heatmap", "steps" or "points", where
        the gate's own choice is not the one you want.

        Raises:
            BadInput: that table is not part of this submission.
        """
        if of is not None and of not in self.outputs:
            raise BadInput("no such table in this submission", where=of, remedy="add the table first")
        output = Output(file, title, "image", {**({"source": of} if of else {}), **keys})
        # No metadata: it would name programs and times.
        figure.savefig(self.folder / file, format="png", metadata={"Software": None})
        return self._add(output)

    def text(self, content: str, *, file: str, title: str) -> Path:
        """Add a text."""
        output = Output(file, title, "text")
        (self.folder / file).write_text(content, encoding="utf-8")
        return self._add(output)

    def notebook(
        self, path: Path | str, *, title: str, file: str | None = None, reproduces: Sequence[str] = ()
    ) -> Path:
        """Add a notebook, as it was last saved. The gate takes its source, and runs it again.

        path: of the notebook. reproduces: files of this submission that a run of it writes; by default
        all of them. A run has the extract, no network and an empty workspace.

        Raises:
            BadInput: there is no such notebook.
        """
        source = Path(path)
        keys = {"reproduces": list(reproduces)} if reproduces else {}
        output = Output(file or source.name, title, "notebook", keys)
        # Where the gate runs the notebook, its own file is not there, and is not compared.
        if source.is_file() or not is_rerun():
            _copy(source, self.folder / output.file)
        else:
            (self.folder / output.file).touch()
        return self._add(output)

    def add(self, output: Output) -> Path:
        """Declare a file that is in the folder already.

        Raises:
            BadInput: it is not.
        """
        if not (self.folder / output.file).is_file():
            raise BadInput("the file is not in the folder", where=str(self.folder / output.file))
        return self._add(output)

    def _add(self, output: Output) -> Path:
        self.outputs[output.file] = output
        for dataset in self._derived():
            copyfile(dataset.path, self.folder / dataset.path.name)
        self._write()
        return self.folder / output.file

    def _derived(self) -> list[DerivedDataset]:
        """Derived datasets of the workspace that an output names as its data."""
        names = dict.fromkeys(str(output.keys.get("data")) for output in self.outputs.values())
        found = [derived_dataset(name, self._workspace) for name in names]
        return [dataset for dataset in found if dataset is not None]

    def _write(self) -> None:
        head = [f"project = {_toml(os.environ.get('LAB_PROJECT', ''))}", f"unit = {_toml(self.unit)}"]
        if self.owners:
            head.append(f"owners = {_toml(list(self.owners))}")
        entries = [_derived_toml(dataset) for dataset in self._derived()]
        entries += [output.to_toml() for output in self.outputs.values()]
        text = "\n\n".join(["\n".join(head), *entries]) + "\n"
        (self.folder / DECLARATION).write_text(text, encoding="utf-8")


def _derived_toml(dataset: DerivedDataset) -> str:
    given = {"name": dataset.name, "sources": dataset.sources, "lineage": dataset.lineage}
    return "\n".join(["[[derived]]", *(f"{key} = {_toml(value)}" for key, value in given.items())])


def _copy(source: Path, target: Path) -> None:
    try:
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise BadInput("the notebook cannot be read", where=str(source), remedy="save it first") from error


def _rounded(frame: pd.DataFrame, base: float | None) -> pd.DataFrame:
    """Return the frame with its numbers rounded to multiples of the base, if there is one."""
    if not base:
        return frame
    digits = max(0, -int(np.floor(np.log10(abs(base)))) + 2)
    rounded = frame.copy()
    for name in frame.select_dtypes("number").columns:
        rounded[name] = ((frame[name] / base).round() * base).round(digits)
    return rounded


def _toml(value: Any) -> str:
    """Return a value as TOML: text, numbers, truth, lists, and tables of those."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, np.generic):
        return _toml(value.item())
    if isinstance(value, str):
        # JSON's strings are TOML's, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool | int | float):
        return repr(value).lower()
    raise BadInput(f"a {type(value).__name__} cannot be declared", remedy="use text, numbers and lists")
