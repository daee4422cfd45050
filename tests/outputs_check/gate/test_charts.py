"""A picture is drawn from its table, and carries no more than its table."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from outputs_check.gate.charts import limits, words
from outputs_check.gate.charts.choose import chosen
from outputs_check.gate.charts.draw import Drawing, draw
from outputs_check.gate.charts.read import read_shape
from outputs_check.gate.declaration import Output
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Evidence, Verdict

COUNT = {"data": "claims", "statistic": "count", "rows": ["region"]}
REGIONS = "region,count\nNorth,120\nSouth,340\nEast,[c]\n"
NUMBERS = {"year": "number", "age": "number"}


def chart(
    canonical: str, statistic: str = "count", wanted: str | None = None, title: str = "A title", **keys: Any
) -> tuple[str, Drawing]:
    """The kind of chart and the picture of a table's canonical bytes."""
    table = Output("t.csv", "", statistic, **({"rows": ("region",)} | keys))
    shape = read_shape(table, canonical.encode(), NUMBERS)
    kind = chosen(shape, wanted)
    return kind, draw(table, shape, kind, title)


def pixels(picture: bytes | None) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(picture or b"")))


def upload(paint: Callable[[ImageDraw.ImageDraw], None] = lambda _: None, kind: str = "PNG") -> bytes:
    """What a researcher submits."""
    image = Image.new("RGB", (400, 300), "white")
    paint(ImageDraw.Draw(image))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


# What is drawn follows from the table; a declared kind has to mean something for it.

YEARS = "year,count\n2019,20\n2020,30\n2021,25\n"
TWO = "region,F,M\nNorth,20,30\nSouth,25,[c]\n"
MANY = (
    "region,"
    + ",".join(f"c{n}" for n in range(9))
    + "\n"
    + "".join(f"r{n},{','.join('123456789')}\n" for n in range(9))
)
HISTOGRAM = "age,left,right,count\n20,0,10,12\n20,10,20,[c]\n30,0,10,15\n30,10,20,18\n"
SURVIVAL = (
    "region,time,at_risk,events,censored,survival\n"
    "N,10,500,50,0,0.9\nN,20,450,[c],[c],[c]\nS,10,400,40,0,0.9\n"
)
TERMS = "term,coef,std_err\nIntercept,9,0.1\nC(region)[T.North]:age,0.4,0.1\nage,[c],[c]\n"
MATRIX = ",pay,age\npay,1,0.25\nage,[c],1\n"
BY_SEX = {"rows": ("region",), "columns": ("sex",)}


@pytest.mark.parametrize(
    ("canonical", "keys", "wanted", "kind"),
    [
        (REGIONS, {}, None, "bar"),
        (REGIONS, {}, "points", "points"),
        (YEARS, {"rows": ("year",)}, None, "line"),
        (YEARS, {"rows": ("year",)}, "bar", "bar"),
        ("year,count\n2019,20\n2020,30\n", {"rows": ("year",)}, None, "bar"),
        ("region,count\n2020-Q1,20\n2020-Q2,30\n2020-Q3,30\n", {}, None, "line"),
        ("region,count\nJanuary,20\nMarch,30\nFebruary,30\n", {}, None, "line"),
        (TWO, BY_SEX, None, "bar"),
        (TWO, BY_SEX, "heatmap", "heatmap"),
        (MANY, BY_SEX, None, "heatmap"),
        ("region,mean_pay\nN,9.5\nS,-7\n", {"statistic": "mean", "value": "pay"}, None, "bar"),
        ("region,median_pay\nN,90\nS,70\n", {"statistic": "median", "value": "pay"}, None, "bar"),
        (HISTOGRAM, {"statistic": "histogram", "rows": ("age",), "value": "pay"}, None, "bar"),
        (HISTOGRAM, {"statistic": "histogram", "rows": ("age",), "value": "pay"}, "steps", "steps"),
        (SURVIVAL, {"statistic": "km"}, None, "steps"),
        (TERMS, {"statistic": "ols", "rows": ()}, None, "points"),
        (MATRIX, {"statistic": "correlation", "rows": ()}, None, "heatmap"),
    ],
)
def test_every_table_has_its_chart(
    canonical: str, keys: dict[str, Any], wanted: str | None, kind: str
) -> None:
    found, drawing = chart(canonical, **{"wanted": wanted, **keys})
    assert found == kind
    assert drawing.png.startswith(b"\x89PNG")
    assert pixels(drawing.png).std() > 5


