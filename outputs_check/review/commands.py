"""The checkers' commands: intake, queue, show, vote, decide, withdraw, release, releases, states."""

import json
from typing import Annotated, Any, Protocol

import typer

from lab.base.errors import LabError
from lab.base.settings import Settings
from lab.base.signing import MANIFEST
from outputs_check.review import printing, reading, transitions
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import close
from outputs_check.review.deciding import vote as cast
from outputs_check.review.deciding import withdraw as take_back
from outputs_check.review.intake import intake as take_in
from outputs_check.review.release import release as let_out
from outputs_check.review.station import Station, open_station


class Call(Protocol):
    """What the program's callback leaves in the context: the lab, and who acts on it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def actor(self) -> str: ...


Id = Annotated[str, typer.Argument(metavar="ID", help="Submission.")]
As = Annotated[str | None, typer.Option("--as", help="Who acts; default: you.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def register(app: typer.Typer) -> None:
    """Add the review's commands to the program."""
    for command in (intake, queue, show, vote, decide, withdraw, release, releases, states):
        app.command()(command)


def intake(context: typer.Context, as_json: Json = False) -> None:
    """Take everything in the inbox and put it through the gate."""
    taken = take_in(_station(context))
    if as_json:
        _print([{"id": each.submission, "state": each.state, "trouble": each.trouble} for each in taken])
    for each in taken:
        if not as_json:
            print(f"{each.submission}: {each.state or 'refused'}{': ' * bool(each.trouble)}{each.trouble}")
    troubled = [each for each in taken if each.trouble]
    if troubled:
        raise LabError(f"{len(troubled)} could not be taken", where=", ".join(e.submission for e in troubled))


def queue(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those at an end as well.")] = False,
    as_json: Json = False,
) -> None:
    """List the submissions that wait, the oldest first."""
    states = frozenset(transitions.State) if everything else None
    entries = reading.queue(_station(context), _actor(context, None), states=states).entries
    if as_json:
        keys = ("id", "project", "submitted_by", "received_at", "state", "verdicts")
        _print([{**{k: getattr(each, k) for k in keys}, "verdict": each.verdict.name} for each in entries])
    else:
        printing.queue(entries)


def show(context: typer.Context, submission: Id, as_: As = None, as_json: Json = False) -> None:
    """Show a submission with its findings; the others' votes only once all are in."""
    view = reading.submission(_station(context), submission, _actor(context, as_))
    if as_json:
        _print(reading.as_json(view))
    else:
        printing.submission(view)


def vote(
    context: typer.Context,
    submission: Id,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Output of the submission.")],
    choice: Annotated[Choice, typer.Argument(help="A rejection, or a wish for changes, needs a comment.")],
    comment: Annotated[str, typer.Option(help="For the researcher and the record.")] = "",
    as_: As = None,
) -> None:
    """Vote on one output; the last vote of an agreement is the decision."""
    actor = _actor(context, as_)
    state = cast(_station(context), submission, file, Ballot(actor, choice, comment))
    print(f"{actor} says {choice} to {file}; {submission} is {state.value.replace('_', ' ')}")


def decide(context: typer.Context, submission: Id, as_: As = None) -> None:
    """Close a disagreement: with all votes in, the strictest vote on each output stands."""
    state = close(_station(context), submission, _actor(context, as_))
    print(f"{submission} is {state.value.replace('_', ' ')}")


def withdraw(context: typer.Context, submission: Id, as_: As = None) -> None:
    """Take your own submission back."""
    take_back(_station(context), submission, _actor(context, as_))
    print(f"{submission} is withdrawn")


def release(context: typer.Context, submission: Id, as_: As = None, as_json: Json = False) -> None:
    """Release what was approved: all of it, or nothing."""
    folder = let_out(_station(context), submission, _actor(context, as_))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    files = [{"file": entry["path"], "sha256": entry["sha256"]} for entry in manifest["files"]]
    if as_json:
        _print({"submission": submission, "path": str(folder), "files": files})
    else:
        print(f"{len(files)} files of {submission} are released in {folder}")


def releases(context: typer.Context, as_json: Json = False) -> None:
    """List what left, the newest first."""
    found = reading.releases(_station(context)).entries
    if as_json:
        _print(found)
    else:
        printing.releases(found)


def states(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid state diagram.")] = False,
    as_json: Json = False,
) -> None:
    """Print the transition table that a submission lives by."""
    if mermaid:
        print(transitions.mermaid(), end="")
    elif as_json:
        keys = ("source", "action", "target", "who", "event")
        _print([{key: getattr(row, key) for key in keys} for row in transitions.TRANSITIONS])
    else:
        printing.states()


def _station(context: typer.Context) -> Station:
    call: Call = context.obj
    return open_station(call.settings)


def _actor(context: typer.Context, given: str | None) -> str:
    call: Call = context.obj
    return given or call.actor


def _print(value: Any) -> None:
    print(json.dumps(value, indent=1))
