"""The declaration of a submission, read strictly: unknown, empty or ill-typed is BLOCK, never ignored."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from outputs_check.gate import appetite
from outputs_check.gate.derived import DerivedEntry, read_entries
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations as rules
from outputs_check.gate.rules import pictures
from outputs_check.parsers.kinds import released_name

_TABLE = {"rows", "columns", "value", "weight", "rounding", "where", "data"}
_MODEL = {"model", "rounding", "where", "data"}
# Tables that can be judged by counts beside them where the gate has no data (evidence C). A minimum, a
# maximum or a mode needs to know how many share the value, which no count tells.
_COUNTABLE = {"count", "sum", "mean", "median", "std", "gini", "percentile", "proportion", "ratio"}
_OF_DATA = {"data", "where", "weight", "structural_zeros"}
# Keys that say something for a statistic, beside file, title and statistic; True: cannot do without.
_KEYS: dict[str, dict[str, bool]] = {
    "count": dict.fromkeys(_TABLE | {"structural_zeros"}, False) | {"data": True},
    "sum": dict.fromkeys(_TABLE, False) | {"data": True, "value": True},
    "mean": dict.fromkeys(_TABLE, False) | {"data": True, "value": True},
    **{
        name: dict.fromkeys(_TABLE - {"weight"}, False) | {"data": True, "value": True}
        for name in ("median", "std", "min", "max", "mode", "gini")
    },
    "percentile": dict.fromkeys(_TABLE - {"weight"}, False)
    | {"data": True, "value": True, "percentile": True},
    "proportion": dict.fromkeys(_TABLE | {"normalize", "structural_zeros"}, False) | {"data": True},
    "ratio": dict.fromkeys(_TABLE - {"weight"}, False) | {"data": True, "value": True, "denominator": True},
    "histogram": {
        "data": True,
        "value": True,
        "bins": True,
        "rows": False,
        "where": False,
        "rounding": False,
    },
    "correlation": {"data": True, "columns": False, "rows": False, "where": False, "rounding": False},
    **{
        name: dict.fromkeys(_MODEL, False) | {"data": True, "model": True}
        for name in ("ols", "logit", "probit", "poisson")
    },
    "km": {"data": True, "value": True, "event": True, "rows": False, "where": False, "rounding": False},
    "text": {"data": False},
    "image": dict.fromkeys(
        _TABLE | {"source", "chart", "bins", "normalize", "percentile", "denominator"}, False
    ),
    "model": {"data": True, "where": False, "value": True, "columns": True},
    "notebook": {"data": False, "reproduces": False},
}
for _name in _COUNTABLE:
    _KEYS[_name]["counts"] = False
_SUBMISSION = {"project", "unit", "owners", "output", "derived"}
_FILE = re.compile(r"\w[\w.() +-]{0,150}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_MAX_LIST, _MAX_OUTPUTS, _MAX_EXPRESSION, _MAX_TITLE = 50, 100, 2_000, 300


@dataclass(frozen=True)
class Output:
    """One declared output. Meaning of the fields: the submission contract."""

    file: str
    title: str
    statistic: str
    data: str | None = None
    where: str | None = None
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    value: str | None = None
    weight: str | None = None
    rounding: float | None = None
    percentile: float | None = None
    denominator: str | None = None
    normalize: str | None = None
    bins: tuple[float, ...] = ()
    event: str | None = None
    model: str | None = None
    structural_zeros: tuple[tuple[tuple[str, str], ...], ...] = ()
    source: str | None = None
    chart: str | None = None
    counts: str | None = None
    reproduces: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Row dimensions, then column dimensions; a correlation may name its variables on both sides."""
        if self.statistic == "correlation" and self.rows == self.columns:
            return self.rows
        return self.rows + self.columns

    def base_of(self, key: tuple[int | None, ...]) -> tuple[int | None, ...] | None:
        """The cell whose share a cell of a normalised proportion is; None for every other statistic.

        key: the label's index per dimension, None for the margin.
        """
        split = len(self.rows)
        match self.normalize:
            case "index":
                return key[:split] + (None,) * (len(key) - split)
            case "columns":
                return (None,) * split + key[split:]
            case "all":
                return (None,) * len(key)
        return None