@pytest.mark.parametrize(
    ("canonical", "keys", "wanted", "says"),
    [
        (REGIONS, {}, "line", "in some order"),
        (REGIONS, {}, "heatmap", "two dimensions"),
        (REGIONS, {}, "steps", "survival"),
        (TERMS, {"statistic": "ols", "rows": ()}, "bar", "is drawn as points"),
        ("time,at_risk\n10,500\n", {"statistic": "km"}, None, "no survival"),
        (SURVIVAL, {"statistic": "km"}, "line", "is drawn as steps"),
        ("mean_pay\n12\n", {"statistic": "mean", "rows": (), "value": "pay"}, None, "single figure"),
        (
            "region,count\n" + "".join(f"r{n},20\n" for n in range(2_000)),
            {},
            None,
            "2,000 bars, more than 60",
        ),
        (MANY, BY_SEX, "bar", "9 series, more than 8"),
        ("region,sum_pay\nN,1e300\nS,5\n", {"statistic": "sum", "value": "pay"}, None, "beyond 1e+15"),
        (
            TERMS + "".join(f"x{n},1,1\n" for n in range(60)),
            {"statistic": "ols", "rows": ()},
            None,
            "63 terms",
        ),
    ],
)
def test_what_cannot_be_read_is_not_drawn(
    canonical: str, keys: dict[str, Any], wanted: str | None, says: str
) -> None:
    with pytest.raises(Blocked, match=re.escape(says)) as caught:
        chart(canonical, **{"wanted": wanted, **keys})
    assert caught.value.finding.verdict is Verdict.BLOCK
    assert caught.value.finding.remedy


# The pixels are the table's, and nothing else's.


def test_the_same_table_is_the_same_bytes_in_every_process_and_style() -> None:
    _, first = chart(TWO, **BY_SEX)
    with matplotlib.rc_context({"font.family": ["monospace"], "lines.linewidth": 9, "text.usetex": True}):
        assert chart(TWO, **BY_SEX)[1] == first
    code = "; ".join(
        (
            "import hashlib, sys",
            "sys.path[:0] = ['tests/support', 'tests/outputs_check/gate']",
            "from test_charts import BY_SEX, TWO, chart",
            "print(hashlib.sha256(chart(TWO, **BY_SEX)[1].png).hexdigest())",
        )
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(first.png).hexdigest()


def test_there_is_nothing_in_the_file_but_pixels() -> None:
    _, drawing = chart(REGIONS)
    image = Image.open(io.BytesIO(drawing.png))
    assert image.info == {}
    assert b"Matplotlib" not in drawing.png
    assert image.width * image.height < 4_000_000


@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(st.integers(10, 999), min_size=2, max_size=5),
    place=st.integers(0, 4),
    change=st.integers(1, 500),
)
def test_pixels_change_if_and_only_if_the_table_does(before: list[int], place: int, change: int) -> None:
    after = list(before)
    after[place % len(after)] += change

    def drawn(figures: list[int]) -> bytes:
        return chart("region,count\n" + "".join(f"r{n},{each}\n" for n, each in enumerate(figures)))[1].png

    assert drawn(before) == drawn(list(before))
    assert drawn(before) != drawn(after)


@pytest.mark.parametrize("wanted", ["bar", "points"])
def test_a_suppressed_figure_is_a_visible_gap(wanted: str) -> None:
    shown = pixels(chart("region,count\nA,50\nB,60\nC,55\n", wanted=wanted)[1].png)
    gap = pixels(chart("region,count\nA,50\nB,60\nC,[c]\n", wanted=wanted)[1].png)
    empty = pixels(chart("region,count\nA,50\nB,60\nC,0\n", wanted=wanted)[1].png)
    assert gap.shape[0] > shown.shape[0]  # the foot note
    assert not np.array_equal(gap[: empty.shape[0]], empty)  # suppressed is not zero
    assert "1 suppressed" in chart("region,count\nA,50\nB,60\nC,[c]\n", wanted=wanted)[1].alternative


def test_the_alternative_text_says_what_is_seen() -> None:
    _, drawing = chart("region,mean_pay\nN,1234.5\nS,[c]\nE,900\n", "mean", value="pay")
    assert drawing.alternative == "bar chart of mean pay: 2 figures from 900 to 1,234, 1 suppressed"


