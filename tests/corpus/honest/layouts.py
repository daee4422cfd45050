"""One table written in the many ways of pandas and of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.corpus.case import FAMILY_OF, Case, Make, safe, table

COUNTS: dict[str, tuple[Make, dict[str, Any]]] = {
    "crosstab": (lambda d: pd.crosstab(d.region, d.sex), {"rows": ["region"], "columns": ["sex"]}),
    "crosstab with margins": (
        lambda d: pd.crosstab(d.region, d.sex, margins=True),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "margins called Total": (
        lambda d: pd.crosstab(d.region, d.sex, margins=True, margins_name="Total"),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "crosstab without dropna": (
        lambda d: pd.crosstab(d.region, d.sex, dropna=False),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "two levels of rows": (
        lambda d: pd.crosstab([d.region, d.sex], d.band, margins=True),
        {"rows": ["region", "sex"], "columns": ["band"]},
    ),
    "two levels of columns": (
        lambda d: pd.crosstab(d.region, [d.sex, d.employed], margins=True),
        {"rows": ["region"], "columns": ["sex", "employed"]},
    ),
    "two by two levels": (
        lambda d: pd.crosstab([d.region, d.sex], [d.year, d.disabled]),
        {"rows": ["region", "sex"], "columns": ["year", "disabled"]},
    ),
    "names of its own": (
        lambda d: pd.crosstab(d.region, d.sex, rownames=["Region"], colnames=["Sex"]),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "value_counts": (lambda d: d.benefit.value_counts(), {"rows": ["benefit"]}),
    "value_counts of two": (lambda d: d[["region", "sex"]].value_counts(), {"rows": ["region", "sex"]}),
    "size": (lambda d: d.groupby("region").size(), {"rows": ["region"]}),
    "size to frame": (lambda d: d.groupby("region").size().to_frame("people"), {"rows": ["region"]}),
    "size as records": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(name="n").to_csv(index=False),
        {"rows": ["region", "sex"]},
    ),
    "size with a default index": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(name="n"),
        {"rows": ["region", "sex"]},
    ),
    "as_index false": (
        lambda d: d.groupby(["region", "sex"], as_index=False).size(),
        {"rows": ["region", "sex"]},
    ),
    "long where rows and columns are declared": (
        lambda d: d.groupby(["region", "sex"]).size(),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "wide from unstack": (
        lambda d: d.groupby(["region", "sex"]).size().unstack(),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "stacked again": (lambda d: pd.crosstab(d.region, d.sex).stack(), {"rows": ["region", "sex"]}),
    "reset_index of a wide table": (
        lambda d: pd.crosstab(d.region, d.sex).reset_index().to_csv(index=False),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "reset_index of a wide table, with its index": (
        lambda d: pd.crosstab(d.region, d.sex).reset_index(),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "person_id counted": (lambda d: d.groupby("region").person_id.count(), {"rows": ["region"]}),
    "person_id nunique": (
        lambda d: d.groupby("region").agg(people=("person_id", "nunique")),
        {"rows": ["region"]},
    ),
    "pivot_table of counts": (
        lambda d: d.pivot_table(
            index="region", columns="sex", values="person_id", aggfunc="count", margins=True
        ),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "pivot_table of size": (
        lambda d: d.pivot_table(index="region", columns="sex", aggfunc="size"),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "as floats": (
        lambda d: pd.crosstab(d.region, d.sex).astype(float),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "float_format": (
        lambda d: pd.crosstab(d.region, d.sex).astype(float).to_csv(float_format="%.1f"),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "everything quoted": (
        lambda d: pd.crosstab(d.area, d.sex).to_csv(quoting=1),
        {"rows": ["area"], "columns": ["sex"]},
    ),
    "windows line ends": (
        lambda d: pd.crosstab(d.region, d.sex).to_csv(lineterminator="\r\n"),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "a byte order mark": (
        lambda d: pd.crosstab(d.area, d.sex).to_csv().encode("utf-8-sig"),
        {"rows": ["area"], "columns": ["sex"]},
    ),
    "sorted by size": (
        lambda d: pd.crosstab(d.region, d.sex).sort_values("F"),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "some categories only": (
        lambda d: pd.crosstab(d.region, d.sex).loc[["Wales", "London"]],
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "transposed": (lambda d: pd.crosstab(d.region, d.sex).T, {"rows": ["sex"], "columns": ["region"]}),
    "a category of pandas": (
        lambda d: d.groupby("band_category", observed=False).size(),
        {"rows": ["band_category"]},
    ),
    "years across": (lambda d: pd.crosstab(d.region, d.year), {"rows": ["region"], "columns": ["year"]}),
    "years as floats": (
        lambda d: d.assign(year=d.year.astype(float)).groupby("year").size(),
        {"rows": ["year"]},
    ),
    "grades without the missing": (lambda d: d.groupby("grade").size(), {"rows": ["grade"]}),
    "grades as whole numbers": (
        lambda d: d.dropna(subset="grade").astype({"grade": int}).groupby("grade").size(),
        {"rows": ["grade"]},
    ),
    "dates as days": (
        lambda d: d.assign(quarter=d.quarter.dt.strftime("%Y-%m-%d")).groupby("quarter").size(),
        {"rows": ["quarter"]},
    ),
    "times": (lambda d: d.groupby("seen").size(), {"rows": ["seen"]}),
    "booleans across": (
        lambda d: pd.crosstab(d.region, d.employed),
        {"rows": ["region"], "columns": ["employed"]},
    ),
}

CELLS = {"rows": ["region"], "columns": ["sex"]}

UNNAMED = {
    "an index without a name": (lambda d: d.region.value_counts().rename_axis(None), {"rows": ["region"]}),
    "axes without names": (
        lambda d: pd.crosstab(d.region, d.sex).rename_axis(None).rename_axis(None, axis=1),
        {"rows": ["region"], "columns": ["sex"]},
    ),
    "a frame made by hand": (
        lambda d: pd.DataFrame({"people": d.groupby("region").size().to_dict()}),
        {"rows": ["region"]},
    ),
    "a name in capitals": (
        lambda d: d.groupby("region").size().rename_axis("REGION"),
        {"rows": ["region"]},
    ),
    "records with names in capitals": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(name="N").rename(columns=str.title),
        {"rows": ["region", "sex"]},
    ),
    "size as records, the figure unnamed": (
        lambda d: d.groupby(["region", "sex"]).size().reset_index(),
        {"rows": ["region", "sex"]},
    ),
    "empty lines at the end": (
        lambda d: d.groupby("region").size().to_csv() + "\n\n",
        {"rows": ["region"]},
    ),
    "one figure in a frame": (lambda d: pd.DataFrame({"count": [len(d)]}), {}),
    "one figure in a frame without index": (
        lambda d: pd.DataFrame({"count": [len(d)]}).to_csv(index=False),
        {},
    ),
    "one figure and its name": (lambda d: f"statistic,value\ncount,{len(d)}\n", {}),
    "three levels of rows with margins": (
        lambda d: pd.crosstab([d.region, d.sex, d.left], d.disabled, margins=True),
        {"rows": ["region", "sex", "left"], "columns": ["disabled"]},
    ),
    "three levels of columns": (
        lambda d: pd.crosstab(d.region, [d.sex, d.left, d.disabled]),
        {"rows": ["region"], "columns": ["sex", "left", "disabled"]},
    ),
    "no rows, two levels of columns": (
        lambda d: d.groupby(["sex", "left"]).size().to_frame("count").T,
        {"columns": ["sex", "left"]},
    ),
    "pivot_table of a list of values and functions": (
        lambda d: d.pivot_table(index="region", columns="sex", values=["pay"], aggfunc=["count"]),
        {"rows": ["region"], "columns": ["sex"], "value": "pay", "where": "pay IS NOT NULL"},
    ),
    "pivot_table of two columns with margins": (
        lambda d: d.pivot_table(
            index="region", columns=["sex", "left"], values="person_id", aggfunc="count", margins=True
        ),
        {"rows": ["region"], "columns": ["sex", "left"]},
    ),
}

PAY = {"statistic": "mean", "value": "pay"}

VALUES: dict[str, tuple[Make, dict[str, Any]]] = {
    "pivot_table": (lambda d: d.pivot_table(values="pay", index="region", columns="sex"), {**PAY, **CELLS}),
    "pivot_table with margins": (
        lambda d: d.pivot_table(values="pay", index="region", columns="sex", margins=True),
        {**PAY, **CELLS},
    ),
    "pivot_table of a list": (
        lambda d: d.pivot_table(values=["pay"], index=["region"], columns=["sex"]),
        {**PAY, **CELLS},
    ),
    "pivot_table with a list of functions": (
        lambda d: d.pivot_table(values="pay", index="region", columns="sex", aggfunc=["mean"]),
        {**PAY, **CELLS},
    ),
    "pivot_table of two indexes": (
        lambda d: d.pivot_table(values="pay", index=["region", "sex"]),
        {**PAY, "rows": ["region", "sex"]},
    ),
    "pivot_table of two indexes and columns, with margins": (
        lambda d: d.pivot_table(values="pay", index=["region", "sex"], columns="year", margins=True),
        {**PAY, "rows": ["region", "sex"], "columns": ["year"]},
    ),
    "pivot_table without an index": (
        lambda d: d.pivot_table(values="pay", columns="sex"),
        {**PAY, "columns": ["sex"]},
    ),
    "crosstab with values": (
        lambda d: pd.crosstab(d.region, d.sex, values=d.pay, aggfunc="mean"),
        {**PAY, **CELLS},
    ),
    "groupby": (lambda d: d.groupby("region").pay.mean(), {**PAY, "rows": ["region"]}),
    "groupby, a frame": (lambda d: d.groupby("region")[["pay"]].mean(), {**PAY, "rows": ["region"]}),
    "groupby, named": (
        lambda d: d.groupby("region").agg(mean_pay=("pay", "mean")),
        {**PAY, "rows": ["region"]},
    ),
    "groupby, a dictionary": (
        lambda d: d.groupby("region").agg({"pay": "mean"}),
        {**PAY, "rows": ["region"]},
    ),
    "groupby, a dictionary of lists": (
        lambda d: d.groupby("region").agg({"pay": ["mean"]}),
        {**PAY, "rows": ["region"]},
    ),
    "groupby, a list": (lambda d: d.groupby("region").pay.agg(["mean"]), {**PAY, "rows": ["region"]}),
    "groupby, reset": (lambda d: d.groupby("region").pay.mean().reset_index(), {**PAY, "rows": ["region"]}),
    "groupby, reset without index": (
        lambda d: d.groupby("region").pay.mean().reset_index().to_csv(index=False),
        {**PAY, "rows": ["region"]},
    ),
    "groupby, unstacked": (lambda d: d.groupby(["region", "sex"]).pay.mean().unstack(), {**PAY, **CELLS}),
    "groupby, a frame unstacked": (
        lambda d: d.groupby(["region", "sex"])[["pay"]].mean().unstack(),
        {**PAY, **CELLS},
    ),
    "float_format and base": (
        lambda d: d.groupby("region").pay.mean().to_csv(float_format="%.2f"),
        {**PAY, "rows": ["region"], "rounding": 0.01},
    ),
    "float_format of six digits": (
        lambda d: d.groupby("region").pay.mean().to_csv(float_format="%.6f"),
        {**PAY, "rows": ["region"], "rounding": 0.000001},
    ),
    "one figure": (lambda d: f"mean\n{float(d.pay.mean())!r}\n", PAY),
    "one figure with its name": (lambda d: d[["pay"]].mean().rename("mean"), PAY),
    "one figure as a series": (lambda d: pd.Series({"pay": d.pay.mean()}), PAY),
    "one figure from agg": (lambda d: d.agg({"pay": "mean"}), PAY),
    "sum with margins": (
        lambda d: d.pivot_table(values="weekly", index="region", columns="sex", aggfunc="sum", margins=True),
        {**CELLS, "statistic": "sum", "value": "weekly"},
    ),
    "median with margins, rounded": (
        lambda d: d.pivot_table(
            values="pay", index="region", columns="sex", aggfunc="median", margins=True
        ).round(-2),
        {**CELLS, "statistic": "median", "value": "pay", "rounding": 100},
    ),
    "std with margins": (
        lambda d: d.pivot_table(values="pay", index="region", columns="sex", aggfunc="std", margins=True),
        {**CELLS, "statistic": "std", "value": "pay"},
    ),
    "weighted mean": (
        lambda d: d.groupby("region")[["weekly", "weight"]].apply(
            lambda g: np.average(g.weekly, weights=g.weight)
        ),
        {"statistic": "mean", "value": "weekly", "weight": "weight", "rows": ["region"]},
    ),
    "weighted count": (
        lambda d: d.groupby("region").weight.sum(),
        {"statistic": "count", "weight": "weight", "rows": ["region"]},
    ),
    "ratio of sums": (
        lambda d: d.groupby("region").weekly.sum() / d.groupby("region").months.sum(),
        {"statistic": "ratio", "value": "weekly", "denominator": "months", "rows": ["region"]},
    ),
    "mean of a flag that nobody has": (
        lambda d: d.groupby("region").never.mean(),
        {"statistic": "mean", "value": "never", "rows": ["region"]},
    ),
    "percentages of a flag": (
        lambda d: (d.groupby("region").disabled.mean()).round(3),
        {"statistic": "proportion", "value": "disabled", "rows": ["region"], "rounding": 0.001},
    ),
    "minimum that many share": (
        lambda d: d.groupby("region").months.min(),
        {"statistic": "min", "value": "months", "rows": ["region"]},
    ),
    "maximum that many share": (
        lambda d: d.groupby("region").months.max(),
        {"statistic": "max", "value": "months", "rows": ["region"]},
    ),
    "numbers as labels across": (
        lambda d: d.pivot_table(values="pay", index="sex_code", columns="year"),
        {**PAY, "rows": ["sex_code"], "columns": ["year"]},
    ),
}


def cases() -> Iterator[Case]:
    yield from _counts()
    yield from _values()


def family(keys: dict[str, Any]) -> str:
    """The family of rules that a table belongs to."""
    statistic = keys["statistic"]
    if statistic in {"sum", "mean", "ratio"}:
        return "percentages" if keys.get("value") in {"disabled", "employed"} else "sums, means, ratios"
    return FAMILY_OF[statistic]


def _counts() -> Iterator[Case]:
    for name, (make, keys) in {**COUNTS, **UNNAMED}.items():
        yield safe("frequencies", f"layout: {name}", table(make, statistic="count", **keys))
    yield safe(
        "frequencies",
        "layout: tab separated",
        table(
            lambda d: pd.crosstab(d.region, d.sex).to_csv(sep="\t"),
            name="table.tsv",
            statistic="count",
            rows=["region"],
            columns=["sex"],
        ),
    )


def _values() -> Iterator[Case]:
    for name, (make, keys) in VALUES.items():
        yield safe(family(dict(keys)), f"layout: {name}", table(make, **keys))
