"""Rulebook, "Evidence": B, recomputed from a dataset that the researcher derived."""

from outputs_check.gate.rules.rule import Rule

_B = "Rulebook, 'Evidence': B, recomputed from a registered derived dataset"

DECLARATION = Rule("derived.declaration", _B, "register the dataset with lab.session.derive")
LINEAGE = Rule("evidence.lineage", _B, "")
OWN_VALUES = Rule("evidence.derived", _B, "look at how the dataset was made: its lineage")
STRANGERS = Rule(
    "derived.people", f"{_B}; every person in it must be in the extract", "derive it from the extract alone"
)
UNIT_LEFT_OUT = Rule(
    "derived.unit",
    "Rulebook, 'Units and appetites': where data has two units, check both",
    "keep every unit of the sources in the dataset",
)
EVIDENCE_ONLY = Rule("derived.evidence", _B, "")
