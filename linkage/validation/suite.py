"""The expectation suite of a table: its schema's columns, rules and bounds as Great Expectations knows them.

Every expectation carries a description in plain words: it is what the custodian reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any

from great_expectations import expectations
from great_expectations.core.expectation_suite import ExpectationSuite

from linkage.deliveries import History
from linkage.staging import unread_columns
from linkage.suppliers.schema import Column, RowRule, TableSchema
from linkage.tables import name

gxe: Any = expectations  # its models take a dozen optional fields each; they check them themselves

_ROWS_IN_A_MONTH = 20  # so many expected, no month is empty by chance (e^-20)
_READS_AS = {"date": "a date (YYYY-MM-DD)", "month": "a month (YYYY-MM)", "integer": "a whole number",
             "number": "a number"}  # fmt: skip
_WRONG_CHECK_DIGITS = """SELECT $column FROM {batch} WHERE $column IN (
  SELECT v FROM (SELECT DISTINCT $column AS v FROM {batch})
  WHERE v IS NOT NULL AND NOT coalesce($check_valid(v), false))
QUALIFY count(*) OVER () > $share * (SELECT count($column) FROM {batch})"""
_EMPTY_MONTHS = """SELECT month FROM (
  SELECT unnest(generate_series(date_trunc('month', {period_start} + INTERVAL 1 MONTH - INTERVAL 1 DAY),
    {period_end}, INTERVAL 1 MONTH))::DATE AS month) AS months
WHERE last_day(month) <= {period_end}
  AND month NOT IN (
    SELECT DISTINCT date_trunc('month', $column)::DATE FROM {batch} WHERE $column IS NOT NULL)
  AND (SELECT count(*) FROM {batch} WHERE $column BETWEEN {period_start} AND {period_end})
    >= $enough * (1 + date_diff('month', {period_start}, {period_end}))"""


@dataclass(frozen=True)
class Period:
    """The reference period of a delivery, first and last day."""

    start: date
    end: date

    def fill(self, query: str) -> str:
        """Put the period's days into a rule's query."""
        return query.replace("{period_start}", f"DATE '{self.start}'").replace(
            "{period_end}", f"DATE '{self.end}'"
        )


def build(schema: TableSchema, period: Period, past: History) -> ExpectationSuite:
    """The suite for one delivery of a table, given what earlier loads looked like."""
    expectations = [
        _row_count(schema, past),
        *(_reads(column, unread) for column, unread in unread_columns(schema)),
        *(each for column in schema.columns for each in _of_column(column)),
        *(each for column in schema.columns for each in _completeness(column, schema, past)),
        *(_rule(rule, schema, period) for rule in schema.rules),
    ]
    if schema.load.months:
        expectations.append(_no_empty_month(schema.load.months, period))
    return ExpectationSuite(name=schema.name, expectations=expectations)


def _row_count(schema: TableSchema, past: History) -> Any:
    if past.rows is None:
        return gxe.ExpectTableRowCountToBeBetween(min_value=1, description="There is at least one row")
    low, high = (ceil(past.rows * schema.load.rows[0]), floor(past.rows * schema.load.rows[1]))
    return gxe.ExpectTableRowCountToBeBetween(
        min_value=low,
        max_value=high,
        description=f"As many rows as the last loads have: {low:,} to {high:,}",
    )


def _reads(column: Column, unread: str) -> Any:
    return gxe.ExpectColumnValuesToBeNull(
        column=unread, description=f"{column.name}: every value is {_READS_AS[column.type]}"
    )


def _of_column(column: Column) -> Iterator[Any]:
    share = "every value is" if column.mostly == 1 else f"at least {column.mostly:.0%} of the values are"
    common = {"column": column.name, "mostly": column.mostly}
    if column.unique:
        yield gxe.ExpectColumnValuesToBeUnique(
            column=column.name, description=f"{column.name}: no value twice"
        )
    if column.codes:
        codes = list(column.codes)
        shown = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
        text = f"{column.name}: {share} in the code list ({shown})"
        yield gxe.ExpectColumnValuesToBeInSet(value_set=codes, description=text, **common)
    if column.pattern:
        text = f"{column.name}: {share} of the form {column.pattern}"
        yield gxe.ExpectColumnValuesToMatchRegex(regex=column.pattern, description=text, **common)
    if column.min is not None or column.max is not None:
        bounds = f"from {column.min}" if column.min is not None else ""
        bounds += f" to {column.max}" if column.max is not None else ""
        text = f"{column.name}: {share} {bounds.strip()}"
        yield gxe.ExpectColumnValuesToBeBetween(
            min_value=column.min, max_value=column.max, description=text, **common
        )
    if column.check:
        yield _check_digit(column, share)


def _check_digit(column: Column, share: str) -> Any:
    """Distinct values are checked; they count as rows against the share that has to be right."""
    kind = {"nhs_number": "an NHS number's (modulus 11)", "verhoeff": "a SNOMED code's (Verhoeff)"}
    query = _WRONG_CHECK_DIGITS.replace("$column", name(column.name)).replace("$check", str(column.check))
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=query.replace("$share", f"{1 - column.mostly:.6f}"),
        description=f"{column.name}: {share.rsplit(' ', 1)[0]} with {kind[str(column.check)]} check digit",
    )


def _completeness(column: Column, schema: TableSchema, past: History) -> Iterator[Any]:
    limits = [] if column.nullable else [(0.0, "no value is missing")]
    if column.nullable and column.max_null_rate < 1:
        limits.append((column.max_null_rate, f"at most {column.max_null_rate:.0%} is missing"))
    if column.nullable and column.name in past.null_rates:
        most = min(1.0, past.null_rates[column.name] + schema.load.null_rate_change)
        limits.append((most, f"no more is missing than in the last loads (at most {most:.1%})"))
    for most, text in limits:
        if most < 1:
            yield gxe.ExpectColumnValuesToNotBeNull(
                column=column.name, mostly=1 - most, description=f"{column.name}: {text}"
            )


def _rule(rule: RowRule, schema: TableSchema, period: Period) -> Any:
    query = period.fill(rule.unexpected)
    for table in schema.after:
        query = query.replace("{" + table + "}", name(table))
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=query, description=rule.description)


def _no_empty_month(column: str, period: Period) -> Any:
    query = _EMPTY_MONTHS.replace("$column", name(column)).replace("$enough", str(_ROWS_IN_A_MONTH))
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=period.fill(query),
        description=f"{column}: no month of the reference period is empty",
    )
