"""Rulebook, "regression, correlation, tests" and "odds, risk, hazard ratios"; "histogram"."""

from outputs_check.gate.rules.rule import Rule

_ROW = "Rulebook, 'regression, correlation, tests'"

FREEDOM = Rule("freedom.residual", f"{_ROW}: residual dof >= 10", "use fewer terms or more people")
CELLS = Rule("model.cells", f"{_ROW}: every dummy and interaction cell >= threshold", "merge the categories")
OUTCOME = Rule(
    "model.outcome", "Rulebook, 'odds, risk, hazard ratios': the implied cells", "merge the categories"
)
LEVERAGE = Rule("model.leverage", f"{_ROW}: no leverage near 1", "leave the person or the term out")
SEPARATION = Rule("model.separation", f"{_ROW}: separation flagged", "leave the separating term out")
MEAN = Rule("model.mean", f"{_ROW}: intercept-only models as means", "submit the mean as a table")
PERFECT = Rule(
    "correlation.perfect", f"{_ROW}: a perfect correlation tells one from the other", "leave one out"
)
EDGE = Rule(
    "histogram.edge",
    "Rulebook, 'histogram': edges rounded and not the minimum or maximum",
    "choose round edges beyond the data",
)
