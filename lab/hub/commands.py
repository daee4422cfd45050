"""Commands of `lab` for the hub and for the rooms behind it."""

import asyncio
import json
import signal
import sys
from dataclasses import replace
from typing import Annotated, Any

import typer

from lab.base.sandbox import require_isolation
from lab.base.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `lab hub` and `lab sandbox`."""
    hub = typer.Typer(help="The front door: login, sessions, the checkers' pages.", no_args_is_help=True)
    sandbox = typer.Typer(help="The rooms: what a session may see and do.", no_args_is_help=True)
    hub.command("start")(start)
    sandbox.command("run")(run_inside)
    sandbox.command("explain")(explain)
    app.add_typer(hub, name="hub")
    app.add_typer(sandbox, name="sandbox")


def start(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8000,
) -> None:
    """Run the hub until it is interrupted; sessions outlive it."""
    from lab.base import cgroup
    from lab.hub.process import start_hub

    cgroup.delegate()
    hub = start_hub(context.obj.settings, port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"the lab is open at {hub.url} (log: {hub.log})", flush=True)
    try:
        raise typer.Exit(hub.wait())
    finally:
        hub.stop()


Project = Annotated[str, typer.Option(help="Whose data is mounted.")]
Person = Annotated[str, typer.Option("--as", help="Whose room; default: you.")]


def run_inside(
    context: typer.Context,
    project: Project,
    as_: Person = "",
    command: Annotated[list[str] | None, typer.Argument(help="After --; default: a shell.")] = None,
) -> None:
    """Run a command in exactly a session's sandbox, for a person who may have that session now."""
    from lab.hub.keeper import Keeper

    require_isolation()
    room = _room(context.obj.settings, as_ or context.obj.actor, project)
    # A folder of its own for the sockets, so that a session that runs already is not disturbed.
    room = replace(room, sockets=room.sockets.with_name(f"{room.sockets.name}-{_token()}"))
    argv = command or ["/bin/sh"]
    status = asyncio.run(Keeper(context.obj.settings, room).keep(argv, message=None, log=None))
    raise typer.Exit(status if status >= 0 else 128 - status)


def explain(
    context: typer.Context,
    project: Project,
    as_: Person = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Print what a session's sandbox mounts, reaches and is limited to, and why."""
    told = _room(context.obj.settings, as_ or context.obj.actor, project).explain()
    print(json.dumps(told, indent=2) if as_json else _in_words(told))


def _room(settings: Settings, username: str, project: str) -> Any:
    from lab.hub.room import Room

    return Room.open(settings, settings.database(), username, project)


def _token() -> str:
    from uuid import uuid4

    return uuid4().hex[:8]


def _in_words(told: dict[str, Any]) -> str:
    lines = [f"the room of {told['person']} for {told['project']}, on the extract {told['extract']}"]
    lines += ["", "mounted:"]
    for mount in told["mounts"]:
        access = "writable" if mount["writable"] else "read only"
        lines.append(f"  {mount['target']:<44} {access:<10} {mount['why']}")
    lines += ["", "sockets:"]
    lines += [f"  {each['path']:<44} {each['why']}" for each in told["sockets"]]
    lines += ["", f"network: {told['network']}", "", "limits:"]
    lines += [f"  {name}: {_figure(value)}" for name, value in told["limits"].items()]
    lines += ["", f"refused system calls: {', '.join(told['seccomp']['refused'])}"]
    lines += ["", f"namespaces: {', '.join(told['namespaces'])}"]
    return "\n".join(lines)


def _figure(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
