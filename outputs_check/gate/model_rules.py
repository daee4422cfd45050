"""What a fitted model may tell (rulebook, "regression, correlation, tests"; "odds, risk, hazard ratios")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from outputs_check.gate import persons
from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.data import Array
from outputs_check.gate.fitting import Fitted
from outputs_check.gate.influence import influence
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import models
from outputs_check.gate.rules.rule import Rule
from outputs_check.gate.verdict import Verdict
from outputs_check.sdc.concentration import estimate_margin, largest_shares

_LEVERAGE = 0.99
_PERFECT = 1e-9  # share of the variance that is left unexplained
_HUGE = 15.0  # a log-odds beyond it fits an empty cell
_SHOWN = 5
_FIRST_ROWS = 5_000  # enough of them to see that a model with numbers is no table


def model_findings(fitted: Fitted, appetite: RiskAppetite) -> list[Finding]:
    """Hold a model against every rule, for every unit."""
    found = list(_fit_findings(fitted))
    for unit in fitted.records.units:
        found += _freedom(fitted, unit, appetite)
        found += _small_cells(fitted, unit, appetite)
        found += _sparse(fitted, unit, appetite)
        found += _as_table(fitted, unit, appetite)
        found += _influence(fitted, unit, appetite)
    return found


def _freedom(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    freedom = fitted.records.people(unit) - len(fitted.terms)
    if freedom < appetite.residual_dof:
        text = f"{freedom} residual degrees of freedom ({unit}), under {appetite.residual_dof}"
        yield models.FREEDOM.block(text)


def _small_cells(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """Every level, every interaction of levels, and both answers of each where the outcome is 0 or 1."""
    groups = {tuple(name for name in term if name in fitted.categories) for term in fitted.formula.terms}
    sizes: dict[str, int] = {}
    answers: dict[str, int] = {}
    for names in sorted(groups | {()}):
        for cell, mask in _cells_of(fitted, names):
            if names:
                sizes[cell] = fitted.records.people(unit, mask)
            for answer, having in _answers(fitted):
                answers[f"{cell}, {answer}" if cell else answer] = fitted.records.people(unit, mask & having)
    for rule, counts in ((models.CELLS, sizes), (models.OUTCOME, answers)):
        if small := {cell: number for cell, number in counts.items() if number < appetite.threshold}:
            yield _few(rule, small, unit, appetite)


def _answers(fitted: Fitted) -> list[tuple[str, Array]]:
    """The rows of each answer of an outcome that is 0 or 1; those with an event of one that counts."""
    name = fitted.formula.outcome
    if fitted.binary:
        return [(f"{name}={answer}", fitted.outcome == answer) for answer in (0, 1)]
    return [(f"{name}>0", fitted.outcome > 0)] if fitted.statistic == "poisson" else []


def _cells_of(fitted: Fitted, names: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """The combinations of categories that somebody has, with the mask of their rows."""
    frame = fitted.records.frame
    everyone = np.ones(len(frame), dtype=bool)
    if not names:
        yield "", everyone
        return
    for labels, rows in frame.groupby(list(names), observed=True).indices.items():
        mask = ~everyone
        mask[rows] = True
        values = labels if isinstance(labels, tuple) else (labels,)
        yield ", ".join(f"{name}={_spelled(value)}" for name, value in zip(names, values, strict=True)), mask


def _spelled(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sparse(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """Nearly everyone has one value in a column, so that the others' few values decide it.

    Dummies, whatever they came from, interactions of a dummy with a number, and the outcome itself.
    """
    small: dict[str, int] = {}
    columns = {term: fitted.design[:, place] for place, term in enumerate(fitted.terms)}
    for name, column in {**columns, fitted.formula.outcome: fitted.outcome}.items():
        codes, values = pd.factorize(column)
        usual = values[np.bincount(codes).argmax()]
        others = values[values != usual]
        for value in others if others.size == 1 else ():
            small[f"{name}={value:g}"] = fitted.records.people(unit, column == value)
            small[f"{name}={usual:g}"] = fitted.records.people(unit, column == usual)
        if others.size > 1:
            small[f"{name} other than {usual:g}"] = fitted.records.people(unit, column != usual)
    small = {cell: number for cell, number in small.items() if number < appetite.threshold}
    if small:
        yield _few(models.CELLS, small, unit, appetite)


def _as_table(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """A model of categories alone is a table; a saturated one tells every mean of it exactly."""
    saturated = is_saturated(fitted)
    if not saturated and not _all_categories(fitted):
        return
    which = _kinds(fitted.design)
    kinds = range(which.max() + 1)
    rule = models.CELLS if fitted.formula.terms else models.MEAN
    sizes = [fitted.records.people(unit, which == kind) for kind in kinds]
    if small := sum(size < appetite.threshold for size in sizes):
        text = f"{small} of {len(kinds)} combinations of categories have under {appetite.threshold} {unit}"
        if saturated:
            yield rule.block(f"the model tells the mean of every combination, and {text}")
        else:
            yield rule.review(f"the model has categories only, and {text}")
    if not saturated:
        return
    hashes = fitted.records.units[unit]
    refused = {_refused_mean(fitted.outcome[which == kind], hashes[which == kind], appetite)
               for kind in kinds} - {""}  # fmt: skip
    for reason in sorted(refused):
        yield rule.block(f"the model tells means that the rules for means refuse: {reason} ({unit})")


def is_saturated(fitted: Fitted) -> bool:
    """Whether there are as many coefficients as different people to the model; an intercept alone is."""
    if len(np.unique(fitted.design[:_FIRST_ROWS], axis=0)) > fitted.design.shape[1]:
        return False
    return bool(_kinds(fitted.design).max() + 1 == fitted.design.shape[1])


def _kinds(design: Array) -> Array:
    """A number for every row, the same for rows that are the same."""
    frame = pd.DataFrame(design)
    return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup())


def _all_categories(fitted: Fitted) -> bool:
    return all(
        name in fitted.categories or fitted.records.frame[name].isin((0, 1)).all()
        for term in fitted.formula.terms
        for name in term
    )


def _refused_mean(outcome: Array, hashes: Array, appetite: RiskAppetite) -> str:
    """Why a mean of these values would be refused, "" where it would not."""
    totals = persons.totals(hashes, outcome)
    if np.isin(outcome, (0, 1)).all():
        return ""  # judged by both answers
    if outcome.min() == outcome.max():
        return "everyone has the same value"
    if appetite.is_dominated(*largest_shares(totals)):
        return "one or two hold most of the total"
    if estimate_margin(totals) < appetite.p_percent:
        return "the second largest can estimate the largest"
    return ""


def _influence(fitted: Fitted, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """Nobody's outcome can be read off a coefficient, and no few people decide one."""
    hashes, least = fitted.records.units[unit], appetite.threshold
    found = influence(fitted.design, fitted.outcome, hashes, least - 1)
    if found.leverage > _LEVERAGE:
        yield models.LEVERAGE.block(f"one {unit} decides a coefficient: the leverage is near 1")
    decided = [term for term, share in zip(fitted.terms, found.decided, strict=True) if share > _LEVERAGE]
    if decided:
        text = f"fewer than {least} {unit} decide a coefficient (almost) alone: {', '.join(decided[:_SHOWN])}"
        yield models.LEVERAGE.finding(Verdict.BLOCK, text, cells=decided)
    dominated = [
        term
        for term, shares in zip(fitted.terms, found.shares, strict=True)
        if appetite.is_dominated(*shares)
    ]
    if dominated and not fitted.binary:
        text = f"the outcomes of one or two {unit} make up most of: {', '.join(dominated[:_SHOWN])}"
        yield models.DOMINANCE.finding(Verdict.BLOCK, text, cells=dominated)


