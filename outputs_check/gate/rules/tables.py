"""Rules about a table as a file: its layout, its labels, its figures."""

from outputs_check.gate.rules.rule import Rule

_LAYOUT = "Submission contract, 'File layouts'"

LAYOUT = Rule("table.layout", _LAYOUT, "write the table as pandas crosstab or pivot_table do")
LABEL = Rule(
    "table.label", "Rulebook, 'Files': labels come from the variable's code list", "use the data's own labels"
)
FORGED = Rule(
    "figure.differs",
    "Rulebook, 'Evidence'; a figure that differs from the recomputed one is BLOCK",
    "compute the table again from the declared data, or declare the rounding that was applied",
)
AGREES = Rule("figure.agrees", "Rulebook, 'Evidence': A, recomputed", "")
FIGURE = Rule("figure.unreadable", _LAYOUT, "write plain figures; empty, * or [c] where suppressed")
RARE_LABEL = Rule(
    "label.rare",
    "Rulebook, 'What fooled the best peer': incomes written into row labels",
    "group the values into bands",
)
TOO_MANY = Rule("table.size", "Rulebook, 'Files': csv, tsv", "submit a smaller table")
