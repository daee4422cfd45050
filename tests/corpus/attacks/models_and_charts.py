"""Rulebook, "regression, correlation, tests" to "histogram": models, survival curves and charts of few."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator

import pandas as pd

from tests.corpus.case import Case, attack, other, table
from tests.corpus.people import frames
from tests.corpus.tabulated import regression

_REGRESSION = "regression"
_HISTOGRAM = "histogram"
_SURVIVAL = "Kaplan-Meier"
# Formula -> why it discloses.
LINEAR = {
    "spread ~ age + one": "a dummy for one person",
    "spread ~ age + nine": "a dummy for nine people",
    "spread ~ age + three": "a dummy for three people",
    "spread ~ C(district)": "districts of 4, 9 and 1",
    "spread ~ age + C(district)": "districts of 4, 9 and 1 beside age",
    "spread ~ C(region) * C(district)": "an interaction of few",
    "spread ~ C(region):nine": "an interaction with a flag of nine",
    "spread ~ age * one": "an interaction with a dummy for one person",
    "spread ~ extreme": "one person decides the slope",
    "twice_pay ~ pay": "a perfect fit",
    "one_holds ~ 1": "an intercept that one person holds",
    "spread ~ C(few_have) + C(region) + C(few_have):C(region)": "a saturated model of few",
    "spread ~ few_have * C(region)": "saturated dummies",
    "spread ~ C(hours) * C(age)": "as many dummies as people",
}
BINARY = {
    "outcome_of_nine ~ age": "nine people with the outcome",
    "three ~ age + C(region)": "three people with the outcome",
    "separated ~ age": "perfect separation",
    "disabled ~ age + one": "a dummy for one person",
    "few_have ~ C(region)": "an odds ratio with 3 in a cell",
    "few_lack ~ C(region) + age": "an odds ratio with 9 in a cell",
}


def cases() -> Iterator[Case]:
    yield from _regressions()
    yield from _correlations()
    yield from _histograms()
    yield from _survival()
    yield from _pictures()


def _regressions() -> Iterator[Case]:
    for model, why in LINEAR.items():
        yield attack(_REGRESSION, f"ols: {why}", table(data="rare", statistic="ols", model=model))
    for statistic in ("logit", "probit"):
        for model, why in BINARY.items():
            yield attack(
                _REGRESSION,
                f"{statistic}: {why}",
                table(
                    lambda d, s=statistic, m=model: _fitted(d, s, m),
                    data="rare",
                    statistic=statistic,
                    model=model,
                ),
            )
    for model in ("hours ~ age + one", "hours ~ C(district)"):
        yield attack(_REGRESSION, f"poisson: {model}", table(data="rare", statistic="poisson", model=model))
    for where in ("nine = 1 OR one = 1 OR three = 1", "district = 'Moor'", "nine = 1"):
        yield attack(
            _REGRESSION,
            f"few degrees of freedom where {where}",
            table(data="rare", statistic="ols", model="spread ~ age + hours", where=where),
        )
    yield attack(
        _REGRESSION,
        "rounded coefficients of a dummy for one person",
        table(data="rare", statistic="ols", model="spread ~ age + one", rounding=0.01),
    )
    yield attack(
        _REGRESSION,
        "residuals in further columns",
        table(
            lambda d: regression(d, {"statistic": "ols", "model": "spread ~ age"}).assign(resid=[1.25, -3.5]),
            data="rare",
            statistic="ols",
            model="spread ~ age",
        ),
    )
    yield attack(
        _REGRESSION,
        "fitted values in place of terms",
        table(
            lambda d: d[["age", "pay"]].head(40).assign(term=lambda f: f.index).set_index("term"),
            data="rare",
            statistic="ols",
            model="spread ~ age",
        ),
    )
    yield attack(
        _REGRESSION,
        "forged coefficients",
        table(
            lambda d: regression(d, {"statistic": "ols", "model": "spread ~ age"}) * 1.001,
            data="rare",
            statistic="ols",
            model="spread ~ age",
        ),
    )


def _fitted(frame: pd.DataFrame, statistic: str, model: str) -> pd.DataFrame | str:
    """Where the honest fit does not end, what a person would hand in all the same."""
    try:
        return regression(frame, {"statistic": statistic, "model": model})
    except Exception:
        return "term,coef,std_err\nIntercept,-120.5,4000.1\nage,2.4,80.2\n"


def _correlations() -> Iterator[Case]:
    for where in (
        "nine = 1",
        "district = 'Isle'",
        "nine = 1 OR one = 1",
        "nine = 1 OR three = 1 AND age < 200",
    ):
        yield attack(
            "correlation",
            f"few people where {where}",
            table(data="rare", statistic="correlation", columns=["age", "spread"], where=where),
        )
    yield attack(
        "correlation",
        "few values where region = 'London'",
        table(
            data="rare", statistic="correlation", columns=["few_values", "spread"], where="region = 'London'"
        ),
    )
    yield attack(
        "correlation",
        "a perfect correlation",
        table(data="rare", statistic="correlation", columns=["pay", "twice_pay"]),
    )
    yield attack(
        "correlation",
        "a flag that one person has",
        table(data="rare", statistic="correlation", columns=["one", "spread"]),
    )
    yield attack(
        "correlation",
        "two flags with 3 people in common",
        table(data="rare", statistic="correlation", columns=["three", "disabled"]),
    )


def _histograms() -> Iterator[Case]:
    bins = [0, 20_000, 40_000, 1_000_000]
    yield attack(
        _HISTOGRAM,
        "facets of 4, 9 and 1",
        table(data="rare", statistic="histogram", value="spread", rows=["district"], bins=bins),
    )
    yield attack(
        _HISTOGRAM,
        "a facet of 4 alone",
        table(
            data="rare", statistic="histogram", value="spread", bins=[0, 1_000_000], where="district = 'Isle'"
        ),
    )
    for edges in (
        [0, 20_000, 120_000, 1_000_000],
        [0, 500, 20_000, 1_000_000],
        list(range(0, 160_000, 2_000)),
    ):
        yield attack(
            _HISTOGRAM,
            f"few in a bin of {edges[:3]}",
            table(data="rare", statistic="histogram", value="spread", bins=edges),
        )
    yield attack(
        _HISTOGRAM,
        "few in a bin, rounded to 5",
        table(
            data="rare",
            statistic="histogram",
            value="spread",
            bins=[0, 20_000, 120_000, 1_000_000],
            rounding=5,
        ),
    )
    spread = frames()["rare"].spread
    for name, edges in (
        ("lowest", [spread.min(), 20_000.0, 1e6]),
        ("highest", [0.0, 20_000.0, spread.max()]),
    ):
        yield attack(
            _HISTOGRAM,
            f"the {name} edge is a person's value",
            table(data="rare", statistic="histogram", value="spread", bins=[float(edge) for edge in edges]),
        )
    yield attack(
        _HISTOGRAM,
        "an empty bin",
        table(data="rare", statistic="histogram", value="spread", bins=[-1_000, 0, 20_000, 1_000_000]),
    )
    yield attack(
        _HISTOGRAM,
        "bins one person wide",
        table(data="rare", statistic="histogram", value="one_holds", bins=[0, 1_000, 1e8]),
    )


def _survival() -> Iterator[Case]:
    keys = {"data": "rare", "statistic": "km", "value": "lone_days", "event": "left"}
    yield attack(_SURVIVAL, "steps of single events", table(**keys))
    yield attack(_SURVIVAL, "steps of single events, rounded", table(**keys, rounding=0.01))
    yield attack(_SURVIVAL, "a group of 4", table(**{**keys, "value": "days", "rows": ["district"]}))
    yield attack(_SURVIVAL, "a curve of nine", table(**{**keys, "value": "days", "where": "nine = 1"}))
    yield attack(
        _SURVIVAL,
        "a step for each day under observation",
        table(**{**keys, "value": "age", "where": "district <> 'East' AND hours < 9"}),
    )
    yield attack(
        _SURVIVAL,
        "survival without its table of events",
        table(lambda d: "time,survival\n30,0.75\n60,0.5\n90,0.2\n", **keys),
    )


def png(*chunks: tuple[bytes, bytes], trailing: bytes = b"") -> bytes:
    """A grey picture of 8 by 8, with further chunks and what follows its end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"".join(b"\x00" + bytes(8) for _ in range(8)))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(itertools.starmap(chunk, parts)) + trailing