def _few(rule: Rule, small: dict[str, int], unit: str, appetite: RiskAppetite) -> Finding:
    lines = "; ".join(f"{cell} ({number})" for cell, number in list(small.items())[:_SHOWN])
    more = f"; and {len(small) - _SHOWN} more" if len(small) > _SHOWN else ""
    text = f"Fewer than {appetite.threshold} distinct {unit}: {lines}{more}"
    return rule.finding(Verdict.BLOCK, text, cells=small)


def _fit_findings(fitted: Fitted) -> Iterator[Finding]:
    outcome = fitted.outcome
    if outcome.min() == outcome.max():
        yield models.CONSTANT.block("the outcome has one and the same value in every row")
    elif fitted.statistic == "ols":
        residual = float((np.asarray(fitted.fit.resid) ** 2).sum())
        if residual <= _PERFECT * float(((outcome - outcome.mean()) ** 2).sum()):
            yield models.SEPARATION.block("the model fits perfectly: every value can be computed from it")
    elif fitted.separated or _is_separated(fitted):
        text = "the terms separate the outcome (almost) perfectly, or the fit does not end"
        yield models.SEPARATION.block(text)


def _is_separated(fitted: Fitted) -> bool:
    """A line between the two answers, or a dummy whose log-odds have run away."""
    if not fitted.binary:
        return False
    score = fitted.design @ np.asarray(fitted.fit.params)
    dummies = np.isin(fitted.design, (0, 1)).all(axis=0)
    runaway = np.abs(np.asarray(fitted.fit.params))[dummies] > _HUGE
    apart = score[fitted.outcome == 0].max() <= score[fitted.outcome == 1].min()
    return bool(apart or (fitted.categories and runaway.any()))
