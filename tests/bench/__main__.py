"""Measure everything and write the table into README.md: `python -m tests.bench [--print]`."""

from __future__ import annotations

import sys

from tests.bench import ledger, tables
from tests.bench.harness import table, write

MEASURED = (tables, ledger)


def main() -> None:
    """Run every module's `rows()`."""
    text = table([row for module in MEASURED for row in module.rows()])
    print(text)
    if "--print" not in sys.argv:
        write(text)


if __name__ == "__main__":
    main()
