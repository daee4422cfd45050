"""What only a person can judge is REVIEW, and only with what she judges it by."""

from __future__ import annotations

import io

import pandas as pd
from gate_bench import Bench, rules
from PIL import Image

from outputs_check.gate.verdict import Verdict

COUNT = {"data": "claims", "statistic": "count", "rows": ["region"]}


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def test_an_image_of_a_safe_table(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("chart.png", picture(), statistic="image", source="t.csv")
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT)
    chart, table = bench.check().outputs
    assert (chart.verdict, table.verdict) == (Verdict.REVIEW, Verdict.PASS)
    assert (chart.canonical or b"").startswith(b"\x89PNG")


def test_an_image_that_declares_its_own_table(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("chart.png", picture(), statistic="image", data="claims", rows=["region"], value="pay")
    assert bench.only().verdict is Verdict.REVIEW


def test_an_image_declared_in_the_words_of_a_suppressed_table(bench: Bench, claims: pd.DataFrame) -> None:
    table = claims.groupby("region").size().astype(object)
    table["Isles"] = "*"
    bench.register(claims)
    bench.declare("chart.png", picture(), statistic="image", data="claims", rows=["region"])
    bench.declare("t.csv", table, **COUNT)
    chart, _ = bench.check().outputs
    assert chart.verdict is Verdict.REVIEW
    assert "t.csv" in chart.findings[-1].message


def test_an_image_of_a_disclosive_table(bench: Bench, claims: pd.DataFrame) -> None:
    bench.register(claims)
    bench.declare("own.png", picture(), statistic="image", data="claims", rows=["region"], where="age > 0")
    bench.declare("chart.png", picture(), statistic="image", source="t.csv")
    bench.declare("t.csv", claims.groupby("region").size(), **COUNT)
    own, chart, table = bench.check().outputs
    assert "threshold.people" in rules(own)
    assert rules(chart) == {"image.source"}
    assert own.verdict is chart.verdict is table.verdict is Verdict.BLOCK


def test_an_image_without_a_source(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("chart.png", picture(), statistic="image")
    bench.declare("other.png", picture(), statistic="image", source="nowhere.csv")
    assert [output.verdict for output in bench.check().outputs] == [Verdict.BLOCK] * 2


def test_a_table_behind_an_image(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT)
    bench.declare("chart.png", picture() + mainland.to_csv().encode(), statistic="image", source="t.csv")
    table, chart = bench.check().outputs
    assert table.verdict is Verdict.PASS
    assert rules(chart) == {"file.trailing"}


def test_a_picture_that_is_a_table(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("chart.png", mainland.to_csv(), statistic="image", data="claims", rows=["region"])
    assert rules(bench.only()) == {"file.lying"}


def test_text_is_read_by_a_person(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("notes.md", "Pay rose by 3 per cent in 2020.\n", statistic="text")
    output = bench.only()
    assert output.verdict is Verdict.REVIEW
    assert "2 numbers" in output.findings[0].message


def test_pseudonyms_are_found_wherever_they_stand(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    someone = str(mainland.person_id.iloc[3])
    bench.declare("notes.md", f"Look at {someone.upper()}.\n", statistic="text")
    bench.declare("t.csv", mainland.groupby("region").size(), **COUNT | {"title": f"for {someone}"})
    assert all("identifier.pseudonym" in rules(output) for output in bench.check().outputs)


def test_records_in_a_text(bench: Bench, mainland: pd.DataFrame) -> None:
    bench.register(mainland)
    bench.declare("notes.txt", mainland.drop(columns="person_id").to_csv(), statistic="text")
    assert "rowlevel.microdata" in rules(bench.only())
