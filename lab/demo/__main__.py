"""`make demo` walks the road to its end; `make lab` leaves the lab running for a person to walk it."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from lab.base.errors import LabError
from lab.base.program import run
from lab.base.settings import Settings
from lab.demo import prepare
from lab.demo.prepare import PEOPLE, PROJECT, Place
from lab.demo.report import Report
from lab.demo.walk import walk
from lab.hub.process import running_hub

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    people: Annotated[int, typer.Option(help="How many people the generated deliveries are about.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same deliveries.")] = 1,
    given: Annotated[
        Path | None, typer.Option("--input", help="A folder of deliveries to use instead.")
    ] = None,
    stay: Annotated[bool, typer.Option("--stay", help="Leave the lab running.")] = False,
    port: Annotated[int, typer.Option(help="Where the lab stays.")] = 8000,
    work: Annotated[Path | None, typer.Option(help="The demo's folder.")] = None,
) -> None:
    """From three departments' deliveries to one released table."""
    # However it is ended, but by force, the hub and its sessions end with it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    place = Place((work or Path("var", "lab" if stay else "demo")).absolute())
    place.work.mkdir(parents=True, exist_ok=True)
    report = Report()
    if given is not None or not (stay and _has_extract(place)):
        deliveries = prepare.deliver(place, report, people, seed, given)
        prepare.keep_apart(place, deliveries)
        prepare.validate(place, report, deliveries)
        prepare.link(place, report, deliveries)
        prepare.extract(place, report)
    if stay:
        _stay(place, port)
        return
    walk(place, report)
    report.show()
    summary = place.work / "summary.json"
    report.write(summary)
    print(f"the summary is in {summary}")
    if given is None and not report.released:
        raise LabError("nothing was released of the generated deliveries", where=str(summary))


def _has_extract(place: Place) -> bool:
    try:
        return bool(place.programs.ask("lab", "catalogue", "show", "--project", PROJECT))
    except LabError:
        return False


def _stay(place: Place, port: int) -> None:
    prepare.leave_notebook(place)
    passwords = place.accounts()
    with running_hub(Settings.load(place.home), port) as hub:
        print(f"\nThe lab is open at {hub.url}   (Ctrl-C closes it)\n")
        for username, (name, role) in PEOPLE.items():
            print(f"  {role:<11} {username:<6} {passwords[username]:<18} {name}")
        print(f"\nThe commands use it with --home {place.home}\n", flush=True)
        hub.wait()


if __name__ == "__main__":
    run(app)
