"""Commands of the trusted third party after receipt: match, link, keys, extract."""

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lab.base.errors import BadInput
from lab.base.settings import Settings
from linkage.matching import MatchOptions

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program; `--home` and `--as` are the program's own options."""
    app.command("match")(match)


def match(
    left: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    right: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file for the links.")],
    one_to_one: Annotated[bool, typer.Option("--one-to-one", help="A person occurs once on each side.")] = False,
    truth: Annotated[Path | None, typer.Option(help="True pairs (left_id, right_id), to score the links.")] = None,
    false_match_rate: Annotated[float, typer.Option(help="Share of false links the model may make.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Seed of the model's samples.")] = 1,
    as_json: Json = False,
) -> None:
    """Match any two files of people."""
    from linkage.linkfile import match_files

    if not 0 < false_match_rate < 1:
        raise BadInput("a rate lies between 0 and 1", where=f"--false-match-rate {false_match_rate}")
    options = MatchOptions(one_to_one, false_match_rate, seed)
    done = match_files(left, right, out, options, truth)
    if as_json:
        typer.echo(json.dumps(done.describe(options)))
        return
    table = Table("method", "links", "probability", title=f"{done.result.links:,} links in {out}")
    for each in done.result.passes:
        if each.links:
            table.add_row(f"key:{each.name}", f"{each.links:,}", f"{each.probability:.4f}")
    table.add_row("model", f"{done.result.model.links:,}", f"≥ {done.result.model.threshold:.4f}")
    Console().print(table)
    for note in done.notes:
        typer.echo(f"note: {note}")
    if done.score:
        typer.echo(f"precision {done.score.precision:.4f}  recall {done.score.recall:.4f}  F1 {done.score.f1:.4f}")
