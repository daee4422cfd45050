"""Rulebook, "Evidence": C, counts declared beside a table whose data the gate does not have."""

from outputs_check.gate.rules.rule import Rule

_C = "Rulebook, 'Evidence': C, counts declared beside the table"

DECLARED = Rule("counts.declared", _C, "register the derived dataset, so that the gate can recompute")
DATA_EXISTS = Rule("counts.data", _C, "declare the data: the gate recomputes from it")
UNUSABLE = Rule("counts.file", _C, "write the counts in the layout of the table, one whole number per figure")
ABSENT = Rule("counts.absent", _C, "count the people behind every shown figure, or suppress the figure")
IMPLAUSIBLE = Rule("counts.implausible", _C, "correct the figures or the counts")
REMAINDER = Rule(
    "counts.remainder",
    "Rulebook, 'What fooled the best peer': a suppressed table plus its unsuppressed margin",
    "suppress the margin, or a second cell of the line",
)
EVIDENCE_ONLY = Rule("counts.evidence", _C, "")
