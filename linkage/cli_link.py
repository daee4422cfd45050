"""Commands of the trusted third party after receipt: match, link, keys, extract."""

import json
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console
from rich.table import Table

from lab.base.database import Database
from lab.base.errors import BadInput
from lab.base.files import sha256_file
from lab.base.settings import Settings
from linkage.keys import Keys
from linkage.matching import MatchOptions

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program; `--home` and `--as` are the program's own options."""
    app.command("match")(match)
    app.command("link")(link)
    app.command("extract")(extract)
    keys = typer.Typer(help="The custodian's keys.", no_args_is_help=True)
    keys.command("init")(init_keys)
    keys.command("check")(check_keys)
    app.add_typer(keys, name="keys")


class Caller(Protocol):
    """What the program's start leaves for its commands: who calls, and on which lab."""

    settings: Settings
    actor: str

    def database(self) -> Database:
        """Open the database, with its tables."""


def match(
    left: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    right: Annotated[Path, typer.Argument(help="CSV or Parquet file of people.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file for the links.")],
    one_to_one: Annotated[
        bool, typer.Option("--one-to-one", help="A person occurs once on each side.")
    ] = False,
    truth: Annotated[
        Path | None, typer.Option(help="True pairs (left_id, right_id), to score the links.")
    ] = None,
    false_match_rate: Annotated[float, typer.Option(help="Share of false links the model may make.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Seed of the model's samples.")] = 1,
    as_json: Json = False,
) -> None:
    """Match any two files of people."""
    from linkage.linkfile import match_files

    options = MatchOptions(one_to_one, _rate(false_match_rate), seed)
    done = match_files(left, right, out, options, truth)
    if as_json:
        typer.echo(json.dumps(done.describe(options)))
        return
    table = Table("method", "links", "probability", title=f"{done.links:,} links in {out}")
    for each in done.result.passes:
        if each.links:
            table.add_row(f"key:{each.name}", f"{each.links:,}", f"{each.probability:.4f}")
    table.add_row("model", f"{done.result.model.links:,}", f"≥ {done.result.model.threshold:.4f}")
    Console().print(table)
    for note in done.notes:
        typer.echo(f"note: {note}")
    if done.score:
        typer.echo(
            f"precision {done.score.precision:.4f}  recall {done.score.recall:.4f}  F1 {done.score.f1:.4f}"
        )


def link(
    context: typer.Context,
    truth: Annotated[Path | None, typer.Option(help="True people (supplier, record_id, truth_id).")] = None,
    false_match_rate: Annotated[float, typer.Option(help="Share of false links the model may make.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Seed of the model's samples.")] = 1,
    as_json: Json = False,
) -> None:
    """Link all accepted identifiers into a new version of the spine."""
    from linkage.spine import build

    call: Caller = context.obj
    built = build(
        call.settings,
        call.database(),
        actor=call.actor,
        truth=truth,
        options=MatchOptions(True, _rate(false_match_rate), seed),
        say=lambda line: typer.echo(line, err=as_json),
    )
    spine = built.spine
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "spine": spine.version,
                    "new": built.new,
                    "people": spine.people,
                    "records": spine.records,
                    "quality": built.quality,
                }
            )
        )
        return
    table = Table("supplier", "records", "linked", "rate", "too little", title=f"spine {spine.version}")
    for name, each in built.quality["suppliers"].items():
        rate = each["linkage_rate"]
        table.add_row(
            name,
            f"{each['records']:,}",
            f"{each['linked']:,}",
            "–" if rate is None else f"{rate:.1%}",
            f"{each['too_little_to_link']:,}",
        )
    Console().print(table)
    if score := built.quality.get("truth"):
        typer.echo(f"precision {score['precision']:.4f}  recall {score['recall']:.4f}  F1 {score['f1']:.4f}")


def extract(
    context: typer.Context,
    project: Annotated[str, typer.Option("--project", help="The project that gets the extract.")],
    grant: Annotated[Path, typer.Option("--grant", help="Its grant, as 'lab grant export' writes it.")],
    as_json: Json = False,
) -> None:
    """Make a project's signed extract from its grant."""
    from linkage.extracts import make_extract

    call: Caller = context.obj
    made = make_extract(call.settings, call.database(), project, grant, actor=call.actor)
    if as_json:
        typer.echo(json.dumps(made.describe()))
        return
    table = Table("dataset", "rows", "not linked", "filtered out", title=made.id)
    for each in made.datasets:
        table.add_row(each.name, f"{each.rows:,}", f"{each.unlinked:,}", f"{each.filtered:,}")
    Console().print(table)
    typer.echo(f"extract {made.path}")


def init_keys(context: typer.Context) -> None:
    """Make the master key and the key that signs extracts."""
    call: Caller = context.obj
    keys = Keys.of(call.settings)
    with call.database().write(actor=call.actor, via="linkage") as unit:
        keys.create()
        unit.record("keys.created", subject=keys.public.name, details={"sha256": sha256_file(keys.public)})
    typer.echo(f"keys in {keys.folder}, public half in {keys.public}")


def check_keys(context: typer.Context) -> None:
    """Make sure that the keys are there and private."""
    call: Caller = context.obj
    keys = Keys.of(call.settings)
    keys.check()
    typer.echo(f"keys in {keys.folder} are private")


def _rate(value: float) -> float:
    if not 0 < value < 1:
        raise BadInput("a rate lies between 0 and 1", where=f"--false-match-rate {value}")
    return value
