"""Great Expectations on DuckDB: a native execution engine.

Great Expectations' SQL engine fails on DuckDB (its cursor is read after its connection was returned,
issues 10738 and 11579) and its pandas engine needs the table in memory. This engine answers the metrics
that expectations ask for with SQL on a view: all counts of a suite in one pass over the file, so a suite
gives the same answer at any size. Expectations, suites and results stay Great Expectations' own.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import duckdb
from great_expectations.core.batch import BatchData, BatchMarkers
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.registry import register_metric

from linkage.tables import literal, name

SAMPLES = 20
BATCH = "batch"

_COUNT, _VALUES = ".unexpected_count", ".unexpected_values"
_UNUSED = (".unexpected_index_list", ".unexpected_index_query")
_MAPS: Mapping[str, tuple[str, ...]] = {
    "column_values.nonnull": (),
    "column_values.null": (),
    "column_values.unique": (),
    "column_values.in_set": ("value_set",),
    "column_values.match_regex": ("regex",),
    "column_values.between": ("min_value", "max_value", "strict_min", "strict_max"),
}
_ROWS, _TABLE = "unexpected_rows_query.row_count", "unexpected_rows_query.table"


class DuckDBExecutionEngine(ExecutionEngine[str]):
    """Answers metrics about the view `batch` of a DuckDB connection.

    `samples` says whether unexpected values may be shown: not those of identifiers.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, samples: bool) -> None:
        super().__init__()
        self.connection = connection
        self.samples = samples

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[Any],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """Answer metrics: every count that is an aggregate of the view in one query, then the rest."""
        wanted = list(metrics_to_resolve)
        counts = self._one_pass({sql for each in wanted if (sql := _aggregate(each)) is not None})
        return {
            each.id: counts[sql] if (sql := _aggregate(each)) is not None else self._single(each, counts)
            for each in wanted
        }

    def _one_pass(self, aggregates: set[str]) -> dict[str, int]:
        """The value of each aggregate over the view, by its SQL."""
        if not aggregates:
            return {}
        row = self._rows(f"SELECT {', '.join(aggregates)} FROM {BATCH}")[0]  # noqa: S608
        return dict(zip(aggregates, row, strict=True))

    def _single(self, metric: Any, counts: Mapping[str, int]) -> Any:
        map_name, _, suffix = metric.metric_name.rpartition(".")
        if metric.metric_name == _ROWS:
            return self._count(_query(metric))
        if metric.metric_name == _TABLE:
            return self._samples(_query(metric))
        if map_name == "column_values.unique":
            repeated = _repeated(name(metric.metric_domain_kwargs["column"]))
            if "." + suffix == _COUNT:
                return self._count(repeated, "coalesce(sum(times), 0)")
            return [row["value"] for row in self._samples(repeated)] if "." + suffix == _VALUES else None
        if "." + suffix == _VALUES:
            return self._unexpected_values(metric, counts)
        return None

    def _unexpected_values(self, metric: Any, counts: Mapping[str, int]) -> list[Any]:
        condition = _condition(metric)
        shows_nothing = metric.metric_name.startswith("column_values.nonnull")
        if shows_nothing or counts.get(f"count({condition} OR NULL)") == 0:
            return []
        column = name(metric.metric_domain_kwargs["column"])
        rows = self._samples(f"SELECT {column} AS value FROM {BATCH} WHERE {condition}")  # noqa: S608
        return [row["value"] for row in rows]

    def _samples(self, query: str) -> list[dict[str, Any]]:
        """A few of the rows a query finds, where they may be shown."""
        if not self.samples:
            return []
        result = self.connection.execute(f"SELECT * FROM ({query}) LIMIT {SAMPLES}")  # noqa: S608
        names = [description[0] for description in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _count(self, query: str, aggregate: str = "count(*)") -> int:
        return int(self._rows(f"SELECT {aggregate} FROM ({query})")[0][0])  # noqa: S608

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def get_batch_data_and_markers(self, batch_spec: Any) -> tuple[BatchData, BatchMarkers]:
        """The view itself; there is only the one."""
        return BatchData(self), BatchMarkers({"ge_load_time": ""})

    def get_domain_records(self, domain_kwargs: dict[str, Any]) -> Any:
        """Row conditions are written into the rules' queries instead."""
        raise NotImplementedError("row conditions are not used")

    def get_compute_domain(
        self, domain_kwargs: dict[str, Any], domain_type: Any, accessor_keys: Any = None
    ) -> Any:
        """Metrics are answered by resolve_metrics alone."""
        raise NotImplementedError("metrics are answered by resolve_metrics")

    def _comparison_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError("row conditions are not used")

    _nullity_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _and_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _or_condition_to_filter_clause = _comparison_condition_to_filter_clause


class DuckDBMetric(MetricProvider):
    """What the registry asks of a metric: nothing has to be computed before it."""

    domain_keys = ("batch_id", "table", "column", "row_condition", "condition_parser")

    @classmethod
    def _get_evaluation_dependencies(cls, *_: Any, **__: Any) -> dict[str, Any]:
        return {}


def _aggregate(metric: Any) -> str | None:
    """The metric as an aggregate over the view, None where it is not one."""
    if metric.metric_name == "table.row_count":
        return "count(*)"
    if metric.metric_name.endswith(_COUNT) and (condition := _condition(metric)) is not None:
        return f"count({condition} OR NULL)"
    return None


def _condition(metric: Any) -> str | None:
    """What makes a value unexpected, as SQL; missing values are expected except of `nonnull`."""
    map_name = metric.metric_name.rpartition(".")[0]
    test = _CONDITIONS.get(map_name)
    if test is None:
        return None
    return test(name(metric.metric_domain_kwargs["column"]), metric.metric_value_kwargs)


def _value(value: str | int | float | date) -> str:
    """A value of an expectation, as SQL."""
    return repr(value) if isinstance(value, int | float) else literal(str(value))


def _outside(column: str, kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    sides = [f"{column} < {_value(low)}"] if low is not None else []
    sides += [f"{column} > {_value(high)}"] if high is not None else []
    return f"({' OR '.join(sides)})"


def _not_in_set(column: str, kwargs: Mapping[str, Any]) -> str:
    return f"({column} NOT IN ({', '.join(map(_value, kwargs['value_set']))}))"


_CONDITIONS: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "column_values.nonnull": lambda column, _: f"({column} IS NULL)",
    "column_values.null": lambda column, _: f"({column} IS NOT NULL)",
    "column_values.in_set": _not_in_set,
    "column_values.match_regex": lambda column, kw: f"(NOT regexp_matches({column}, {literal(kw['regex'])}))",
    "column_values.between": _outside,
}


def _query(metric: Any) -> str:
    return str(metric.metric_value_kwargs["unexpected_rows_query"]).format(batch=BATCH)


def _repeated(column: str) -> str:
    return (
        f"SELECT {column} AS value, count(*) AS times FROM {BATCH} "  # noqa: S608
        f"WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1"
    )


def register() -> None:
    """Tell Great Expectations' registry which metrics this engine answers."""
    names: dict[str, tuple[str, ...]] = {"table.row_count": ()}
    names |= dict.fromkeys((_ROWS, _TABLE), ("unexpected_rows_query",))
    for base, keys in _MAPS.items():
        names |= dict.fromkeys((base + suffix for suffix in (_COUNT, _VALUES, *_UNUSED)), keys)
    log = logging.getLogger("great_expectations.expectations.registry")
    level = log.level
    log.setLevel(logging.ERROR)  # it warns of keys that it does not have for its own engines
    for metric, keys in names.items():
        register_metric(
            metric_name=metric,
            metric_domain_keys=DuckDBMetric.domain_keys,
            metric_value_keys=keys,
            execution_engine=DuckDBExecutionEngine,
            metric_class=DuckDBMetric,
            metric_provider=None,
        )
    log.setLevel(level)
