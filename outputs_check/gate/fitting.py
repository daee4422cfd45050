"""The gate's own fit of a declared regression, with everything that the rules ask of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from outputs_check.gate.data import Array
from outputs_check.gate.formula import TRANSFORMS, Formula
from outputs_check.gate.labels import kind_of
from outputs_check.gate.question import Question
from outputs_check.gate.records import Records
from outputs_check.gate.rules import declarations, models
from outputs_check.gate.rules.rule import Blocked

# What a design matrix may have: least squares takes time with the square of its columns.
_MOST_COLUMNS, _MOST_CELLS = 1_000, 200_000_000
_ITERATIONS = 100


@dataclass(frozen=True)
class Fitted:
    """A model fitted by the gate. design: shape (rows, terms), outcome: (rows,).

    categories: columns that are coded. separated: the fit warned of separation, or did not end.
    fit: statsmodels' results, with its default covariance. robust: fits again with another one.
    """

    statistic: str
    formula: Formula
    categories: tuple[str, ...]
    records: Records
    design: Array
    outcome: Array
    terms: tuple[str, ...]
    fit: Any
    separated: bool
    robust: Callable[..., Any]

    @property
    def binary(self) -> bool:
        """Whether the outcome is 0 or 1, whatever model is fitted to it."""
        return bool(np.isin(self.outcome, (0, 1)).all())

    def covariances(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the results of every covariance that the gate recomputes."""
        yield "nonrobust", self.fit
        for name in ("HC0", "HC1", "HC2", "HC3"):
            yield name, self.robust(cov_type=name)
        for unit, hashes in self.records.units.items():
            groups = np.unique(hashes, return_inverse=True)[1]
            yield f"clusters of {unit}", self.robust(cov_type="cluster", cov_kwds={"groups": groups})


def fit_model(question: Question, formula: Formula, records: Records, terms: Sequence[str] = ()) -> Fitted:
    """Fit the declared model to the complete rows.

    terms: as submitted. They tell which category a column of text is compared with, where that is not
    the first in the alphabet: the researcher's frame may have an order of its own.

    Raises:
        Blocked: it cannot be fitted, is too large, or its coefficients are not determined.
    """
    # Imported here: they take over a second, and most submissions have no model.
    import patsy
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    records = _complete(records)
    kinds = {name: kind_of(question.types[name]) for name in formula.columns}
    if kinds[formula.outcome] not in {"number", "truth"}:
        raise Blocked(declarations.MODEL.block(f"the outcome '{formula.outcome}' is not a number"))
    _check_size(formula, records.frame, kinds)
    _check_domain(formula, records.frame)
    frame = _as_written(records.frame, kinds, formula.outcome)
    for name, column in _reordered(frame, kinds, formula, terms):
        frame[name] = column
    functions = {name: getattr(np, name) for name in TRANSFORMS}
    namespace = {**functions, "np": SimpleNamespace(**functions)}
    statistic = question.output.statistic
    fitter = {"ols": sm.OLS, "logit": sm.Logit, "probit": sm.Probit, "poisson": sm.Poisson}[statistic]
    options = {} if statistic == "ols" else {"disp": 0, "maxiter": _ITERATIONS}

    def fit(**more: Any) -> Any:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return model.fit(**options, **more)

    try:
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
            warnings.simplefilter("always")
            outcome, design = patsy.dmatrices(
                formula.text, frame, eval_env=patsy.EvalEnvironment([namespace]), return_type="dataframe",
                NA_action="raise",
            )  # fmt: skip
            _check_rank(design.to_numpy())
            model = fitter(outcome.iloc[:, 0], design)
            results = model.fit(**options)
    except Blocked:
        raise
    except Exception as error:
        # Whatever patsy and statsmodels raise on hostile formulas and data says the same: no evidence.
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
        raise Blocked(declarations.NO_EVIDENCE.block(f"the model cannot be fitted: {reason}")) from None
    separated = any(issubclass(warning.category, PerfectSeparationWarning) for warning in caught)
    converged = statistic == "ols" or bool(results.mle_retvals.get("converged", True))
    return Fitted(
        statistic=statistic,
        formula=formula,
        categories=tuple(name for name in formula.columns if _is_coded(name, formula, kinds)),
        records=records,
        design=design.to_numpy(),
        outcome=outcome.iloc[:, 0].to_numpy(dtype=float),
        terms=tuple(str(name) for name in design.columns),
        fit=results,
        separated=separated or not converged,
        robust=fit,
    )


def _complete(records: Records) -> Records:
    complete = records.frame.notna().all(axis=1).to_numpy()
    frame = records.frame[complete].reset_index(drop=True)
    return Records(frame, {unit: hashes[complete] for unit, hashes in records.units.items()})


def _is_coded(name: str, formula: Formula, kinds: Mapping[str, str]) -> bool:
    return name != formula.outcome and (name in formula.coded or kinds[name] != "number")


def _check_size(formula: Formula, frame: pd.DataFrame, kinds: Mapping[str, str]) -> None:
    """Refuse what would not fit: `a*b*c` doubles with each factor, C() has a column for each value."""
    coded = {name for name in formula.columns if _is_coded(name, formula, kinds)}
    wide = {name: frame[name].nunique() if name in coded else 1 for name in formula.columns}
    columns = sum(math.prod(1 + wide[name] for name in term) - 1 for term in formula.terms)
    if columns > _MOST_COLUMNS or columns * len(frame) > _MOST_CELLS:
        text = f"the model would have up to {columns:,} coefficients, too many to fit it again"
        raise Blocked(declarations.NO_EVIDENCE.block(text))


def _check_domain(formula: Formula, frame: pd.DataFrame) -> None:
    """patsy silently leaves out a row with the logarithm of a negative number: which row is a secret."""
    for function, name in sorted(formula.transformed):
        with np.errstate(all="ignore"):
            good = np.isfinite(getattr(np, function)(frame[name].to_numpy(dtype=float)))
        if not good.all():
            text = f"{function}({name}) does not exist for every row"
            raise Blocked(declarations.MODEL.block(text, "leave these rows out with `where`"))


def _check_rank(design: Array) -> None:
    triangle = np.linalg.qr(design, mode="r")
    rank = int(np.linalg.matrix_rank(triangle))
    if rank < design.shape[1]:
        text = f"{design.shape[1]} terms, {rank} of them independent: the coefficients are not determined"
        raise Blocked(models.RANK.block(text))


def _reordered(
    frame: pd.DataFrame, kinds: Mapping[str, str], formula: Formula, terms: Sequence[str]
) -> Iterator[tuple[str, pd.Categorical]]:
    """Columns of text with the one category in front that no submitted term names."""
    parts = {part.strip() for term in terms for part in term.split(":")}
    for name in formula.columns:
        if kinds[name] != "text":
            continue
        levels = sorted(frame[name].unique())
        left = [level for level in levels if not {f"{name}[T.{level}]", f"C({name})[T.{level}]"} & parts]
        if len(left) == 1:
            yield name, pd.Categorical(frame[name], [*left, *(level for level in levels if level != left[0])])


def _as_written(frame: pd.DataFrame, kinds: Mapping[str, str], outcome: str) -> pd.DataFrame:
    """The frame with the types that name terms as a researcher's pandas does."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if kinds[name] == "truth":
            column = column.astype(float if name == outcome else bool)
        elif kinds[name] == "number" and bool((column % 1 == 0).all()):
            column = column.astype("int64")
        columns[name] = column
    return pd.DataFrame(columns)
