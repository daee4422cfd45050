"""Rules about the submission itself: what is declared, and whether it is there."""

from outputs_check.gate.rules.rule import Rule

_CONTRACT = "Submission contract"

SYNTAX = Rule("declaration.syntax", _CONTRACT, "write submission.toml with lab.session")
KEY = Rule("declaration.key", _CONTRACT, "use the documented keys only")
VALUE = Rule("declaration.value", _CONTRACT, "correct the value")
OWNERS = Rule("declaration.owners", _CONTRACT, "owners may only be added, by their documented names")
UNIT = Rule("declaration.unit", _CONTRACT, "name a unit that the data registers")
DATA = Rule("declaration.data", _CONTRACT, "name a dataset of this project")
COLUMN = Rule("declaration.column", _CONTRACT, "name columns that the dataset has")
WHERE = Rule("declaration.where", _CONTRACT, "write one plain boolean expression over the columns")
MODEL = Rule("declaration.model", _CONTRACT, "write a formula of columns, C(), log(), I(), +, : and * only")
MISSING = Rule("file.missing", _CONTRACT, "put the file into the folder or take its entry out")
UNDECLARED = Rule("file.undeclared", _CONTRACT, "declare the file in submission.toml or leave it out")
NOTHING = Rule("submission.empty", _CONTRACT, "declare at least one output")
UNREGISTERED = Rule(
    "data.unregistered", "Submission contract, 'The data folder'", "let the catalogue register the dataset"
)
OWNER_WITHOUT_APPETITE = Rule(
    "appetite.unknown", "Rulebook, 'Units and appetites'", "install a risk appetite for this owner"
)
NO_EVIDENCE = Rule("evidence.none", "Rulebook; DESIGN, 'a claim, not evidence'", "submit the table behind it")
EVIDENCE = Rule(
    "evidence.level",
    "Rulebook, 'Units and appetites'; only recomputed figures can be PASS",
    "declare a statistic that is recomputed from a registered dataset",
)
FAULT = Rule("gate.fault", "DESIGN, 'House habits'", "report it; a person has to look at the gate")
