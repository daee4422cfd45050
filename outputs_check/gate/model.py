"""Regressions, fitted again from the declared formula and compared term by term."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import present
from outputs_check.gate.data import Array, DataFolder
from outputs_check.gate.equation import Equation, Shown
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, is_multiple, read_figure, written
from outputs_check.gate.fitting import Fitted, fit_model
from outputs_check.gate.formula import read_formula
from outputs_check.gate.labels import Labels
from outputs_check.gate.layout import Rows, neutral
from outputs_check.gate.model_rules import is_saturated, model_findings
from outputs_check.gate.question import Question
from outputs_check.gate.records import read_records
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations, tables
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Verdict

# Maximum likelihood stops where its own tolerance says; least squares is exact to rounding.
_TOLERANCE = {"ols": 1e-7}
_ITERATED = 1e-4
_SHOWN = 5
_COLUMNS: dict[str, Callable[[Any], Array]] = {
    "coef": lambda fit: fit.params,
    "std_err": lambda fit: fit.bse,
    "t": lambda fit: fit.tvalues,
    "z": lambda fit: fit.tvalues,
    "p": lambda fit: fit.pvalues,
    "p_value": lambda fit: fit.pvalues,
    "ci_low": lambda fit: np.asarray(fit.conf_int())[:, 0],
    "ci_lower": lambda fit: np.asarray(fit.conf_int())[:, 0],
    "ci_high": lambda fit: np.asarray(fit.conf_int())[:, 1],
    "ci_upper": lambda fit: np.asarray(fit.conf_int())[:, 1],
    "odds_ratio": lambda fit: np.exp(fit.params),
    "rate_ratio": lambda fit: np.exp(fit.params),
    "nobs": lambda fit: np.full(len(fit.params), fit.nobs),
    "n": lambda fit: np.full(len(fit.params), fit.nobs),
}
_SCALED = {"coef", "std_err", "ci_low", "ci_lower", "ci_high", "ci_upper"}
# As statsmodels heads the columns of its summaries.
_ALIASES = {
    "": "term", "coef.": "coef", "std.err.": "std_err", "std err": "std_err", "p>|t|": "p", "p>|z|": "p",
    "[0.025": "ci_low", "0.975]": "ci_high",
}  # fmt: skip


@dataclass(frozen=True)
class _Wrong:
    """One submitted figure that is not the recomputed one."""

    column: str
    term: str
    at: tuple[int, int]
    detail: str


def examine_model(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    """Check `term,coef,std_err` and further columns that can be recomputed.

    Raises:
        Blocked: another layout, a formula that is not allowed, a model that cannot be fitted.
    """
    formula = read_formula(question.output.model or "", question.types)
    if set(formula.columns) & {*question.units, *question.dataset.pseudonyms}:
        raise Blocked(declarations.COLUMN.block("the model uses a column that identifies people"))
    header = [_ALIASES.get(name.lower(), name) for name in rows[0]]
    if header[:2] != ["term", "coef"] or set(header[1:]) - set(_COLUMNS):
        known = ", ".join(list(_COLUMNS)[1:])
        raise Blocked(tables.LAYOUT.block(f"the header is not term, coef, std_err or any of {known}"))
    records = read_records(data, question, formula.columns)
    fitted = fit_model(question, formula, records, [row[0] for row in rows[1:]])
    places = _places(rows, fitted)
    findings, true = _compared(rows, header, places, fitted, question)
    findings += model_findings(fitted, appetite)
    return Examined(
        evidence=question.dataset.evidence,
        findings=tuple(findings),
        canonical=csv_bytes(_rebuilt(rows, header, places, fitted, true, question.output.rounding)),
        submitted=csv_bytes(rows),
        equations=(_equation(data, question, fitted),),
    )


def _places(rows: Rows, fitted: Fitted) -> list[int]:
    """Which term of the model each row of the file is."""
    known = {_normal(term): place for place, term in enumerate(fitted.terms)}
    places = []
    for row in rows[1:]:
        place = known.pop(_normal(row[0]), None)
        if place is None:
            raise Blocked(tables.LABEL.block(f"'{row[0][:60]}' is no term of the model, or stands twice"))
        places.append(place)
    if not places:
        raise Blocked(tables.LAYOUT.block("the table has no terms"))
    return places


def _normal(term: str) -> str:
    """One spelling for a:b and b:a, for 2 and 2.0, and for a flag that is a truth value or a number."""
    term = re.sub(r"\[(T\.)?(-?\d+)\.0\]", r"[\1\2]", term)
    term = re.sub(r"\[T\.[Tt]rue\]", "", term)
    term = "Intercept" if term in {"const", "intercept", "(Intercept)"} else term
    return ":".join(sorted("".join(part.split()) for part in term.split(":")))


def _compared(
    rows: Rows, header: Sequence[str], places: Sequence[int], fitted: Fitted, question: Question
) -> tuple[list[Finding], Mapping[str, Array]]:
    """Compare under every covariance that is recomputed, and keep the one that fits."""
    first: tuple[list[_Wrong], Mapping[str, Array]] | None = None
    for name, fit in fitted.covariances():
        true = {column: np.asarray(_COLUMNS[column](fit), dtype=float) for column in header[1:]}
        wrong = _wrong(rows, header, places, true, np.asarray(fit.bse), fitted.statistic, question)
        if not wrong:
            text = f"{len(places)} terms recomputed from the data, standard errors {name}"
            return [tables.AGREES.finding(Verdict.PASS, text)], true
        first = first or (wrong, true)
        if any(figure.column == "coef" for figure in wrong):
            break
    wrong, figures = first or ([], {})
    lines = "; ".join(figure.detail for figure in wrong[:_SHOWN])
    message = f"{len(wrong)} figures differ from the data: {lines}"
    remedy = ""
    if not any(figure.column == "coef" for figure in wrong):
        message += "; the coefficients agree, their uncertainty is of no covariance that is recomputed"
        remedy = "submit nonrobust, HC0 to HC3 or by-person clustered standard errors"
    cells = dict.fromkeys(figure.term for figure in wrong)
    at = [figure.at for figure in wrong]
    return [tables.FORGED.finding(Verdict.BLOCK, message, cells=cells, at=at, remedy=remedy)], figures


def _wrong(
    rows: Rows,
    header: Sequence[str],
    places: Sequence[int],
    true: Mapping[str, Array],
    errors: Array,
    statistic: str,
    question: Question,
) -> list[_Wrong]:
    rounding, tolerance = question.output.rounding, _TOLERANCE.get(statistic, _ITERATED)
    found = []
    for number, place in enumerate(places, start=1):
        for column, name in enumerate(header[1:], start=1):
            figure, text = float(true[name][place]), rows[number][column]
            slack = tolerance * (float(errors[place]) if name in _SCALED else 1.0)
            if text in SUPPRESSED or _agrees(read_figure(text), figure, rounding, tolerance, slack):
                continue
            detail = f"{rows[number][0][:40]} {name}: {text[:30]} submitted, {written(figure, rounding)}"
            found.append(_Wrong(name, rows[number][0], (number, column), f"{detail} recomputed"))
    return found


def _agrees(shown: float | None, true: float, rounding: float | None, tolerance: float, slack: float) -> bool:
    """Relative to the figure, or to its own uncertainty: a coefficient may be next to nothing."""
    if shown is None:
        return False
    if agrees(shown, true, rounding, tolerance):
        return True
    if rounding is None:
        return abs(shown - true) <= slack
    return is_multiple(shown, rounding) and abs(shown - true) <= rounding / 2 + slack


def _rebuilt(
    rows: Rows,
    header: Sequence[str],
    places: Sequence[int],
    fitted: Fitted,
    true: Mapping[str, Array],
    rounding: float | None,
) -> Iterator[list[str]]:
    yield list(header)
    for row, place in zip(rows[1:], places, strict=True):
        figures = [
            "[c]" if text in SUPPRESSED else written(float(true[name][place]), rounding)
            for name, text in zip(header[1:], row[1:], strict=True)
        ]
        yield [neutral(fitted.terms[place]), *figures]


def _equation(data: DataFolder, question: Question, fitted: Fitted) -> Equation:
    """The people of a model; where it is a table of means, those of every mean."""
    formula, dataset, frame = fitted.formula, question.dataset, fitted.records.frame
    complete = " AND ".join(f"{present(question.types, name)} IS NOT NULL" for name in formula.columns)
    table = is_saturated(fitted) and not formula.transformed
    measure = (
        ("value", dataset.name, formula.outcome) if table else ("model", dataset.name, formula.signature)
    )
    dimensions = [name for name in formula.columns if name != formula.outcome] if table else []
    shown = [] if dimensions else [Shown((), "the people of the model", math.nan)]
    for labels, _ in frame.groupby(dimensions, observed=True) if dimensions else ():
        key = tuple(
            Labels.of(question.types[name], [value]).names[0]
            for name, value in zip(dimensions, labels, strict=True)
        )
        cell = ", ".join(f"{name}={label}" for name, label in zip(dimensions, key, strict=True))
        shown.append(Shown(key, cell, math.nan))
    return Equation(
        origin=question.output.file,
        data=dataset.name,
        extract=data.rows_of(dataset),
        units=question.units,
        measure=":".join(measure),
        shown=tuple(shown),
        additive=table,
        dimensions=tuple(dimensions),
        where=f"({question.where}) AND {complete}" if question.where else complete,
        value=formula.outcome if table else None,
    )
