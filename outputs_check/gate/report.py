"""A result for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from outputs_check.gate.result import Result
from outputs_check.gate.verdict import Verdict

_STYLES = {Verdict.PASS: "green", Verdict.REVIEW: "yellow", Verdict.BLOCK: "red"}


def printed(result: Result) -> None:
    """Print every output with its findings, the verdict last."""
    console = Console()
    table = Table("output", "verdict", "evidence", "finding", "what would make it safe")
    for output in result.outputs:
        style = _STYLES[output.verdict]
        head = (escape(output.file), f"[{style}]{output.verdict.name}[/]", output.evidence.name)
        for finding in output.findings:
            table.add_row(*head, escape(f"{finding.rule}: {finding.message}"), escape(finding.remedy))
            head = ("", "", "")
    console.print(table)
    console.print(f"verdict: [{_STYLES[result.verdict]}]{result.verdict.name}[/]")