def test_margins_are_left_out_of_a_chart_and_several_dimensions_are_joined() -> None:
    _, with_margins = chart("region,F,M,All\nN,10,20,30\nAll,10,20,30\n", **BY_SEX)
    _, without = chart("region,F,M\nN,10,20\n", **BY_SEX)
    assert with_margins.png == without.png
    three = "region,sex,year,count\n" + "".join(
        f"{region},{sex},{year},{year - 2000}\n"
        for region in "NS"
        for sex in "FM"
        for year in (2019, 2020, 2021)
    )
    assert chart(three, rows=("region", "sex", "year"))[0] == "line"


def test_a_label_that_also_stands_as_a_figure_stays_a_label() -> None:
    table = Output("t.csv", "", "count", rows=("year",))
    shape = read_shape(table, b"year,count\n2019,2020.0\n2020,2019.0\n2021,30\n", NUMBERS)
    assert shape.x.labels == ("2019", "2020", "2021")  # type: ignore[union-attr]
    assert [shape.values[place, 0] for place in range(3)] == [2020, 2019, 30]  # type: ignore[union-attr]


# Titles and labels are hostile text.

HOSTILE = [
    "x" * 500, "W" * 300, "Z" + "\u0301\u0316" * 200, "😀🎉", "السكان\u202e evil", "עברית", "中文地区",
    "$\\frac{1}{2}^{99}$", "$\\input{/etc/passwd}", "a\nb\r\tc", "\x00\x1b[31m", "<script>alert(1)</script>",
    "\u200b\u2066\u2069", "'=cmd|' /C calc'!A0", "%s {0} {region}", "_hidden", "",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_words(text: str) -> None:
    line = words.label(text)
    assert len(line) <= limits.MAX_LABEL
    assert line.isprintable()
    assert len(words.title_lines(text)) <= limits.MAX_TITLE_LINES
    cell = '"' + text.replace('"', '""') + '"'
    for wanted, keys in ((None, {}), ("heatmap", BY_SEX)):
        head = f"region,{cell},M\n" if keys else "region,count\n"
        body = f"{cell},12,30\nSouth,14,20\n" if keys else f"{cell},12\nSouth,14\n"
        picture = pixels(chart(head + body, wanted=wanted, title=text, **keys)[1].png)
        assert picture.shape[0] < 2_600
        assert picture.shape[1] < 1_300


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=400), most=st.integers(8, 80))
def test_no_text_is_longer_than_its_place(text: str, most: int) -> None:
    assert len(words.plain(text, most)) <= most


def test_no_category_is_missing_from_the_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = "region,_F,M\nN,12,30\nS,14,20\n"
    named = chart(hidden, **BY_SEX)[1].png
    monkeypatch.setattr(words, "series", words.label)
    assert chart(hidden, **BY_SEX)[1].png != named  # Matplotlib leaves it out


def test_mathematics_is_not_typeset() -> None:
    formula, plain = (chart(REGIONS, title=title)[1].png for title in ("$x^2$", "x2"))
    assert formula != plain
    assert chart(REGIONS, title="$\\frac{broken")[1].png  # no parser looks at it


# Through the gate.


def test_what_is_painted_on_the_upload_does_not_leave(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    table = mainland.groupby("region").size()

    def painted(pen: ImageDraw.ImageDraw) -> None:
        pen.text((20, 20), "Isles: 4 women, 3 men; pay 23451.17", fill="black")
        for x in range(0, 400, 7):
            pen.point((x, 200), fill="red")

    released = []
    for content in (upload(), upload(painted)):
        bench.start()
        bench.declare("t.csv", table, **COUNT)
        bench.declare("chart.png", content, statistic="image", source="t.csv")
        _, drawn = bench.check().outputs
        assert drawn.verdict is Verdict.REVIEW
        assert drawn.evidence is Evidence.A
        released.append(drawn.canonical)
        assert np.array_equal(pixels(drawn.submitted), pixels(content))  # the checker sees what was painted
    assert released[0] == released[1]


def test_a_jpg_is_redrawn_as_png(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT)
    bench.declare("chart.jpg", upload(kind="JPEG"), statistic="image", source="t.csv")
    bench.declare("chart.jpg.png", upload(), statistic="image", source="t.csv")
    _, jpg, clash = bench.check().outputs
    assert (jpg.media_type, (jpg.canonical or b"")[:4]) == ("image/png", b"\x89PNG")
    assert (jpg.submitted or b"").startswith(b"\x89PNG")
    assert rules(clash) == {"declaration.value"}


def test_single_people_are_not_drawn(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    for kind in ("scatter", "strip", "rug", "residuals", "box", "hexbin"):
        bench.declare(f"{kind}.png", upload(), statistic="image", data="claims", rows=["age"], chart=kind)
    bench.declare("pie.png", upload(), statistic="image", data="claims", rows=["age"], chart="pie")
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT | {"chart": "bar"})
    *refused, pie, table = bench.check().outputs
    assert {rule for output in refused for rule in rules(output)} == {"image.points"}
    assert rules(pie) == {"declaration.value"}
    assert rules(table) == {"declaration.key"}


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"rows": ["region"], "value": "pay"}, "bar chart of mean pay"),
        (
            {"rows": ["region"], "columns": ["sex"], "normalize": "index"},
            "bar chart of proportion within region",
        ),
        (
            {"rows": ["sex"], "value": "pay", "percentile": 75, "rounding": 100},
            "bar chart of percentile 75 of pay",
        ),
        ({"rows": ["sex"], "value": "pay", "denominator": "age"}, "bar chart of pay per age"),
        ({"value": "age", "bins": [10, 30, 50, 80]}, "histogram of count: 3 figures"),
        ({"rows": ["sex"], "value": "age", "bins": [10, 30, 50, 80]}, "histogram of count: 6 figures"),
    ],
)
def test_an_image_may_declare_its_own_table(
    bench: Bench, mainland: pd.DataFrame, keys: dict[str, Any], says: str
) -> None:
    bench.register(mainland)
    bench.declare("chart.png", upload(), statistic="image", data="claims", **keys)
    output = bench.only()
    assert output.verdict is Verdict.REVIEW, output.findings
    assert says in output.findings[-1].message
    assert output.canonical is not None


