"""How every program of the lab answers: one clear line, an exit status, no traceback unless asked for."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from typer.exceptions import TyperException

from lab.base.errors import LabError

USAGE, INTERRUPTED, FAULT = 2, 130, 70


def run(app: typer.Typer) -> NoReturn:
    """Run a command line and leave with its exit status.

    0 done; 1 a clear error; 2 wrong usage; 130 interrupted; 70 a fault of ours (seen with --debug).
    """
    os.umask(0o077)  # whatever is written is its owner's alone, unless it says otherwise
    arguments = sys.argv[1:]
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    debug = "--debug" in own
    if debug:
        arguments.remove("--debug")
    try:
        status = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        said = str(error).rstrip(".")
        status = _say(f"{said}: see --help", USAGE) if said else USAGE
    except (typer.Abort, KeyboardInterrupt):
        status = _say("interrupted", INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        status = _explain(error)
    sys.exit(status if isinstance(status, int) else 0)


def _explain(error: Exception) -> int:
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, LabError):
        return _say(str(error), error.exit_status)
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, OSError) and error.filename is not None:
        advice = ": free some space and run it again" if error.errno == errno.ENOSPC else ""
        return _say(f"{error.strerror} ({error.filename}){advice}", 1)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _say("the disk is full: free some space and run it again; nothing half written was kept", 1)
    return _say(
        f"a fault in the program: {type(error).__name__}: {' '.join(str(error).split())[:300]}: "
        "run it again with --debug and report what it prints",
        FAULT,
    )


def _say(line: str, status: int) -> int:
    print(f"error: {line}", file=sys.stderr)
    return status


class Bar:
    """A progress bar's handle."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, steps: float = 1) -> None:
        """Move the bar on."""
        self._progress.advance(self._task, steps)


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Bar]:
    """Show a bar on standard error while something takes long; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        yield Bar(bars, bars.add_task(description, total=total))
