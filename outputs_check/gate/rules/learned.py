"""Rulebook, "machine-learning models"."""

from outputs_check.gate.rules.rule import Rule

_ROW = "Rulebook, 'machine-learning models'"

RECORDS = Rule(
    "learned.records",
    f"{_ROW}: SVM and kNN refused (they store records)",
    "train a tree, a forest or a linear model",
)
KIND = Rule("learned.kind", f"{_ROW}: structural tests and a measured attack", RECORDS.remedy)
LEAVES = Rule(
    "learned.leaves", f"{_ROW}: k-anonymity of leaves", "train again with a larger min_samples_leaf"
)
CLASSES = Rule(
    "learned.classes",
    f"{_ROW}: class disclosure, small groups",
    "train again with a larger min_samples_leaf, or fewer levels",
)
DOMINANCE = Rule(
    "learned.dominance",
    "Rulebook, 'sums, means, ratios': dominance, for the mean that a leaf is",
    "train again with a larger min_samples_leaf",
)
VALUES = Rule(
    "learned.values",
    "Rulebook, 'Evidence'; the values of a tree's leaves are recomputed",
    "declare the data and `where` that the tree was trained on, without weights",
)
FREEDOM = Rule("freedom.residual", f"{_ROW}: dof", "train a smaller model")
MEMBERSHIP = Rule(
    "learned.membership", f"{_ROW}: a measured membership attack", "train a smaller model, or on more people"
)
JUDGED = Rule("learned.judged", f"{_ROW}; a person decides", "")