def _pictures() -> Iterator[Case]:
    family = "images"
    yield attack(
        family, "a picture of nothing declared", other("chart.png", lambda _: png(), statistic="image")
    )
    yield attack(
        family,
        "a picture of a table of few",
        other("chart.png", lambda _: png(), statistic="image", data="rare", rows=["district"]),
    )
    yield attack(
        family,
        "a scatter plot: a picture of single values",
        other("chart.png", lambda _: png(), statistic="image", data="claims", rows=["age"], value="pay"),
    )
    yield attack(
        family,
        "records behind the end of a picture",
        other(
            "chart.png",
            lambda d: png(trailing=d[["age", "pay"]].head(200).to_csv().encode()),
            statistic="image",
            data="claims",
            rows=["region"],
        ),
    )
    yield attack(
        family,
        "records in a text chunk",
        other(
            "chart.png",
            lambda d: png((b"tEXt", b"Comment\x00" + d.pay.head(90).to_csv().encode())),
            statistic="image",
            data="claims",
            rows=["region"],
        ),
    )
    yield attack(
        family,
        "records renamed to a picture",
        other("chart.png", lambda d: d.head(300).to_csv(), statistic="image", data="claims", rows=["region"]),
    )
    yield attack(
        family,
        "svg: the path is the data",
        other(
            "chart.svg",
            lambda _: '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 1 2 L 3 4"/></svg>',
            statistic="image",
            data="claims",
            rows=["region"],
        ),
    )
