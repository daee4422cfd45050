"""A whole notebook, run again against the same extract."""

from outputs_check.gate.rules.rule import Rule

_AGAIN = "DESIGN, 'a claim, not evidence': run again in a clean room"

REPRODUCED = Rule("notebook.reproduced", _AGAIN, "")
DIFFERS = Rule(
    "notebook.reproduced",
    _AGAIN,
    "restart the kernel, run all cells, submit what they write; set a seed where chance plays a part",
)
BROKEN = Rule(
    "notebook.run",
    _AGAIN,
    "restart the kernel and run all cells: a run has the extract, no network and an empty workspace",
)
NOTHING = Rule("notebook.reproduced", _AGAIN, "submit the notebook together with the files that it writes")
