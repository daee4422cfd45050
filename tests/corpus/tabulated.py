"""The honest researcher: a table with pandas alone, from the words of its declaration."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd

Keys = Mapping[str, Any]
Figure = Callable[[pd.DataFrame], float]


def tabulated(frame: pd.DataFrame, keys: Keys) -> pd.DataFrame | pd.Series | str:
    """The file that a declaration describes, wide where it has columns."""
    chosen = where(frame, keys.get("where"))
    statistic = keys["statistic"]
    if statistic == "histogram":
        return histogram(chosen, keys)
    if statistic == "correlation":
        return rounded(chosen[list(keys["columns"])].corr(), keys)
    if statistic in {"ols", "logit", "probit", "poisson"}:
        return regression(chosen, keys)
    if statistic == "km":
        return survival(chosen, keys).to_csv(index=False)
    if "normalize" in keys:
        return rounded(_shares(chosen, keys), keys)
    rows, columns = list(keys.get("rows", ())), list(keys.get("columns", ()))
    figure = _figure(keys)
    if not rows and not columns:
        return f"{statistic}\n{float(rounded(pd.Series([figure(chosen)]), keys).iloc[0])!r}\n"
    cells = grouped(chosen, rows + columns, figure).rename(statistic)
    table = cells.unstack(columns) if columns and rows else cells
    return rounded(table.to_frame(statistic).T if columns and not rows else table, keys)


def where(frame: pd.DataFrame, text: str | None) -> pd.DataFrame:
    """The rows that a declared expression chooses."""
    return frame if text is None else duckdb.sql(f"SELECT * FROM frame WHERE {text}").df()


def grouped(frame: pd.DataFrame, by: Sequence[str], figure: Figure) -> pd.Series:
    """A figure for each combination of categories that somebody has."""
    found = {key: figure(part) for key, part in frame.groupby(list(by), observed=True)}
    index = (
        pd.MultiIndex.from_tuples(found, names=by)
        if len(by) > 1
        else pd.Index([k[0] for k in found], name=by[0])
    )
    return pd.Series(list(found.values()), index=index)


def with_margins(frame: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """A table of one row and one column dimension with its `All`, whatever the statistic."""
    chosen, figure = where(frame, keys.get("where")), _figure(keys)
    (row,), (column,) = keys["rows"], keys["columns"]
    table = grouped(chosen, [row, column], figure).unstack(column)
    table["All"] = grouped(chosen, [row], figure)
    table.loc["All"] = [*grouped(chosen, [column], figure), figure(chosen)]
    return rounded(table, keys)


def withheld(
    frame: pd.DataFrame, keys: Keys, under: int = 10, mark: str = "", **more: Sequence[str]
) -> pd.DataFrame:
    """The table with its small cells, and those that `more` names by row, suppressed."""
    table = with_margins(frame, keys)
    people = with_margins(frame, {**keys, "statistic": "count"})
    hidden = people.isna() | (people < under)
    for row, columns in more.items():
        hidden.loc[row, list(columns)] = True
    text = table.map(lambda value: f"{value:.0f}" if keys["statistic"] == "count" else repr(value))
    return text.mask(hidden, mark)


def rounded(table: Any, keys: Keys) -> Any:
    """Rounded to the declared base, as a person rounds."""
    base = keys.get("rounding")
    if base is None:
        return table
    decimals = -np.log10(base)
    return (
        table.round(int(decimals))
        if decimals > 0 and decimals.is_integer()
        else (table / base).round() * base
    )


def _figure(keys: Keys) -> Figure:
    of = _WEIGHTED if "weight" in keys else _PLAIN
    return lambda part: of[keys["statistic"]](part, keys)


_PLAIN: dict[str, Callable[[pd.DataFrame, Keys], float]] = {
    "count": lambda part, keys: len(part),
    "sum": lambda part, keys: part[keys["value"]].sum(),
    "mean": lambda part, keys: part[keys["value"]].mean(),
    "proportion": lambda part, keys: part[keys["value"]].mean(),
    "ratio": lambda part, keys: part[keys["value"]].sum() / part[keys["denominator"]].sum(),
    "median": lambda part, keys: part[keys["value"]].median(),
    "percentile": lambda part, keys: part[keys["value"]].quantile(keys["percentile"] / 100),
    "std": lambda part, keys: part[keys["value"]].std(),
    "min": lambda part, keys: part[keys["value"]].min(),
    "max": lambda part, keys: part[keys["value"]].max(),
    "mode": lambda part, keys: part[keys["value"]].mode().iloc[0],
    "gini": lambda part, keys: _gini(part[keys["value"]].dropna().to_numpy(dtype=float)),
}
_WEIGHTED: dict[str, Callable[[pd.DataFrame, Keys], float]] = {
    "count": lambda part, keys: part[keys["weight"]].sum(),
    "sum": lambda part, keys: (part[keys["value"]] * part[keys["weight"]]).sum(),
    "mean": lambda part, keys: _weighted_mean(part.dropna(subset=[keys["value"]]), keys),
}


def _weighted_mean(part: pd.DataFrame, keys: Keys) -> float:
    return float(np.average(part[keys["value"]], weights=part[keys["weight"]]))


def _gini(values: np.ndarray) -> float:
    values = np.sort(values)
    places = 2 * np.arange(1, values.size + 1) - values.size - 1
    return float((places * values).sum() / (values.size * values.sum()))


def _shares(frame: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    rows, columns = ([frame[name] for name in keys[side]] for side in ("rows", "columns"))
    return pd.crosstab(rows, columns, normalize=keys["normalize"])


def histogram(frame: pd.DataFrame, keys: Keys) -> str:
    """`[facet,]left,right,count`, counted by numpy."""
    facets, edges = list(keys.get("rows", ())), list(keys["bins"])
    parts = frame.groupby(facets, observed=True) if facets else [((), frame)]
    lines = [",".join([*facets, "left", "right", "count"])]
    for key, part in parts:
        counts, _ = np.histogram(part[keys["value"]].dropna(), bins=edges)
        for (left, right), count in zip(itertools.pairwise(edges), counts, strict=True):
            lines.append(
                ",".join(map(str, [*key, left, right, int(rounded(pd.Series([count]), keys).iloc[0])]))
            )
    return "\n".join(lines) + "\n"


def regression(frame: pd.DataFrame, keys: Keys, *columns: str) -> pd.DataFrame:
    """`term,coef,std_err` of statsmodels, and further columns of it."""
    import statsmodels.formula.api as smf

    log = np.log  # noqa: F841 - formulas name it
    outcome = keys["model"].partition("~")[0].strip()
    if outcome in frame and frame[outcome].dtype == bool:
        frame = frame.astype({outcome: int})  # statsmodels takes no other
    model = getattr(smf, keys["statistic"])(keys["model"], frame)
    fit = model.fit() if keys["statistic"] == "ols" else model.fit(disp=0, maxiter=100)
    known = {
        "t": fit.tvalues,
        "z": fit.tvalues,
        "p": fit.pvalues,
        "ci_low": fit.conf_int()[0],
        "ci_high": fit.conf_int()[1],
    }
    parts = {"coef": fit.params, "std_err": fit.bse, **{name: known[name] for name in columns}}
    return rounded(pd.DataFrame(parts).rename_axis("term"), keys)


def survival(frame: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """`[facet,]time,at_risk,events,censored,survival` of Kaplan and Meier, one row per distinct time."""
    if facets := list(keys.get("rows", ())):
        parts = frame.groupby(facets, observed=True)
        found = {key: survival(part, {**keys, "rows": []}) for key, part in parts}
        return pd.concat(found, names=facets).reset_index(level=facets).reset_index(drop=True)
    event = frame[keys["event"]].astype(int)
    steps = event.groupby(frame[keys["value"]]).agg(["sum", "size"])
    at_risk = len(frame) - steps["size"].cumsum().shift(fill_value=0)
    lived = (1 - steps["sum"] / at_risk).cumprod()
    table = pd.DataFrame(
        {"at_risk": at_risk, "events": steps["sum"], "censored": steps["size"] - steps["sum"]}
    )
    table["survival"] = rounded(lived, keys)
    return table.rename_axis("time").reset_index()
