"""Rulebook, "regression, correlation, tests" and "odds, risk, hazard ratios"; "histogram"."""

from outputs_check.gate.rules.rule import Rule

_ROW = "Rulebook, 'regression, correlation, tests'"

FREEDOM = Rule("freedom.residual", f"{_ROW}: residual dof >= 10", "use fewer terms or more people")
CELLS = Rule("model.cells", f"{_ROW}: every dummy and interaction cell >= threshold", "merge the categories")
OUTCOME = Rule(
    "model.outcome", "Rulebook, 'odds, risk, hazard ratios': the implied cells", "merge the categories"
)
LEVERAGE = Rule(
    "model.leverage", f"{_ROW}: no leverage near 1", "leave the people out with `where`, or the term"
)
DOMINANCE = Rule(
    "model.dominance",
    "Rulebook, 'sums, means, ratios': dominance, for the weighted sum that a coefficient is",
    "leave the people out with `where`, or take the logarithm of the outcome",
)
RANK = Rule("model.rank", f"{_ROW}: saturated models", "leave the terms out that follow from others")
CONSTANT = Rule(
    "model.constant", "Rulebook, 'What fooled the best peer': identical values", "choose another outcome"
)
SEPARATION = Rule("model.separation", f"{_ROW}: separation flagged", "leave the separating term out")
MEAN = Rule("model.mean", f"{_ROW}: intercept-only models as means", "submit the mean as a table")
PERFECT = Rule(
    "correlation.perfect", f"{_ROW}: a perfect correlation tells one from the other", "leave one out"
)
FOURFOLD = Rule(
    "correlation.cells",
    f"{_ROW}: every dummy and interaction cell >= threshold",
    "leave out the variable that hardly anyone has",
)
EDGE = Rule(
    "histogram.edge",
    "Rulebook, 'histogram': edges rounded and not the minimum or maximum",
    "choose round edges beyond the data",
)
