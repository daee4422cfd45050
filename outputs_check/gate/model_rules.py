"""What a fitted model may tell (rulebook, "regression, correlation, tests"; "odds, risk, hazard ratios")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import NOBODY
from outputs_check.gate.data import Array
from outputs_check.gate.formula import Formula
from outputs_check.gate.records import Records
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import models
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.concentration import estimate_margin, largest_shares

_LEVERAGE = 0.99
_BINARY = {"logit", "probit"}
_HUGE = 15.0  # a log-odds beyond it fits an empty cell


@dataclass(frozen=True)
class Fitted:
    """A model fitted by the gate. design: shape (rows, terms). categories: columns that are coded."""

    statistic: str
    formula: Formula
    categories: tuple[str, ...]
    records: Records
    design: Array
    terms: tuple[str, ...]
    fit: Any
    separated: bool


def model_findings(fitted: Fitted, appetite: RiskAppetite) -> list[Finding]:
    """Hold a model against every rule, for every unit."""
    found = list(_fit_findings(fitted))
    for unit in fitted.records.units:
        found += _freedom(fitted, unit, appetite)
        found += _small_cells(fitted, unit, appetite)
        found += _as_table(fitted, unit, appetite)
        found += _mean(fitted, unit, appetite)
    return found


def _freedom(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    freedom = fitted.records.people(unit) - len(fitted.terms)
    if freedom < appetite.residual_dof:
        text = f"{freedom} residual degrees of freedom ({unit}), under {appetite.residual_dof}"
        yield models.FREEDOM.block(text)


def _small_cells(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """Every level, every interaction of levels, and with a binary outcome both answers of each."""
    groups = {tuple(name for name in term if name in fitted.categories) for term in fitted.formula.terms}
    small: dict[str, int] = {}
    for names in sorted(groups - {()}):
        small |= _under(fitted, unit, names, appetite.threshold)
    if small:
        yield _cells(models.CELLS, small, unit, appetite)
    small = _dummies(fitted, unit, appetite.threshold)
    if fitted.statistic in _BINARY:
        for names in [(), *sorted(groups - {()})]:
            small |= _under(fitted, unit, (*names, fitted.formula.outcome), appetite.threshold)
    if small:
        yield _cells(models.OUTCOME if fitted.statistic in _BINARY else models.CELLS, small, unit, appetite)


def _as_table(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """A model of categories alone is a table; a saturated one tells every cell of it exactly.

    Saturated: as many independent coefficients as there are different people to the model.
    """
    kinds, which = np.unique(fitted.design, axis=0, return_inverse=True)
    saturated = len(kinds) == fitted.design.shape[1] == int(np.linalg.matrix_rank(kinds))
    if not saturated and not _all_categories(fitted):
        return
    hashes = fitted.records.units[unit]
    people = pd.Series(hashes[hashes != NOBODY]).groupby(which.reshape(-1)[hashes != NOBODY]).nunique()
    small = len(kinds) - int((people >= appetite.threshold).sum())
    if not small:
        return
    text = f"{small} of {len(kinds)} combinations of categories have fewer than {appetite.threshold} {unit}"
    if saturated:
        yield models.CELLS.block(f"the model is saturated, and {text}")
    else:
        yield models.CELLS.review(f"the model has categories only, and {text}")


def _all_categories(fitted: Fitted) -> bool:
    return all(
        name in fitted.categories or fitted.records.frame[name].isin((0, 1)).all()
        for term in fitted.formula.terms
        for name in term
    )


def _under(fitted: Fitted, unit: str, names: Sequence[str], threshold: int) -> dict[str, int]:
    """Combinations of categories that fewer people than the threshold have."""
    frame = fitted.records.frame
    small = {}
    for labels, rows in frame.groupby(list(names), observed=True).indices.items():
        mask = np.zeros(len(frame), dtype=bool)
        mask[rows] = True
        number = fitted.records.people(unit, mask)
        if number < threshold:
            values = labels if isinstance(labels, tuple) else (labels,)
            small[", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))] = number
    return small


def _dummies(fitted: Fitted, unit: str, threshold: int) -> dict[str, int]:
    """0/1 columns of the design, whatever they came from: both sides need the threshold."""
    small = {}
    for index, term in enumerate(fitted.terms):
        column = fitted.design[:, index]
        if not np.isin(column, (0, 1)).all() or (column == 1).all():
            continue
        for value in (0, 1):
            number = fitted.records.people(unit, column == value)
            if number < threshold:
                small[f"{term}={value}"] = number
    return small


def _cells(rule: Rule, small: dict[str, int], unit: str, appetite: RiskAppetite) -> Finding:
    lines = "; ".join(f"{cell} ({number})" for cell, number in list(small.items())[:5])
    text = f"Fewer than {appetite.threshold} distinct {unit}: {lines}"
    return rule.finding(Verdict.BLOCK, text, cells=small)


def _fit_findings(fitted: Fitted) -> Iterator[Finding]:
    if fitted.statistic == "ols":
        basis, _ = np.linalg.qr(fitted.design)
        if float((basis**2).sum(axis=1).max()) > _LEVERAGE:
            yield models.LEVERAGE.block("one row decides a coefficient: its leverage is near 1")
        if float(np.abs(fitted.fit.resid).max()) <= 1e-9 * max(
            1.0, float(np.abs(fitted.fit.fittedvalues).max())
        ):
            yield models.SEPARATION.block("the model fits perfectly: every value can be computed from it")
        return
    huge = fitted.statistic in _BINARY and float(np.abs(np.asarray(fitted.fit.params)).max()) > _HUGE
    steep = fitted.categories and huge
    if fitted.separated or steep:
        yield models.SEPARATION.block(
            "the terms separate the outcome (almost) perfectly, or the fit does not end"
        )


def _mean(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """A model of nothing but an intercept is a mean."""
    if fitted.formula.terms:
        return
    outcome = fitted.records.frame[fitted.formula.outcome].astype(float)
    totals = outcome.groupby(fitted.records.units[unit]).sum().to_numpy()
    one, two = largest_shares(totals)
    if (
        fitted.records.people(unit) < appetite.threshold
        or one > appetite.dominance_one
        or two > appetite.dominance_two
        or estimate_margin(totals) < appetite.p_percent
    ):
        yield models.MEAN.block("the intercept is a mean that the rules for means refuse")
