"""Statistics that are, or nearly are, the value of one person: their SQL, and who stands around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Columns of `side`, for cells without a value as well.
AROUND = "figure, " + ", ".join(
    f"coalesce({name}, {nothing}) AS {name}"
    for name, nothing in (("below", "0"), ("above", "0"), ("sharing", "0"), ("stepped", "FALSE"))
)
_SLACK = "1e-9 * abs(figure)"
_CLOSE = "1e-9 * abs(v) + 1e-12"
_VALUES = "FROM source WHERE v IS NOT NULL"
_STEPS = tuple(10.0**power for power in range(-4, 7))


@dataclass(frozen=True)
class SingleValue:
    """quantile: 0 to 1, of a median or percentile. rounding: the declared base."""

    statistic: str
    quantile: float = 0.5
    rounding: float | None = None


def single_value_sql(asked: SingleValue, names: str, alone: bool) -> dict[str, str]:
    """Return the parts of a query that lead from `source` (cells, u, v) to `side`, one row per cell.

    names: the cell's columns. alone: every person has one row.
    """
    people = "count(u)" if alone else "count(DISTINCT u)"
    shown = f"round_even(figure / {asked.rounding!r}, 0) * {asked.rounding!r}" if asked.rounding else "figure"
    return _FIGURES[asked.statistic](asked, names) | {
        "side": (
            f"SELECT {names}, any_value(figure) AS figure,"  # noqa: S608 - names are d0, d1 …
            f" {people} FILTER (v <= figure + {_SLACK}) AS below,"
            f" {people} FILTER (v >= figure - {_SLACK}) AS above,"
            f" {people} FILTER (abs(v - {shown}) <= {_CLOSE}) AS sharing,"
            f" {_stepped(asked.rounding)} AS stepped"
            f" FROM source JOIN figure USING ({names}) WHERE v IS NOT NULL GROUP BY {names}"
        )
    }


def _quantile(asked: SingleValue, names: str) -> dict[str, str]:
    return _simple(f"quantile_cont(v, {asked.quantile!r})", names)


def _simple(figure: str, names: str) -> dict[str, str]:
    return {"figure": f"SELECT {names}, {figure} AS figure {_VALUES} GROUP BY {names}"}


def _deviation(_: SingleValue, names: str) -> dict[str, str]:
    """Two passes, as pandas: one pass loses the digits of a small deviation around a large mean."""
    return {
        "centre": f"SELECT {names}, favg(v) AS mean {_VALUES} GROUP BY {names}",
        "figure": (
            f"SELECT {names}, sqrt(fsum((v - mean) * (v - mean)) / nullif(count(*) - 1, 0)) AS figure"  # noqa: S608
            f" FROM source JOIN centre USING ({names}) WHERE v IS NOT NULL GROUP BY {names}"
        ),
    }


def _mode(_: SingleValue, names: str) -> dict[str, str]:
    """The most frequent value, of several the smallest, as pandas."""
    return {
        "frequency": f"SELECT {names}, v, count(*) AS n {_VALUES} GROUP BY {names}, v",
        "figure": (
            f"SELECT {names}, first(v ORDER BY n DESC, v) AS figure FROM frequency"  # noqa: S608
            f" GROUP BY {names}"
        ),
    }


def _gini(_: SingleValue, names: str) -> dict[str, str]:
    """Sum of (2i - n - 1) x_i over n times the sum, x rising (submission contract)."""
    return {
        "ranked": (
            f"SELECT {names}, v, row_number() OVER (PARTITION BY {names} ORDER BY v) AS i,"
            f" count(*) OVER (PARTITION BY {names}) AS n {_VALUES}"
        ),
        "figure": (
            f"SELECT {names}, fsum((2 * i - n - 1) * v) / nullif(any_value(n) * fsum(v), 0) AS figure"  # noqa: S608
            f" FROM ranked GROUP BY {names}"
        ),
    }


_FIGURES: dict[str, Callable[[SingleValue, str], dict[str, str]]] = {
    "median": _quantile,
    "percentile": _quantile,
    "std": _deviation,
    "min": lambda _, names: _simple("min(v)", names),
    "max": lambda _, names: _simple("max(v)", names),
    "mode": _mode,
    "gini": _gini,
}

SINGLE_VALUES = frozenset(_FIGURES)


def _stepped(rounding: float | None) -> str:
    """Whether all values are multiples of a power of ten above half the base: then it rounds nothing."""
    step = next((step for step in _STEPS if rounding is not None and step > rounding / 2), None)
    if step is None:
        return "FALSE"
    steps = f"v / {step!r}"
    return f"bool_and(abs({steps} - round_even({steps}, 0)) <= 1e-9 + 1e-14 * abs({steps}))"
