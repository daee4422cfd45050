"""Runs the source of a notebook as a session's kernel does, and tells which files it wrote.

The gate starts it in a room of its own and believes nothing of what it tells. One line of JSON at a time:
`{"cell": 3}` when a cell begins; at the end `{"error": …, "files": [[path, base64], …]}`, where `error` is
the name of the exception that ended it, or null.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from lab.base.room import WORKSPACE

_LARGEST_FILE, _MOST_BYTES, _MOST_FILES = 16 << 20, 64 << 20, 1_000


def main() -> None:
    """Read `{"cells": [[kind, source], …], "files": [name, …]}` from standard input, and run it."""
    request = json.load(sys.stdin)
    # What the notebook prints is no line of ours.
    answer = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    error = _run(request["cells"], answer)
    files = [[path, data] for path, data in _written(frozenset(request["files"]))]
    _tell(answer, {"error": error, "files": files})


def _run(cells: list[list[str]], answer: BinaryIO) -> str | None:
    """Execute the cells in order, in a fresh kernel; return what ended it before its end."""
    v4 = nbformat.v4
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    notebook = v4.new_notebook(cells=[make[kind](source) for kind, source in cells])  # type: ignore[no-untyped-call]

    def begun(cell: Any, cell_index: int) -> None:
        _tell(answer, {"cell": cell_index})

    def ended(cell: Any, cell_index: int, execute_reply: Any) -> None:
        cell.outputs = []  # nobody reads them, and they take memory

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        on_cell_start=begun,
        on_cell_executed=ended,
        resources={"metadata": {"path": str(WORKSPACE)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return error.ename or "Exception"
    except DeadKernelError:
        return "DeadKernelError"
    return None


def _written(names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the files of these names below the workspace, wherever: relative path, base64."""
    left, found = _MOST_BYTES, 0
    for folder, below, files in os.walk(WORKSPACE):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names.intersection(files)):
            path = Path(folder) / name
            found += 1
            if found > _MOST_FILES or path.is_symlink() or not path.is_file():
                continue
            size = path.stat().st_size
            if size <= min(_LARGEST_FILE, left):
                left -= size
                yield path.relative_to(WORKSPACE).as_posix(), base64.b64encode(path.read_bytes()).decode()


def _tell(answer: BinaryIO, what: dict[str, Any]) -> None:
    answer.write(json.dumps(what).encode() + b"\n")
    answer.flush()


if __name__ == "__main__":
    main()
