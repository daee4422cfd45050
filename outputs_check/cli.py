"""The command line of the checking zone."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from lab.base.program import run
from lab.base.settings import Settings
from outputs_check.gate.result import Result
from outputs_check.review.commands import register

app = typer.Typer(help="Check what wants to leave the lab.", no_args_is_help=True, add_completion=False)

_Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@dataclass(frozen=True)
class Call:
    """Who calls, and on which lab."""

    settings: Settings
    actor: str


def main() -> None:
    """Run the program."""
    run(app)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="The lab's folder; otherwise $LAB_HOME or var/lab.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Who acts; default: you.")] = None,
) -> None:
    """Check what wants to leave the lab."""
    context.obj = Call(Settings.load(home), as_ or getpass.getuser())


@app.command()
def check(
    submission: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder with submission.toml.")
    ],
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Data folder of the extract.")],
    ledger: Annotated[Path | None, typer.Option(dir_okay=False, help="Earlier releases.")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Record what is PASS as released.")] = False,
    as_json: _Json = False,
) -> int:
    """Recompute a submission from its data. Exit status: 0 PASS, 10 REVIEW, 20 BLOCK, 2 wrong usage."""
    if commit and ledger is None:
        raise typer.BadParameter("--commit needs --ledger")
    # Here, not above: pandas and the models take a second that a vote should not wait for.
    from outputs_check.gate.check import check_submission

    return _answer(check_submission(submission, data, ledger=ledger, commit=commit), as_json)


@app.command()
def scan(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders of files.")],
    owners: Annotated[str, typer.Option(help="Owners of the data, with commas.")] = "",
    as_json: _Json = False,
) -> int:
    """Look into files without their data: REVIEW at best. Exit status: 10 REVIEW, 20 BLOCK, 2 wrong usage."""
    from outputs_check.gate.scan import scan_files

    named = [owner.strip() for owner in owners.split(",") if owner.strip()]
    return _answer(scan_files(paths, named), as_json)


def _answer(result: Result, as_json: bool) -> int:
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
    else:
        from outputs_check.gate.report import printed

        printed(result)
    return int(result.verdict)


register(app)
