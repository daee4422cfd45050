"""Rulebook, "Files": images, which only a person can judge."""

from outputs_check.gate.rules.rule import Rule

IMAGE = Rule(
    "image.review",
    "Rulebook, 'png, jpg': redrawn from its table",
    "look at the redrawn picture and its title",
)
NO_SOURCE = Rule(
    "image.source",
    "Rulebook, 'png, jpg': a declared source table",
    'declare the table behind it: source = "table.csv", or data, rows and columns',
)
BLOCKED_SOURCE = Rule(
    "image.source", "Rulebook, 'histogram, bar, pie, heat map': as their table", "mend the table"
)
CHART = Rule(
    "image.chart",
    "Rulebook, 'histogram, bar, pie, heat map': as their table",
    'leave out `chart`, or declare "bar", "line", "heatmap", "steps" or "points"',
)
POINTS = Rule(
    "image.points",
    "Rulebook, 'scatter, residual plot, rug, strip': individual points",
    "declare a histogram, or a table of counts by bin and draw that as a heat map",
)
TOO_MUCH = Rule(
    "image.size",
    "Rulebook, 'png, jpg': redrawn from its table",
    "group categories, or submit the table alone",
)
HIDDEN = Rule(
    "file.hidden", "Rulebook, 'Files': hidden content is found and named", "save the file without it"
)

CHARTS = ("bar", "line", "heatmap", "steps", "points")
# Kinds of plot that are refused by rule, and why.
REFUSED = {
    **dict.fromkeys(("scatter", "strip", "swarm", "rug", "residuals"), "it shows individual points"),
    "hexbin": "submit its counts as a table of bins",
    **dict.fromkeys(("box", "violin"), "its ends and outliers are single people's values"),
}
