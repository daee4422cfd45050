"""The command line of the trusted third party: what a data custodian does, one function a command."""

import getpass
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lab.base.database import Database
from lab.base.errors import BadInput
from lab.base.program import progress, run
from lab.base.settings import Settings
from linkage import cli_link, deliveries, intake
from linkage.offers import offered

app = typer.Typer(
    help="Receive deliveries, link people, publish extracts.", no_args_is_help=True, add_completion=False
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Supplier = Annotated[str, typer.Option(help="Only deliveries of this supplier.")]
State = Annotated[str, typer.Option(help="Only deliveries in this state: received, accepted, quarantined.")]


@dataclass(frozen=True)
class Call:
    """Who calls, and on which lab."""

    settings: Settings
    actor: str

    def database(self) -> Database:
        """The lab's database, with the tables of this zone."""
        self.settings.prepare()
        database = self.settings.database()
        database.create()
        return database


@app.callback()
def start(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of the lab ($LAB_HOME).")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Who acts; default: you.")] = None,
) -> None:
    """The trusted third party: deliveries in, one pseudonymised extract per project out."""
    context.obj = Call(Settings.load(home), as_ or getpass.getuser())


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="An empty or new folder.")],
    people: Annotated[int, typer.Option(help="How many people to make up.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same deliveries.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Also plant a faulty delivery; may be repeated. A wrong name lists them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make up what three suppliers would send about people who do not exist."""
    from linkage.synth import generate

    with progress("making people up", people) as bar:
        rows = generate.write(out, people, seed, fault or [], bar.advance)
    if as_json:
        print(json.dumps({"out": str(out), "rows": rows, "faults": fault or []}))
        return
    table = Table("delivery", "rows", title=f"{people:,} people who do not exist, in {out}")
    for delivery, count in rows.items():
        table.add_row(delivery, f"{count:,}")
    Console().print(table)
    print(f"the truth is in {out / 'truth.parquet'}; it belongs to no delivery")


@app.command()
def receive(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="One delivery, or a folder with deliveries in it.")],
    again: Annotated[bool, typer.Option(help="Examine once more what was refused before.")] = False,
    as_json: Json = False,
) -> None:
    """Take deliveries into quarantine, examine each, accept or refuse it whole.

    Exit status 1 if one was refused.
    """
    call: Call = context.obj
    offers = offered(folder)
    station = intake.Intake(call.settings, call.database(), call.actor, again)
    with progress("receiving", len(offers)) as bar:
        receipts = station.receive(offers, lambda _: bar.advance())
    if as_json:
        print(json.dumps([asdict(each) for each in receipts]))
    else:
        for each in receipts:
            _tell(each)
    if any(each.state != deliveries.ACCEPTED for each in receipts):
        raise typer.Exit(1)


def _tell(receipt: intake.Receipt) -> None:
    rows = f", {receipt.rows:,} rows" if receipt.rows is not None else ""
    dropped = f", {receipt.dropped:,} dropped (opted out)" if receipt.dropped else ""
    before = " before, nothing done" if receipt.already else ""
    print(f"{receipt.state}{before}: {receipt.supplier} {receipt.table}{rows}{dropped} ({receipt.id})")
    if receipt.reason:
        print(f"  {receipt.reason}\n  read {receipt.report}")


@app.command("deliveries")
def list_deliveries(
    context: typer.Context, supplier: Supplier = "", state: State = "", as_json: Json = False
) -> None:
    """List deliveries and what became of them, the oldest first."""
    states = (deliveries.RECEIVED, deliveries.ACCEPTED, deliveries.QUARANTINED)
    if state and state not in states:
        raise BadInput(f"unknown state {state!r}", where="--state", remedy=f"one of: {', '.join(states)}")
    call: Call = context.obj
    found = deliveries.listed(call.database(), supplier, state)
    if as_json:
        print(json.dumps(found))
        return
    table = Table("received", "delivery", "state", "rows", "reason")
    for each in found:
        rows = f"{each['rows']:,}" if each["rows"] is not None else ""
        table.add_row(
            each["received_at"][:16].replace("T", " "), each["id"], each["state"], rows, each["reason"]
        )
    Console().print(table)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Say how many deliveries and rows of each table there are, by state."""
    call: Call = context.obj
    counts: dict[tuple[str, str, str], list[int]] = {}
    for each in deliveries.listed(call.database()):
        count = counts.setdefault((each["supplier"], each["table"], each["state"]), [0, 0])
        count[0] += 1
        count[1] += each["rows"] or 0
    lines = [
        {"supplier": supplier, "table": table, "state": state, "deliveries": number, "rows": rows}
        for (supplier, table, state), (number, rows) in sorted(counts.items())
    ]
    if as_json:
        print(json.dumps(lines))
        return
    shown = Table("supplier", "table", "state", "deliveries", "rows")
    for line in lines:
        shown.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in line.values()))
    Console().print(shown)
    if any(line["state"] == deliveries.RECEIVED for line in lines):
        print("some were interrupted while they were examined: receive them again")


cli_link.register(app)


def main() -> None:
    """Run the command line."""
    run(app)
