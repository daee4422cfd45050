"""Great Expectations answers the same on DuckDB as on its own pandas engine, at any size."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"

from typing import Any

import duckdb
import great_expectations as gx
import pandas as pd
import pytest
from great_expectations import expectations
from great_expectations.core.batch import Batch, BatchData
from great_expectations.validator.validator import Validator

from linkage.validation import engine, run

gxe: Any = expectations

FRAME = pd.DataFrame({
    "key": ["a", "b", "b", "c", "c", "c", None, "d"],
    "code": ["A", "B", "X", None, "A", "it's", "B", "A"],
    "text": ["J459", "R69X", "j459", "J45.9", None, "J4599", "K219", ""],
    "number": [1, 5, 10, 11, -1, 0, 7, 3],
})  # fmt: skip

EXPECTATIONS = {
    "unique": gxe.ExpectColumnValuesToBeUnique(column="key"),
    "unique at last": gxe.ExpectColumnValuesToBeUnique(column="number"),
    "in set": gxe.ExpectColumnValuesToBeInSet(column="code", value_set=["A", "B"]),
    "in set mostly": gxe.ExpectColumnValuesToBeInSet(column="code", value_set=["A", "it's"], mostly=0.5),
    "not null": gxe.ExpectColumnValuesToNotBeNull(column="code"),
    "not null mostly": gxe.ExpectColumnValuesToNotBeNull(column="code", mostly=0.8),
    "null": gxe.ExpectColumnValuesToBeNull(column="key"),
    "regex": gxe.ExpectColumnValuesToMatchRegex(column="text", regex="^[A-Z][0-9]{2}[0-9X]$"),
    "between": gxe.ExpectColumnValuesToBeBetween(column="number", min_value=0, max_value=10),
    "at least": gxe.ExpectColumnValuesToBeBetween(column="number", min_value=-1),
    "rows": gxe.ExpectTableRowCountToBeBetween(min_value=1, max_value=7),
}


def on_duckdb(frame: pd.DataFrame, *asked: Any, samples: bool = True) -> list[Any]:
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute("CREATE TABLE batch AS SELECT * FROM frame")
    own = engine.DuckDBExecutionEngine(connection, samples=samples)
    data: Any = BatchData(own)
    validator = Validator(execution_engine=own, data_context=run._context(), batches=[Batch(data=data)])
    suite = gx.ExpectationSuite(name="suite", expectations=list(asked))
    outcome: Any = validator.validate(suite, result_format="COMPLETE", catch_exceptions=False)
    return list(outcome.results)


def on_pandas(frame: pd.DataFrame, expectation: Any) -> Any:
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    return batch.validate(expectation, result_format="COMPLETE")


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_the_same_answer_as_pandas(name: str) -> None:
    (ours,), theirs = on_duckdb(FRAME, EXPECTATIONS[name]), on_pandas(FRAME, EXPECTATIONS[name])
    assert ours.success == theirs.success
    for count in ("element_count", "unexpected_count", "missing_count", "observed_value"):
        assert ours.result.get(count) == theirs.result.get(count), count


def test_many_rows_are_counted_without_being_fetched() -> None:
    frame = pd.DataFrame({"number": range(300_000)})
    (outcome,) = on_duckdb(frame, gxe.ExpectColumnValuesToBeBetween(column="number", max_value=99))
    assert outcome.result["unexpected_count"] == 299_900
    assert len(outcome.result["unexpected_list"]) == engine.SAMPLES


def test_an_empty_table_has_nothing_unexpected() -> None:
    regex, unique = on_duckdb(FRAME.head(0), EXPECTATIONS["regex"], EXPECTATIONS["unique"])
    assert regex.success
    assert unique.success
    assert regex.result["unexpected_count"] == 0


def test_a_query_for_broken_rows_counts_and_shows_them() -> None:
    query = gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT key FROM {batch} WHERE number > 9")
    (outcome,) = on_duckdb(FRAME, query)
    assert not outcome.success
    assert outcome.result["observed_value"] == 2
    assert outcome.result["details"]["unexpected_rows"] == [{"key": "b"}, {"key": "c"}]


def test_values_are_not_shown_where_they_are_identifiers() -> None:
    query = gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT code FROM {batch} WHERE number > 9")
    outcomes = on_duckdb(FRAME, EXPECTATIONS["in set"], EXPECTATIONS["unique"], query, samples=False)
    assert [outcome.success for outcome in outcomes] == [False, False, False]
    assert not any("it's" in str(outcome.result) or "'c'" in str(outcome.result) for outcome in outcomes)
