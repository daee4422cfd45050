"""What a model's parameters say of rows: the gate's own arithmetic, nothing of the file is executed."""

from __future__ import annotations

import numpy as np

from outputs_check.gate.data import Array
from outputs_check.parsers.models import LINEAR, ParsedModel, ParsedTree

_LEAST = 1e-12  # a probability below it is as good as none: its logarithm would be infinite


def leaf_of(tree: ParsedTree, rows: Array) -> Array:
    """The leaf that each row falls into, shape (rows,); features as scikit-learn's trees see them."""
    narrow = rows.astype(np.float32)
    left, right = np.array(tree.children_left), np.array(tree.children_right)
    feature, threshold = np.array(tree.feature), np.array(tree.threshold)
    node = np.zeros(len(rows), dtype=np.int64)
    while (moving := np.flatnonzero(left[node] >= 0)).size:
        at = node[moving]
        goes_left = narrow[moving, feature[at]] <= threshold[at]
        node[moving] = np.where(goes_left, left[at], right[at])
    return node


def shares(tree: ParsedTree, classes: int) -> Array:
    """Values of every node; of a classifier as shares of the classes, which counts become."""
    value = np.array(tree.value)
    if not classes:
        return value
    totals = value.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(value, totals, out=np.full_like(value, np.nan), where=totals > 0))


def predicted(model: ParsedModel, rows: Array) -> Array:
    """Probabilities of the classes, shape (rows, classes); of a regression the value, shape (rows, 1)."""
    if model.kind in LINEAR:
        score = rows @ np.array(model.coefficients).T + np.array(model.intercept)
        return _probabilities(score) if model.classes else score
    of_trees = (shares(tree, len(model.classes))[leaf_of(tree, rows)] for tree in model.trees)
    return np.asarray(sum(of_trees) / len(model.trees))


def losses(model: ParsedModel, rows: Array, target: Array) -> Array:
    """How wrong the model is about each row: -log of the true class' probability, or the squared error."""
    said = predicted(model, rows)
    if not model.classes:
        return np.asarray((said[:, 0] - target) ** 2)
    column = np.searchsorted(np.array(model.classes), target)
    return np.asarray(-np.log(np.maximum(said[np.arange(len(rows)), column], _LEAST)))


def parameters(model: ParsedModel) -> int:
    """How many numbers were learned: a feature and a threshold for a split, shares or a mean for a leaf.

    Counted as SACRO-ML counts them in its structural attack.
    """
    if model.kind in LINEAR:
        return len(model.intercept) + sum(len(row) for row in model.coefficients)
    each = max(1, len(model.classes) - 1)
    splits = sum(child >= 0 for tree in model.trees for child in tree.children_left)
    leaves = sum(child < 0 for tree in model.trees for child in tree.children_left)
    return 2 * splits + each * leaves


def _probabilities(score: Array) -> Array:
    if score.shape[1] == 1:
        score = np.column_stack([np.zeros(len(score)), score[:, 0]])
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
