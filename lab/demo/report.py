"""What the demo tells: a line per station as it goes, a table and a summary file at the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lab.base.files import write_atomic

_COLOURS = {"PASS": "green", "REVIEW": "yellow", "BLOCK": "red"}
_WIDTH_WITHOUT_TERMINAL = 130


@dataclass
class Station:
    """A station while it runs; `told` is what its line ends with."""

    name: str
    told: str = ""


@dataclass
class Report:
    """Everything the demo will say, gathered along the road."""

    stations: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    released: list[dict[str, Any]] = field(default_factory=list)
    console: Console = field(default_factory=lambda: _console())

    @contextmanager
    def station(self, name: str) -> Iterator[Station]:
        """Time a station and print its line."""
        started, station = time.monotonic(), Station(name)
        with self.console.status(f"{name} …"):
            yield station
        seconds = round(time.monotonic() - started, 1)
        self.stations.append({"name": name, "seconds": seconds})
        self.console.print(
            f"{len(self.stations):2d}  {name:<11} {seconds:6.1f} s   {station.told}",
            highlight=False,
            soft_wrap=True,
        )

    def write(self, path: Path) -> None:
        """Write the summary file."""
        summary = {"stations": self.stations, "outputs": self.outputs, "released": self.released}
        write_atomic(path, json.dumps(summary, indent=2, ensure_ascii=False).encode() + b"\n", 0o644)

    def show(self) -> None:
        """Print what was released, what was stopped and why."""
        names = {entry["file"] for entry in self.released}
        table = Table(
            "output",
            "verdict",
            "evidence",
            "what happened",
            "why",
            title="What left the lab, and what did not",
        )
        for output in self.outputs:
            verdict = str(output["verdict"])
            happened = "released" if output["file"] in names else "stopped"
            colour = _COLOURS.get(verdict, "white")
            table.add_row(
                output["file"], f"[{colour}]{verdict}[/]", str(output["evidence"]), happened, _why(output)
            )
        self.console.print(table)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_WITHOUT_TERMINAL)


def _why(output: dict[str, Any]) -> str:
    """Return the gravest finding's message, and how many more there are."""
    order = ("BLOCK", "REVIEW", "PASS")
    findings = sorted(output["findings"], key=lambda finding: order.index(finding["verdict"]))
    if not findings:
        return ""
    more = f" (+{len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{findings[0]['message']}{more}"
