"""Regressions, fitted again from the declared formula and compared term by term."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import Array, DataFolder, quoted
from outputs_check.gate.equation import Equation, Shown
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.figures import SUPPRESSED, agrees, read_figure, written
from outputs_check.gate.formula import Formula, read_formula
from outputs_check.gate.labels import kind_of
from outputs_check.gate.layout import Rows, neutral
from outputs_check.gate.model_rules import Fitted, model_findings
from outputs_check.gate.question import Question
from outputs_check.gate.records import Records, read_records
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations, tables
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Evidence, Verdict

# Maximum likelihood stops where its own tolerance says; least squares is exact to rounding.
_TOLERANCE = {"ols": 1e-7}
_ITERATED = 1e-4
# What a design matrix may have: least squares takes time with the square of its columns.
_MOST_COLUMNS, _MOST_CELLS = 1_000, 500_000_000
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
}


def examine_model(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    """Check `term,coef,std_err` and further columns that can be recomputed.

    Raises:
        Blocked: another layout, a formula that is not allowed, a model that cannot be fitted.
    """
    formula = read_formula(question.output.model or "", question.types)
    if set(formula.columns) & {*question.units, *question.dataset.pseudonyms}:
        raise Blocked(declarations.COLUMN.block("the model uses a column that identifies people"))
    header = rows[0]
    unknown = set(header[1:]) - set(_COLUMNS)
    if header[:3] != ("term", "coef", "std_err") or unknown:
        raise Blocked(
            tables.LAYOUT.block("the header is not term, coef, std_err and t, p, ci_low or ci_high")
        )
    fitted = _fit(question, formula, read_records(data, question, formula.columns))
    findings, grid = _compared(rows, fitted, question)
    findings += model_findings(fitted, appetite)
    evidence = Evidence.A if question.dataset.registered else Evidence.B
    return Examined(
        evidence,
        tuple(findings),
        csv_bytes(grid),
        submitted=csv_bytes(rows),
        equations=(_equation(data, question, formula),),
    )


def _fit(question: Question, formula: Formula, records: Records) -> Fitted:
    # Imported here: they take over a second, and most submissions have no model.
    import patsy
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    complete = records.frame.notna().all(axis=1).to_numpy()
    records = Records(
        records.frame[complete].reset_index(drop=True),
        {unit: hashes[complete] for unit, hashes in records.units.items()},
    )
    kinds = {name: kind_of(question.types[name]) for name in formula.columns}
    _check_size(formula, records.frame, kinds)
    frame = _as_written(records.frame, kinds)
    namespace = {"log": np.log, "np": SimpleNamespace(log=np.log)}
    statistic = question.output.statistic
    fitter = {"ols": sm.OLS, "logit": sm.Logit, "probit": sm.Probit, "poisson": sm.Poisson}[statistic]
    try:
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
            warnings.simplefilter("always")
            outcome, design = patsy.dmatrices(
                formula.text, frame, eval_env=patsy.EvalEnvironment([namespace]), return_type="dataframe",
                NA_action="raise",
            )  # fmt: skip
            model = fitter(outcome.iloc[:, 0], design)
            fit = model.fit() if statistic == "ols" else model.fit(disp=0, maxiter=100)
    except Exception as error:
        # Whatever patsy and statsmodels raise on hostile formulas and data says the same: no evidence.
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
        raise Blocked(declarations.NO_EVIDENCE.block(f"the model cannot be fitted: {reason}")) from None
    separated = any(issubclass(warning.category, PerfectSeparationWarning) for warning in caught)
    converged = bool(getattr(fit, "mle_retvals", {}).get("converged", True)) if statistic != "ols" else True
    categories = tuple(name for name in formula.columns if name in formula.coded or kinds[name] != "number")
    return Fitted(
        statistic=statistic,
        formula=formula,
        categories=categories,
        records=records,
        design=design.to_numpy(),
        terms=tuple(str(name) for name in design.columns),
        fit=fit,
        separated=separated or not converged,
    )


def _check_size(formula: Formula, frame: pd.DataFrame, kinds: dict[str, str]) -> None:
    """Refuse what would not fit: `a*b*c` doubles with each factor, C() has a column for each value."""
    coded = {name for name in formula.columns if name in formula.coded or kinds[name] != "number"}
    wide = {name: frame[name].nunique() if name in coded else 1 for name in formula.columns}
    columns = sum(math.prod(1 + wide[name] for name in term) - 1 for term in formula.terms)
    if columns > _MOST_COLUMNS or columns * len(frame) > _MOST_CELLS:
        text = f"the model would have up to {columns:,} coefficients, too many to fit it again"
        raise Blocked(declarations.NO_EVIDENCE.block(text))


def _as_written(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """The frame with the types that name terms as a researcher's pandas does."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if kinds[name] == "truth":
            column = column.astype(bool)
        elif kinds[name] == "number" and bool((column % 1 == 0).all()):
            column = column.astype("int64")
        columns[name] = column
    return pd.DataFrame(columns)


def _compared(rows: Rows, fitted: Fitted, question: Question) -> tuple[list[Finding], list[list[str]]]:
    true = {name: np.asarray(_COLUMNS[name](fitted.fit), dtype=float) for name in rows[0][1:]}
    places = {_normal(term): index for index, term in enumerate(fitted.terms)}
    tolerance = _TOLERANCE.get(fitted.statistic, _ITERATED)
    rounding = question.output.rounding
    grid = [list(rows[0])]
    wrong: list[tuple[str, tuple[int, int], str]] = []
    for number, row in enumerate(rows[1:], start=1):
        place = places.pop(_normal(row[0]), None)
        if place is None:
            raise Blocked(tables.LABEL.block(f"'{row[0][:60]}' is no term of the model, or stands twice"))
        line = [neutral(fitted.terms[place])]
        for column, name in enumerate(rows[0][1:], start=1):
            figure, text = float(true[name][place]), row[column]
            line.append("[c]" if text in SUPPRESSED else written(figure, rounding))
            shown = read_figure(text)
            good = text in SUPPRESSED or (shown is not None and agrees(shown, figure, rounding, tolerance))
            if not good:
                detail = (
                    f"{row[0][:40]} {name}: {text[:30]} submitted, {written(figure, rounding)} recomputed"
                )
                wrong.append((row[0], (number, column), detail))
        grid.append(line)
    if not wrong:
        text = f"{len(grid) - 1} terms recomputed from the data"
        return [tables.AGREES.finding(Verdict.PASS, text)], grid
    lines = "; ".join(detail for _, _, detail in wrong[:5])
    message = f"{len(wrong)} figures differ from the data: {lines}"
    cells, at = [cell for cell, _, _ in wrong], [place for _, place, _ in wrong]
    return [tables.FORGED.finding(Verdict.BLOCK, message, cells=cells, at=at)], grid


def _normal(term: str) -> str:
    """One spelling for a:b and b:a, and for true and True."""
    return ":".join(sorted(part.strip() for part in term.split(":"))).lower()


def _equation(data: DataFolder, question: Question, formula: Formula) -> Equation:
    """The people of the model: those without a missing value."""
    complete = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in formula.columns)
    dataset = question.dataset
    return Equation(
        origin=question.output.file,
        data=dataset.name,
        extract=data.rows_of(dataset),
        units=question.units,
        measure=f"model:{dataset.name}:{formula.text}",
        shown=(Shown((), "the people of the model", math.nan),),
        additive=False,
        where=f"({question.where}) AND {complete}" if question.where else complete,
    )
