"""Parameters of a trained model as JSON: numbers in named places, nothing that runs.

    {"kind": "tree" | "forest" | "linear" | "logistic",
     "features": ["age", "region=North", …],       columns, or column=category for a 0/1 feature
     "classes": [0, 1],                            classifiers only
     "intercept": [b], "coefficients": [[…]],      linear, logistic: one row, or one for each class
     "trees": [{"children_left": […], "children_right": […], "feature": […],
                "threshold": […], "value": [[…]]}]}

The arrays of a tree are those of scikit-learn's `tree_`: node 0 is the root, -1 a leaf's child, rows of
`value` are class shares or one mean. Other kinds are read no further than their name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TREES, LINEAR = frozenset({"tree", "forest"}), frozenset({"linear", "logistic"})
_MOST_FEATURES, _MOST_TREES, _MOST_NODES, _MOST_CLASSES = 500, 1_000, 200_000, 50
_KEYS = {"kind", "features", "classes", "intercept", "coefficients", "trees"}


@dataclass(frozen=True)
class ParsedTree:
    """Arrays of equal length, one entry per node; children stand behind their parents."""

    children_left: tuple[int, ...]
    children_right: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    value: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.children_left)
        if not 0 < size <= _MOST_NODES or {len(getattr(self, name)) for name in _ARRAYS} != {size}:
            raise ValueError("the arrays of a tree are not equally long")
        for node, pair in enumerate(zip(self.children_left, self.children_right, strict=True)):
            if pair != (-1, -1) and not all(node < child < size for child in pair):
                raise ValueError("a child does not stand behind its parent")
        parents = [child for child in (*self.children_left, *self.children_right) if child >= 0]
        if len(set(parents)) != len(parents) or len(parents) != size - 1:
            raise ValueError("a node has no parent, or two")


_ARRAYS = ("children_left", "children_right", "feature", "threshold", "value")


@dataclass(frozen=True)
class ParsedModel:
    """The parameters of a model; of a kind that is not examined, nothing but the kind."""

    kind: str
    features: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()
    intercept: tuple[float, ...] = ()
    coefficients: tuple[tuple[float, ...], ...] = ()
    trees: tuple[ParsedTree, ...] = ()

    def __post_init__(self) -> None:
        if self.kind in TREES:
            self._check_trees()
        elif self.kind in LINEAR:
            self._check_coefficients()

    def _check_trees(self) -> None:
        if not 0 < len(self.trees) <= (1 if self.kind == "tree" else _MOST_TREES):
            raise ValueError("a tree has one tree, a forest at least one")
        if sum(len(tree.feature) for tree in self.trees) > _MOST_NODES:
            raise ValueError("the trees have too many nodes")
        width = len(self.classes) or 1
        for tree in self.trees:
            split = [feature for feature, child in zip(tree.feature, tree.children_left, strict=True)
                     if child >= 0]  # fmt: skip
            if any(not 0 <= feature < len(self.features) for feature in split):
                raise ValueError("a node splits by a feature that is not there")
            if any(len(row) != width for row in tree.value):
                raise ValueError("a node does not have one value for each class")

    def _check_coefficients(self) -> None:
        rows = 1 if self.kind == "linear" or len(self.classes) == 2 else len(self.classes)
        good = len(self.coefficients) == len(self.intercept) == rows > 0
        if not good or any(len(row) != len(self.features) for row in self.coefficients):
            raise ValueError("intercept and coefficients do not fit the features and classes")
        if (self.kind == "logistic") != bool(self.classes):
            raise ValueError("a logistic model has classes, a linear one has none")


def model_of(values: Mapping[str, Any]) -> ParsedModel:
    """Read the parameters of a model.

    Raises:
        ValueError: not of the documented shape, a number that is not finite, too large.
    """
    kind = values.get("kind")
    if not isinstance(kind, str) or not 0 < len(kind) <= 60 or not kind.isprintable():
        raise ValueError("'kind' is missing")
    if kind not in TREES | LINEAR:
        return ParsedModel(kind)
    if unknown := set(values) - _KEYS:
        raise ValueError(f"unknown keys: {', '.join(sorted(map(str, unknown)))[:100]}")
    features = _list(values.get("features"), _label, _MOST_FEATURES)
    if not features or len(set(features)) != len(features):
        raise ValueError("'features' are missing, or one stands twice")
    return ParsedModel(
        kind,
        features,
        _list(values.get("classes", []), _number, _MOST_CLASSES),
        _list(values.get("intercept", []), _number, _MOST_CLASSES),
        _list(values.get("coefficients", []), _numbers, _MOST_CLASSES),
        _list(values.get("trees", []), _tree, _MOST_TREES),
    )


def _tree(value: Any) -> ParsedTree:
    if not isinstance(value, dict) or set(value) != set(_ARRAYS):
        raise ValueError(f"a tree is {', '.join(_ARRAYS)}")
    readers = (_whole, _whole, _whole, _number, _numbers)
    return ParsedTree(*(_list(value[name], read, _MOST_NODES)
                        for name, read in zip(_ARRAYS, readers, strict=True)))  # fmt: skip


def _list(value: Any, read: Callable[[Any], Any], most: int) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise ValueError(f"a list of at most {most:,} entries was expected")
    return tuple(read(item) for item in value)


def _label(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise ValueError("a feature is a column, or column=category")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("a parameter is not a finite number")
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -2 <= value <= _MOST_NODES:
        raise ValueError("a node is not a whole number")
    return value


def _numbers(value: Any) -> tuple[float, ...]:
    return _list(value, _number, max(_MOST_CLASSES, _MOST_FEATURES))