@dataclass(frozen=True)
class Declaration:
    """A whole submission.toml. `refused`: (file, findings) of the outputs that cannot be honoured.

    derived: datasets that came with it.
    """

    project: str
    unit: str
    owners: tuple[str, ...]
    outputs: tuple[Output, ...] = ()
    refused: tuple[tuple[str, tuple[Finding, ...]], ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    derived: tuple[DerivedEntry, ...] = ()


class _Wrong(Exception):
    """A value is not what its key asks for."""


def read_declaration(values: Mapping[str, Any]) -> Declaration:
    """Read the values of a submission.toml; whatever is wrong is in `findings` and `refused`."""
    findings = [rules.KEY.block(f"unknown key '{key}'") for key in sorted(set(values) - _SUBMISSION)]
    project = _named(values, "project", findings)
    unit = _named(values, "unit", findings)
    owners = _owners(values, findings)
    derived, wrong_entries = read_entries(values)
    findings += wrong_entries
    outputs: list[Output] = []
    refused: list[tuple[str, tuple[Finding, ...]]] = []
    entries = values.get("output", [])
    if not isinstance(entries, list) or len(entries) > _MAX_OUTPUTS or not _all_tables(entries):
        findings.append(rules.SYNTAX.block(f"'output' is not a list of at most {_MAX_OUTPUTS} tables"))
        entries = []
    elif not entries:
        findings.append(rules.NOTHING.block("no output is declared"))
    for number, entry in enumerate(entries, start=1):
        output, wrong = _read_output(entry)
        if output is not None and released_name(output.file) in {released_name(one.file) for one in outputs}:
            text = f"'{output.file}' is declared more than once, or would leave under another's name"
            wrong.append(rules.VALUE.block(text))
        if wrong or output is None:
            refused.append((_shown_file(entry, number), tuple(wrong)))
        else:
            outputs.append(output)
    twice = {file for file, _ in refused}
    kept = tuple(output for output in outputs if output.file not in twice)
    return Declaration(project, unit, owners, kept, tuple(refused), tuple(findings), derived)


def _all_tables(entries: list[Any]) -> bool:
    return all(isinstance(entry, dict) for entry in entries)


def _named(values: Mapping[str, Any], key: str, findings: list[Finding]) -> str:
    value = values.get(key)
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    findings.append(rules.VALUE.block(f"'{key}' has to be a plain name"))
    return ""


def _owners(values: Mapping[str, Any], findings: list[Finding]) -> tuple[str, ...]:
    if "owners" not in values:
        return ()
    owners = values["owners"]
    if not isinstance(owners, list) or not owners or not all(isinstance(owner, str) for owner in owners):
        findings.append(rules.OWNERS.block("'owners' has to be a list of owners that is not empty"))
        return ()
    if unknown := sorted(set(owners) - appetite.known_owners()):
        findings.append(rules.OWNERS.block(f"unknown owners: {', '.join(unknown)[:200]}"))
        return ()
    return tuple(owners)


def _shown_file(entry: Mapping[str, Any], number: int) -> str:
    file = entry.get("file")
    return file if isinstance(file, str) and _FILE.fullmatch(file) else f"output {number}"


def _read_output(entry: Mapping[str, Any]) -> tuple[Output | None, list[Finding]]:
    statistic = entry.get("statistic")
    if not isinstance(statistic, str) or statistic not in _KEYS:
        return None, [rules.VALUE.block(f"unknown statistic {statistic!r:.80}")]
    wanted = _KEYS[statistic]
    wrong: list[Finding] = []
    fields: dict[str, Any] = {}
    for key in sorted(set(entry) | {"file"}):
        if key == "statistic":
            continue
        if key not in _READERS:
            wrong.append(rules.KEY.block(f"unknown key '{key[:80]}'"))
        elif key not in wanted and key not in {"file", "title"}:
            wrong.append(rules.KEY.block(f"'{key}' means nothing for statistic '{statistic}'"))
        else:
            try:
                fields[key] = _READERS[key](entry.get(key))
            except _Wrong as error:
                wrong.append(rules.VALUE.block(f"'{key}' {error}"))
    wrong += _missing(statistic, entry, wanted)
    if statistic == "proportion" and ("value" in entry) == ("normalize" in entry):
        wrong.append(rules.VALUE.block("a proportion has either 'normalize' or a 0/1 'value'"))
    if wrong:
        return None, wrong
    output = Output(**({"title": ""} | fields), statistic=statistic)
    if len(set(output.dimensions)) != len(output.dimensions):
        return None, [rules.VALUE.block("a column stands twice in 'rows' and 'columns'")]
    return output, []


def _missing(statistic: str, entry: Mapping[str, Any], wanted: Mapping[str, bool]) -> list[Finding]:
    """Keys that cannot be done without; counts stand for the data, and with nothing that asks it."""
    missing = [key for key, needed in wanted.items() if needed and key not in entry]
    beside = "counts" in entry and "counts" in wanted
    wrong = [
        rules.VALUE.block(f"statistic '{statistic}' needs '{key}'")
        for key in missing
        if not (beside and key == "data")
    ]
    refused = sorted(_OF_DATA & set(entry)) if beside else []
    return wrong + [rules.VALUE.block(f"'counts' stands for data: leave out '{key}'") for key in refused]


def _text(pattern: re.Pattern[str], meaning: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _Wrong(f"has to be {meaning}")
        return value

    return read


def _column(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise _Wrong("has to name a column")
    return value


def _columns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_LIST:
        raise _Wrong("has to be a list of columns")
    return tuple(_column(item) for item in value)


def _files(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_OUTPUTS:
        raise _Wrong("has to be a list of files that is not empty")
    return tuple(dict.fromkeys(_text(_FILE, "a list of plain file names")(item) for item in value))


def _expression(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_EXPRESSION:
        raise _Wrong(f"has to be text of at most {_MAX_EXPRESSION:,} characters")
    if not all(line.isprintable() for line in re.split(r"[\n\t]", value)):
        raise _Wrong("has control characters")
    return value


def _title(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TITLE or not value.isprintable():
        raise _Wrong(f"has to be one line of at most {_MAX_TITLE} characters")
    return value


def _number(low: float, high: float, *, open_low: bool = False) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high or (open_low and value == low):
            raise _Wrong(f"has to be a number from {low:g} to {high:g}")
        return float(value)

    return read


def _normalize(value: Any) -> str:
    if not isinstance(value, str) or value not in {"index", "columns", "all"}:
        raise _Wrong('has to be "index", "columns" or "all"')
    return value


def _chart(value: Any) -> str:
    if not isinstance(value, str) or value not in {*pictures.CHARTS, *pictures.REFUSED}:
        raise _Wrong(f"has to be one of {', '.join(pictures.CHARTS)}")
    return value


def _bins(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not 2 <= len(value) <= 1_000:
        raise _Wrong("has to be a list of bin edges")
    edges = tuple(_number(-1e15, 1e15)(edge) for edge in value)
    if any(right <= left for left, right in itertools.pairwise(edges)):
        raise _Wrong("has to rise from edge to edge")
    return edges


def _zeros(value: Any) -> tuple[tuple[tuple[str, str], ...], ...]:
    if not isinstance(value, list) or len(value) > 1_000 or not all(isinstance(item, dict) for item in value):
        raise _Wrong("has to be a list of {dimension: category}")
    zeros = []
    for item in value:
        if not item or not all(isinstance(category, str | int | bool) for category in item.values()):
            raise _Wrong("has to be a list of {dimension: category}")
        zeros.append(tuple(sorted((str(name), str(category)) for name, category in item.items())))
    return tuple(zeros)


_READERS: dict[str, Callable[[Any], Any]] = {
    "file": _text(_FILE, "a plain file name inside the folder"),
    "title": _title,
    "data": _text(_NAME, "a plain name"),
    "where": _expression,
    "rows": _columns,
    "columns": _columns,
    "value": _column,
    "weight": _column,
    "rounding": _number(0, 1e12, open_low=True),
    "percentile": _number(0, 100),
    "denominator": _column,
    "normalize": _normalize,
    "bins": _bins,
    "event": _column,
    "model": _expression,
    "structural_zeros": _zeros,
    "source": _text(_FILE, "a plain file name inside the folder"),
    "chart": _chart,
    "counts": _text(_FILE, "a plain file name inside the folder"),
    "reproduces": _files,
}


def meaningless(output: Output) -> list[str]:
    """Keys that are set and say nothing for the statistic, and those that it lacks."""
    wanted = _KEYS[output.statistic]
    empty = {field.name: field.default for field in fields(Output)}
    given = {key for key in _READERS if getattr(output, key) != empty[key]} - {"file", "title"}
    return sorted(
        {*(given - set(wanted)), *(key for key, needed in wanted.items() if needed and key not in given)}
    )
