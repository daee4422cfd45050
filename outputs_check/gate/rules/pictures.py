"""Rulebook, "Files": images, which only a person can judge."""

from outputs_check.gate.rules.rule import Rule

IMAGE = Rule("image.review", "Rulebook, 'png, jpg'", "compare the picture with its source table")
NO_SOURCE = Rule(
    "image.source",
    "Rulebook, 'png, jpg': a declared source table",
    'declare the table behind it: source = "table.csv", or data, rows and columns',
)
BLOCKED_SOURCE = Rule(
    "image.source", "Rulebook, 'histogram, bar, pie, heat map': as their table", "mend the table"
)
HIDDEN = Rule(
    "file.hidden", "Rulebook, 'Files': hidden content is found and named", "save the file without it"
)
