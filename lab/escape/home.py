"""What lies in a person's home before her session starts: rows, and files that want to be run."""

import json
from collections.abc import Iterable
from pathlib import Path

from lab.escape.attempt import Answer, Attempt, Hook


def furnish(home: Path, canary: str, attempts: Iterable[Attempt]) -> None:
    """Put the files there that the attempts ask for."""
    book = {
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": canary},
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {},
                "source": f"# {canary}",
                "outputs": [],
                "execution_count": None,
            },
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    rows = {
        "rows.csv": f"name,place\n{canary},Leeds\n",
        "notes.txt": canary,
        "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text>{canary}</text></svg>',
        "page.html": f"<html><body>{canary}</body></html>",
        "book.ipynb": json.dumps(book),
        ".jupyter/custom/custom.css": f"/* {canary} */",
        ".jupyter/serverconfig/rows.json": json.dumps({"row": canary}),
        ".local/share/jupyter/labextensions/mine/rows.txt": canary,
        ".local/share/jupyter/kernels/mine/rows.txt": canary,
        ".local/share/jupyter/kernels/mine/kernel.json": json.dumps(
            {"argv": ["/bin/true", "{connection_file}"], "display_name": canary, "language": "x"}
        ),
    }
    hooks = [attempt.how.files for attempt in attempts if isinstance(attempt.how, Hook)]
    for files in (rows, *hooks):
        for name, text in files.items():
            place = home / name
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.write_text(text)


def ran(home: Path, attempt: Attempt) -> Answer:
    """Say whether a hook left its mark."""
    worked = (home / ".marks" / attempt.id.removeprefix("hook-")).exists()
    return Answer(worked, "ran beside the token" if worked else "did not run beside the token")


def stand_in(extract: Path) -> Path:
    """Make a folder like an extract's: attempts with the door open change nothing that counts."""
    (extract / "person_year").mkdir(parents=True)
    (extract / "manifest.json").write_text("{}")
    return extract
