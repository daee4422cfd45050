"""Running a suite: from a staged delivery to checks that a custodian can read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from linkage.deliveries import History
from linkage.suppliers.schema import TableSchema

# Read when Great Expectations is imported: it must not call home.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.core.batch import Batch, BatchData
from great_expectations.validator.validator import Validator

from linkage.validation import engine
from linkage.validation.suite import Period, build

_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """One expectation and what came of it: rows looked at, rows that break it, a few examples."""

    text: str
    passed: bool
    rows: int
    unexpected: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        count = f"{self.unexpected:,} of {self.rows:,} rows break: " if self.unexpected else "not so: "
        return f"{count}{self.text}"


@dataclass(frozen=True)
class Validation:
    """All checks of a delivery, and Great Expectations' own result."""

    checks: tuple[Check, ...]
    result: Mapping[str, Any]

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)


@cache
def _context() -> Any:
    engine.register()
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def validate(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    period: Period,
    past: History,
    *,
    samples: bool,
) -> Validation:
    """Run the table's suite on the view `batch`. `samples`: whether values may be shown (not identifiers)."""
    asked = engine.DuckDBExecutionEngine(connection, samples=samples)
    data: Any = BatchData(asked)
    validator = Validator(execution_engine=asked, data_context=_context(), batches=[Batch(data=data)])
    outcome: Any = validator.validate(
        build(schema, period, past), result_format="COMPLETE", catch_exceptions=False
    )
    rows = int(connection.execute(f"SELECT count(*) FROM {engine.BATCH}").fetchall()[0][0])  # noqa: S608
    checks = sorted((_check(each, rows) for each in outcome.results), key=lambda check: check.passed)
    return Validation(tuple(checks), outcome.to_json_dict())


def _check(outcome: Any, rows: int) -> Check:
    config, result = outcome.expectation_config, outcome.result
    if config.type == "expect_table_row_count_to_be_between":
        found = result["observed_value"]
        return Check(f"{config.description} (found {found:,})", outcome.success, rows, 0)
    if config.type == "unexpected_rows_expectation":
        examples = result["details"]["unexpected_rows"]
        shown = tuple(_row(each) for each in examples[:_SHOWN])
        return Check(config.description, outcome.success, rows, int(result["observed_value"]), shown)
    values = result.get("partial_unexpected_list") or []
    shown = tuple(dict.fromkeys(str(value) for value in values if value is not None))[:_SHOWN]
    return Check(config.description, outcome.success, rows, int(result["unexpected_count"]), shown)


def _row(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {'missing' if value is None else value}" for name, value in values.items())
