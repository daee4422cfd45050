"""Names and values written into SQL: quoted here, nowhere else."""

from datetime import date
from pathlib import Path


def name(value: str) -> str:
    """A column or view name as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def text(value: str | Path) -> str:
    """A text or a path as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def literal(value: str | int | float | date) -> str:
    """A value as an SQL literal."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return repr(value) if isinstance(value, int | float) else text(value)
