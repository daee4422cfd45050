"""`lab escape-test`: anyone can try to get out."""

import json
from typing import Annotated

import typer

from lab.base.errors import BadInput
from lab.base.program import progress
from lab.escape.attempt import FAMILIES, Outcome


def register(app: typer.Typer) -> None:
    """Add `lab escape-test`."""
    app.command("escape-test")(escape_test)


def escape_test(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    family: Annotated[list[int] | None, typer.Option(help="Only this family, 1 to 12; repeatable.")] = None,
    project: Annotated[
        str, typer.Option(help="In this lab's own room of a project, as far as a room goes alone.")
    ] = "",
    as_: Annotated[str, typer.Option("--as", help="Whose room; default: you.")] = "",
) -> None:
    """Try to get out of a session, once with the door open and once with it shut.

    Makes a lab of its own for it and throws it away, unless a project is named. Exit status: 0 where
    nothing got out, 1 where something did.
    """
    # Here, not above: the other commands need not know of two hubs and a hundred ways out.
    from lab.escape import report, run, suite

    if unknown := sorted(set(family or ()) - FAMILIES.keys()):
        raise BadInput("there is no such family", where=str(unknown[0]), remedy="1 to 12")
    wanted = suite.attempts(family or ())
    with progress("trying to get out", total=len(wanted)) as bar:
        if project:
            tried = run.run_existing(
                wanted, context.obj.settings, as_ or context.obj.actor, project, bar.advance
            )
        else:
            tried = run.run_all(wanted, bar.advance)
    print(json.dumps(report.as_json(tried), indent=2) if as_json else "\n".join(report.lines(tried)))
    if any(each.outcome is Outcome.OPEN for each in tried):
        raise typer.Exit(1)