def test_an_image_in_the_words_of_a_table_is_of_that_table(bench: Bench, mainland: pd.DataFrame) -> None:
    shares = pd.crosstab(mainland.region, mainland.sex, normalize="index")
    words = {"data": "claims", "rows": ["region"], "columns": ["sex"]}
    bench.register(mainland)
    bench.declare("t.csv", shares, statistic="proportion", normalize="index", **words)
    bench.declare("same.png", upload(), statistic="image", **words)
    bench.declare("other.png", upload(), statistic="image", normalize="columns", **words)
    _, same, other = bench.check().outputs
    assert "from 't.csv' (bar chart of proportion within region" in same.findings[-1].message
    assert "from the table it declares (bar chart of proportion within sex" in other.findings[-1].message


def test_words_that_make_no_table(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    for number, keys in enumerate(
        (
            {"rows": ["sex"], "bins": [1, 2]},
            {"value": "pay", "rows": ["sex"], "percentile": 5, "weight": "age"},
        )
    ):
        bench.declare(f"{number}.png", upload(), statistic="image", data="claims", **keys)
    assert [rules(output) for output in bench.check().outputs] == [{"declaration.value"}] * 2


def test_a_histogram_facet_of_few_people(bench: Bench, claims: pd.DataFrame) -> None:
    bench.register(claims)
    bench.declare(
        "chart.png",
        upload(),
        statistic="image",
        data="claims",
        rows=["region"],
        value="age",
        bins=[10, 40, 80],
    )
    output = bench.only()
    assert output.verdict is Verdict.BLOCK
    assert output.canonical is None
    assert "threshold.people" in rules(output)


# A picture may leave where its table does not, so it counts as its table does.


def test_a_picture_of_one_table_against_another_table(bench: Bench, mainland: pd.DataFrame) -> None:
    oldest = mainland.age.sort_values().index[-3:]
    frame = mainland.assign(keep=1)
    frame.loc[oldest, "keep"] = 0
    bench.register(frame)
    bench.declare("t.csv", frame.groupby("region").size(), **COUNT)
    bench.declare("chart.png", upload(), statistic="image", data="claims", rows=["region"], where="keep = 1")
    table, picture = bench.check().outputs
    assert (rules(table), rules(picture)) == ({"differencing"}, {"differencing", "image.review"})
    assert picture.canonical is None


def test_a_picture_falls_with_its_source_when_another_output_gives_it_away(
    bench: Bench, mainland: pd.DataFrame
) -> None:
    frame = mainland.assign(keep=[0, 0, 0] + [1] * (len(mainland) - 3))
    bench.register(frame)
    bench.declare("t.csv", frame.groupby("region").size(), **COUNT)
    bench.declare("u.csv", frame[frame.keep == 1].groupby("region").size(), **COUNT | {"where": "keep = 1"})
    bench.declare("chart.png", upload(), statistic="image", source="t.csv")
    assert [output.verdict for output in bench.check().outputs] == [Verdict.BLOCK] * 3


def test_matplotlib_is_not_loaded_without_a_picture() -> None:
    code = "import sys, outputs_check.gate.check; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
