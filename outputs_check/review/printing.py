"""Submissions on a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from outputs_check.gate.verdict import Verdict
from outputs_check.review.reading import OutputView, QueueEntry, SubmissionView
from outputs_check.review.transitions import TRANSITIONS

_COLOURS = {Verdict.PASS: "green", Verdict.REVIEW: "yellow", Verdict.BLOCK: "red"}


def queue(entries: Sequence[QueueEntry]) -> None:
    """Print the queue."""
    table = Table("submission", "state", "by", "received", "outputs", box=None)
    for each in entries:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(each.verdicts.items()))
        row = (each.id, each.state.value.replace("_", " "), each.submitted_by, each.received_at[:16], counts)
        table.add_row(*map(escape, row))
    _show(table if entries else "nothing waits")


def submission(view: SubmissionView) -> None:
    """Print a submission with its outputs, findings and the votes that the viewer may see."""
    state = view.state.value.replace("_", " ")
    _show(f"[bold]{escape(view.id)}[/] by {escape(view.submitted_by)}: {state}")
    if view.reason:
        _show(escape(view.reason))
    for output in view.outputs:
        _output(output, view.checkers)


def releases(found: Sequence[dict[str, Any]]) -> None:
    """Print what left."""
    table = Table("submission", "released", "file", "sha256", box=None)
    for each in found:
        for file, digest in each["files"].items():
            table.add_row(*map(escape, (each["submission"], each["released_at"][:16], file, digest[:16])))
    _show(table if found else "nothing has been released")


def states() -> None:
    """Print the transition table."""
    table = Table("from", "action", "to", "who", "audit event", box=None)
    for row in TRANSITIONS:
        table.add_row(row.source or "-", row.action, row.target, row.who, row.event)
    _show(table)


def _output(output: OutputView, checkers: int) -> None:
    colour = _COLOURS[output.verdict]
    decided = f", {output.outcome}" if output.outcome else ""
    voted = f", {output.cast} of {checkers} votes" if output.votable else ""
    _show(
        f"\n[bold]{escape(output.file)}[/] [{colour}]{output.verdict.name}[/] "
        f"(evidence {output.evidence}{voted}{decided})"
    )
    for finding in output.findings:
        cells = f" [dim]{escape('; '.join(finding.cells))}[/]" if finding.cells else ""
        _show(f"  {finding.verdict.name} {escape(finding.rule)}: {escape(finding.message)}{cells}")
        if finding.remedy:
            _show(f"    [green]{escape(finding.remedy)}[/]")
    for vote in output.votes:
        comment = f": {vote.comment}" if vote.comment else ""
        _show(f"  {escape(vote.voter)} says {vote.choice}{escape(comment)}")


def _show(what: Any) -> None:
    Console(highlight=False, soft_wrap=True).print(what)
