"""Structural tests of a model on the people it was trained on.

Definitions are those of SACRO-ML's structural attack (residual degrees of freedom, k-anonymity, class
disclosure, small groups), with distinct people instead of records and every tree of a forest by itself:
the whole forest is released, so each of its trees is a table that anyone can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outputs_check.gate import persons
from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import NOBODY
from outputs_check.gate.data import Array
from outputs_check.gate.influence import influence
from outputs_check.gate.predicting import leaf_of, parameters, shares
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import learned, models
from outputs_check.parsers.models import TREES, ParsedModel, ParsedTree
from outputs_check.sdc.concentration import estimate_margin, largest_shares

_LEVERAGE = 0.99
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Trained:
    """A model and the rows it was trained on. rows: (n, features), target: (n,), units: hashes (n,) each."""

    model: ParsedModel
    rows: Array
    target: Array
    units: dict[str, Array]


def structural_findings(trained: Trained, appetite: RiskAppetite) -> Iterator[Finding]:
    """Hold the model's structure against the rules, for every unit."""
    number = parameters(trained.model)
    for unit, hashes in trained.units.items():
        freedom = persons.number_of(hashes) - number
        if freedom < appetite.residual_dof:
            text = f"{number} parameters leave {freedom} residual degrees of freedom ({unit})"
            yield learned.FREEDOM.block(text)
        if trained.model.kind in TREES:
            yield from _leaf_findings(trained, unit, appetite)
        else:
            yield from _linear_findings(trained, unit, appetite)


def _leaf_findings(trained: Trained, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    least, trees = appetite.threshold, trained.model.trees
    small, disclosed, dominated, leaves = 0, 0, 0, 0
    for tree in trees:
        ends = np.flatnonzero(np.array(tree.children_left) < 0)
        where = leaf_of(tree, trained.rows)
        leaves += ends.size
        sizes = _people_by(where, trained.units[unit]).reindex(ends, fill_value=0)
        small += int((sizes < least).sum())
        if trained.model.classes:
            disclosed += _disclosed(trained, where, ends, unit, least)
        else:
            dominated += sum(_is_dominated(trained, where == end, unit, appetite) for end in ends)
    if small:
        yield learned.LEAVES.block(f"{small} of {leaves} leaves hold fewer than {least} distinct {unit}")
    if disclosed:
        text = f"{disclosed} of {leaves} leaves have a class of nobody or of fewer than {least} {unit}"
        yield learned.CLASSES.block(text)
    if dominated:
        yield learned.DOMINANCE.block(f"{dominated} of {leaves} leaves are means that one or two {unit} make")


def _disclosed(trained: Trained, where: Array, ends: Array, unit: str, least: int) -> int:
    """Leaves that tell a class of everybody in them, or of a few."""
    few = np.zeros(ends.size, dtype=bool)
    for label in trained.model.classes:
        having = trained.target == label
        counts = _people_by(where[having], trained.units[unit][having]).reindex(ends, fill_value=0)
        few |= counts.to_numpy() < least
    return int(few.sum())


def _is_dominated(trained: Trained, mask: Array, unit: str, appetite: RiskAppetite) -> bool:
    totals = persons.totals(trained.units[unit][mask], trained.target[mask])
    return appetite.is_dominated(*largest_shares(totals)) or estimate_margin(totals) < appetite.p_percent


def _linear_findings(trained: Trained, unit: str, appetite: RiskAppetite) -> Iterator[Finding]:
    """A linear model is held to what a regression of the same design is held to."""
    design = np.column_stack([np.ones(len(trained.rows)), trained.rows])
    if np.linalg.matrix_rank(np.linalg.qr(design, mode="r")) < design.shape[1]:
        yield models.RANK.block("features follow from others: the coefficients are not determined")
        return
    found = influence(design, trained.target, trained.units[unit], appetite.threshold - 1)
    decided = [
        name
        for name, share in zip(trained.model.features, found.decided[1:], strict=True)
        if share > _LEVERAGE
    ]
    if decided or found.leverage > _LEVERAGE:
        text = f"fewer than {appetite.threshold} {unit} decide a coefficient: {', '.join(decided[:5])}"
        yield models.LEVERAGE.block(text)
    for place, name in enumerate(trained.model.features):
        values, counts = np.unique(trained.rows[:, place], return_counts=True)
        usual = values[counts.argmax()]
        column, two = trained.rows[:, place], values.size == 2
        sides = [column != usual, column == usual] if two else [column != usual]
        people = min(persons.number_of(trained.units[unit][side]) for side in sides)
        if people < appetite.threshold:
            yield models.CELLS.block(f"fewer than {appetite.threshold} {unit} differ in '{name[:60]}'")
    for label in trained.model.classes:
        if persons.number_of(trained.units[unit][trained.target == label]) < appetite.threshold:
            yield models.OUTCOME.block(f"fewer than {appetite.threshold} {unit} of class {label:g}")


def unexplained_leaves(trained: Trained, tree: ParsedTree) -> int:
    """Leaves whose value is not the share of classes, or the mean, of the rows that fall into them."""
    where, classes = leaf_of(tree, trained.rows), trained.model.classes
    frame = pd.DataFrame({str(label): trained.target == label for label in classes} or {"": trained.target})
    true = frame.astype(float).groupby(where).mean()
    ends = np.flatnonzero(np.array(tree.children_left) < 0)
    said = shares(tree, len(classes))[ends]
    close = np.isclose(said, true.reindex(ends).to_numpy(), rtol=_TOLERANCE, atol=_TOLERANCE)
    return int((~close.all(axis=1)).sum())


def _people_by(where: Array, hashes: Array) -> pd.Series:
    somebody = hashes != NOBODY
    return pd.Series(hashes[somebody]).groupby(where[somebody]).nunique()
