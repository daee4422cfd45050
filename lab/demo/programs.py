"""Running the three programs as a person would, by their command lines."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.errors import LabError

_MODULES = {"lab": "lab", "linkage": "linkage", "outputs-check": "outputs_check"}


@dataclass(frozen=True)
class Programs:
    """The programs, on one lab's home folder."""

    home: Path

    def argv(self, program: str, *arguments: str, actor: str = "") -> list[str]:
        """Return the command line of a call."""
        who = ["--as", actor] if actor else []
        return [sys.executable, "-m", _MODULES[program], "--home", str(self.home), *who, *arguments]

    def run(self, program: str, *arguments: str, actor: str = "", stdin: str = "", allow: int = 0) -> str:
        """Run a call to its end and return what it printed; `allow` is another exit status that is well.

        Raises:
            LabError: with the program's own line.
        """
        command = self.argv(program, *arguments, actor=actor)
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        # What is well although its status is not zero has an answer to show.
        if result.returncode and (result.returncode != allow or not result.stdout):
            lines = (result.stderr.strip() or result.stdout.strip()).splitlines()
            said = lines[-1].removeprefix("error: ") if lines else f"exit status {result.returncode}"
            raise LabError(said, where=f"{program} {' '.join(arguments[:2])}")
        return result.stdout

    def ask(self, program: str, *arguments: str, actor: str = "", allow: int = 0) -> Any:
        """Run a call with --json and return its answer."""
        return json.loads(self.run(program, *arguments, "--json", actor=actor, allow=allow))
