"""The command line of the lab: what admins and sysadmins do, one function a command."""

import getpass
import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from lab.base.errors import BadInput
from lab.base.files import write_atomic
from lab.base.grant import read_grant, to_toml
from lab.base.program import run
from lab.base.settings import Settings
from lab.catalogue import grants, view
from lab.catalogue.receive import receive_extract
from lab.escape import commands as escape_commands
from lab.hub import commands as hub_commands
from lab.registry import people, projects
from lab.registry import view as registry

app = typer.Typer(help="The secure research data lab.", no_args_is_help=True, add_completion=False)


@dataclass(frozen=True)
class Call:
    """Who calls, and on which lab."""

    settings: Settings
    actor: str


Context = typer.Context
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD")]


@app.callback()
def start(
    context: Context,
    home: Annotated[Path | None, typer.Option(help="Folder of the lab ($LAB_HOME).")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Who acts; default: you.")] = None,
) -> None:
    """The secure research data lab: projects, people, data, sessions, audit."""
    context.obj = Call(Settings.load(home), as_ or getpass.getuser())


def _group(name: str, help_: str) -> typer.Typer:
    group = typer.Typer(help=help_, no_args_is_help=True)
    app.add_typer(group, name=name)
    return group


person_group = _group("person", "Safe people: accounts, roles, accreditation.")
project_group = _group("project", "Safe projects and who belongs to them.")
grant_group = _group("grant", "What data owners let a project have.")
catalogue_group = _group("catalogue", "Safe data: signed extracts.")
audit_group = _group("audit", "The hash-chained log of every step.")
hub_commands.register(app)
escape_commands.register(app)


@app.command()
def init(context: Context) -> None:
    """Make the lab's folders and database, unless they are there."""
    call: Call = context.obj
    call.settings.prepare()
    call.settings.database().create()
    print(f"the lab is set up in {call.settings.home}")


@person_group.command("add")
def person_add(
    context: Context,
    username: str,
    name: Annotated[str, typer.Option(help="The name people see.")],
    role: Annotated[list[registry.Role] | None, typer.Option(help="May be repeated.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read a password from standard input.")] = False,
) -> None:
    """Make an account, with roles; a second time only adds what is missing."""
    call: Call = context.obj
    db = call.settings.database()
    password = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    people.ensure_person(db, username, name, actor=call.actor)
    for each in role or []:
        people.ensure_role(db, username, each, actor=call.actor)
    if password_stdin:
        people.set_password(db, username, password, actor=call.actor)
    print(f"{username} has an account")


@person_group.command("accredit")
def person_accredit(
    context: Context,
    username: str,
    number: Annotated[str, typer.Option(help="Number of the accreditation.")],
    until: Day,
    since: Day = "",
    scheme: Annotated[str, typer.Option()] = "UK Statistics Authority, Digital Economy Act 2017",
) -> None:
    """Record an accreditation, or its new dates."""
    call: Call = context.obj
    people.ensure_accreditation(
        call.settings.database(),
        username,
        scheme=scheme,
        number=number,
        valid_from=_day(since) if since else registry.today(),
        valid_until=_day(until),
        actor=call.actor,
    )
    print(f"{username} is accredited until {until}")


@person_group.command("list")
def person_list(context: Context, as_json: Json = False) -> None:
    """List the accounts."""
    call: Call = context.obj
    db = call.settings.database()
    _table(
        [
            {
                "username": each.username,
                "name": each.display_name,
                "roles": ", ".join(sorted(each.roles)),
                "accredited until": ", ".join(
                    str(held.valid_until) for held in registry.accreditations(db, each.username)[:1]
                ),
            }
            for each in registry.people(db)
        ],
        as_json,
    )


@project_group.command("create")
def project_create(
    context: Context,
    slug: str,
    title: Annotated[str, typer.Option()] = "",
    purpose: Annotated[str, typer.Option()] = "",
    starts: Day = "",
    ends: Day = "",
) -> None:
    """Make a project, active at once; without dates it runs for a year from today."""
    call: Call = context.obj
    first = _day(starts) if starts else registry.today()
    last = _day(ends) if ends else first.replace(year=first.year + 1, day=min(first.day, 28))
    db = call.settings.database()
    projects.ensure_project(
        db, slug, title=title or slug, purpose=purpose, starts=first, ends=last, actor=call.actor
    )
    print(f"the project {slug} runs from {first} to {last}")


@project_group.command("add-member")
def project_add_member(context: Context, slug: str, username: str) -> None:
    """Put a person on a project."""
    call: Call = context.obj
    projects.ensure_member(call.settings.database(), slug, username, actor=call.actor)
    print(f"{username} belongs to {slug}")


@project_group.command("remove-member")
def project_remove_member(context: Context, slug: str, username: str) -> None:
    """Take a person off a project."""
    call: Call = context.obj
    projects.end_membership(call.settings.database(), slug, username, actor=call.actor)
    print(f"{username} no longer belongs to {slug}")


@project_group.command("activate")
def project_activate(context: Context, slug: str) -> None:
    """Switch a project on."""
    call: Call = context.obj
    projects.set_active(call.settings.database(), slug, True, actor=call.actor)
    print(f"{slug} is active")


@project_group.command("deactivate")
def project_deactivate(context: Context, slug: str) -> None:
    """Switch a project off: no session of it can start."""
    call: Call = context.obj
    projects.set_active(call.settings.database(), slug, False, actor=call.actor)
    print(f"{slug} is not active")


@project_group.command("list")
def project_list(context: Context, as_json: Json = False) -> None:
    """List the projects."""
    call: Call = context.obj
    rows = [
        {"project": each.slug, "title": each.title, "active": each.active, "until": str(each.ends)}
        for each in registry.projects(call.settings.database())
    ]
    _table(rows, as_json)


@grant_group.command("add")
def grant_add(context: Context, file: Path) -> None:
    """Record a grant from its TOML file."""
    call: Call = context.obj
    grant = read_grant(file)
    grants.add_grant(call.settings.database(), grant, actor=call.actor)
    print(f"the grant {grant.id} stands until {grant.valid_until}")


@grant_group.command("withdraw")
def grant_withdraw(
    context: Context,
    grant: str,
    reason: Annotated[str, typer.Option(help="Why, for the log.", prompt=True)],
) -> None:
    """Take a grant back: sessions on its data end within a minute, and none starts any more."""
    call: Call = context.obj
    grants.withdraw_grant(call.settings.database(), grant, reason=reason[:300], actor=call.actor)
    print(f"the grant {grant} is withdrawn")


@grant_group.command("export")
def grant_export(
    context: Context,
    project: Annotated[str, typer.Option()],
    out: Annotated[Path, typer.Option(help="Where to write the file for the trusted third party.")],
) -> None:
    """Write a project's newest grant for the trusted third party."""
    call: Call = context.obj
    grant = grants.latest_grant(call.settings.database(), project)
    grants.require_standing(call.settings.database(), grant.id)
    write_atomic(out, to_toml(grant).encode(), 0o644)
    print(f"wrote {out}")


@catalogue_group.command("receive")
def catalogue_receive(context: Context, folder: Path) -> None:
    """Verify a signed extract and make it its project's current one."""
    call: Call = context.obj
    found = receive_extract(call.settings, call.settings.database(), folder, actor=call.actor)
    rows = sum(dataset.rows for dataset in found.datasets)
    print(f"registered {found.id}: {len(found.datasets)} datasets, {rows:,} rows")


@catalogue_group.command("show")
def catalogue_show(context: Context, project: Annotated[str, typer.Option()], as_json: Json = False) -> None:
    """List the datasets of a project's current extract."""
    call: Call = context.obj
    found = view.current_extract(call.settings, call.settings.database(), project)
    datasets = found.datasets if found else ()
    _table(
        [
            {
                "dataset": each.name,
                "owners": ", ".join(each.owners),
                "rows": each.rows,
                "variables": ", ".join(variable.name for variable in each.variables),
            }
            for each in datasets
        ],
        as_json,
    )


@audit_group.command("verify")
def audit_verify(
    context: Context,
    mirror: Annotated[Path | None, typer.Option(help="Compare with this copy, kept elsewhere.")] = None,
    as_json: Json = False,
) -> None:
    """Prove the audit log whole; fails on one changed byte and says where."""
    call: Call = context.obj
    report = call.settings.database().verify_audit(mirror)
    if as_json:
        print(json.dumps({"events": report.events, "head": report.head}))
    else:
        print(f"the audit log is whole: {report.events:,} events, head {report.head}")


@audit_group.command("list")
def audit_list(
    context: Context,
    action: Annotated[str, typer.Option(help="Only actions that begin so.")] = "",
    subject: Annotated[str, typer.Option(help="Only this subject.")] = "",
    last: Annotated[int, typer.Option(help="How many, the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """Show events, oldest first."""
    call: Call = context.obj
    events = call.settings.database().audit_events(action=action, subject=subject, last=last)
    fields = ("seq", "at", "actor", "via", "action", "subject", "details")
    _table([{field: event[field] for field in fields} for event in events], as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("not a date", where=text, remedy="write it as 2027-03-31") from error


def _table(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, default=str, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    if not rows:
        print("nothing here yet")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console = Console()
    console.print(table, crop=False) if console.is_terminal else Console(width=250).print(table)


def main() -> None:
    """Run the command line."""
    run(app)
