"""xlsx, parquet, feather and json: the same table as csv, whichever pandas wrote."""

from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from written_frames import parquet, xlsx

from outputs_check.parsers.parsed import ParsedTable, Refused
from outputs_check.parsers.sandboxed import parse_files

PEOPLE = pd.DataFrame(
    {
        "region": ["North", "South", "North", "South", "East"],
        "sex": ["F", "M", "M", "F", "F"],
        "year": [2020, 2020, 2021, 2021, 2021],
        "pay": [1.5, 2.25, None, 4.0, 1e6],
    }
)
CROSSTAB = pd.crosstab(PEOPLE.region, PEOPLE.sex, margins=True)
TWO_LEVELS = pd.crosstab(PEOPLE.region, [PEOPLE.sex, PEOPLE.year])
MEANS = PEOPLE.groupby("region").pay.mean().to_frame()
LONG = PEOPLE.groupby(["region", "sex"]).pay.max().reset_index()


def feather(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pa.feather.write_feather(pa.Table.from_pandas(frame), buffer)
    return buffer.getvalue()


def json(orient: str) -> Callable[[pd.DataFrame], bytes]:
    return lambda frame: frame.to_json(orient=orient).encode()


def csv(data: bytes) -> ParsedTable:
    answer = parse_files({"t.csv": data})["t.csv"]
    assert isinstance(answer, ParsedTable)
    return answer


def figures(table: ParsedTable) -> list[list[object]]:
    """Cells with figures as numbers: 3 and 3.0 are one figure, and xlsx has no other spelling for it."""

    def read(cell: str) -> object:
        try:
            return float(cell)
        except ValueError:
            return cell

    return [[read(cell) for cell in row] for row in table.rows]


@pytest.mark.parametrize(
    "frame", [CROSSTAB, TWO_LEVELS, MEANS, LONG], ids=["wide", "levels", "means", "long"]
)
@pytest.mark.parametrize(("suffix", "write"), [("xlsx", xlsx), ("parquet", parquet), ("feather", feather)])
def test_every_type_is_the_csv(suffix: str, write: Callable[..., bytes], frame: pd.DataFrame) -> None:
    plain = frame.index.name is None and suffix != "xlsx"
    wanted = csv(frame.to_csv(index=not plain).encode())
    answer = parse_files({f"t.{suffix}": write(frame)})[f"t.{suffix}"]
    assert isinstance(answer, ParsedTable), answer
    assert figures(answer) == figures(wanted)
    assert answer.notes == ()


@pytest.mark.parametrize("orient", ["records", "table", "split", "columns"])
def test_json_is_the_csv_but_for_the_name_of_the_index(orient: str) -> None:
    frame = MEANS.reset_index() if orient == "records" else MEANS
    answer = parse_files({"t.json": json(orient)(frame)})["t.json"]
    assert isinstance(answer, ParsedTable), answer
    name = "" if orient in {"split", "columns"} else "region"
    assert answer.rows[0] == (name, "pay")
    assert figures(answer)[1:] == [["East", 1e6], ["North", 1.5], ["South", 3.125]]


def test_floats_have_the_spelling_of_csv() -> None:
    frame = pd.DataFrame({"double": [0.1 + 0.2, 1.0, 1e22], "single": pd.Series([0.1, 2.5, 1.0], dtype="f4")})
    for suffix, write in (("parquet", parquet), ("feather", feather)):
        answer = parse_files({f"t.{suffix}": write(frame)})[f"t.{suffix}"]
        assert isinstance(answer, ParsedTable)
        assert [row[0] for row in answer.rows[1:]] == ["0.30000000000000004", "1.0", "1e+22"]
        assert [float(row[1]) for row in answer.rows[1:]] == [0.1, 2.5, 1.0]


SECRET = b"9f2c1b0a77"


def with_metadata() -> bytes:
    table = pa.table({"a": ["x", "y"]}).replace_schema_metadata({"note": SECRET})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_metadata_of_a_parquet_stays_behind() -> None:
    assert SECRET in with_metadata()
    answer = parse_files({"t.parquet": with_metadata()})["t.parquet"]
    assert answer == ParsedTable((("a",), ("x",), ("y",)))


def arrow_file(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "lists in a column": ("t.parquet", arrow_file(pa.table({"a": [[1, 2]]})), "file.nested"),
    "structures in a column": ("t.parquet", arrow_file(pa.table({"a": [{"b": 1}]})), "file.nested"),
    "bytes in a column": ("t.parquet", arrow_file(pa.table({"a": [b"x"]})), "file.nested"),
    "5,001 rows": ("t.parquet", arrow_file(pa.table({"a": list(range(5_001))})), "file.rows"),
    "501 columns": ("t.parquet", arrow_file(pa.table({f"c{n}": [1] for n in range(501)})), "file.columns"),
    "no rows of no columns": ("t.parquet", arrow_file(pa.table({})), "file.empty"),
    "a long cell": ("t.parquet", arrow_file(pa.table({"a": ["x" * 501]})), "file.cell"),
    "a cell that runs backwards": ("t.parquet", arrow_file(pa.table({"a": ["\u202e1"]})), "file.characters"),
    "a packed column of nothing": (
        "t.parquet",
        arrow_file(pa.table({"a": pa.array(["x" * 10_000_000])})),
        "file.cell",
    ),
    "half a parquet": ("t.parquet", with_metadata()[:60], "file.arrow"),
    "half a feather": ("t.feather", feather(MEANS)[:300], "file.arrow"),
    "a feather as parquet": ("t.parquet", feather(MEANS), "file.lying"),
    "json of a figure": ("t.json", b"3", "file.schema"),
    "json of figures": ("t.json", b"[[1, 2], [3, 4]]", "file.schema"),
    "json with a key twice": ("t.json", b'{"a": {"x": 1}, "a": {"x": 2}}', "file.json"),
    "deep json": ("t.json", b"[" * 100_000 + b"]" * 100_000, "file.depth"),
    "deep objects": ("t.json", b'{"a":' * 40 + b"1" + b"}" * 40, "file.depth"),
    "half a json": ("t.json", b'[{"a": 1}, {"a"', "file.json"),
    "records of different keys": ("t.json", b'[{"a": 1}, {"b": 2}]', "file.schema"),
    "records in records": ("t.json", b'[{"a": {"b": 1}}]', "file.schema"),
    "encoded bytes": ("t.json", b'[{"a": "' + b"QUJD" * 30 + b'"}]', "file.encoded"),
    "a long figure": ("t.json", b'[{"a": ' + b"9" * 10_000 + b"}]", "file.json"),
    "a Vega chart": ("t.json", b'{"$schema": "https://vega.github.io/schema/vega/v5.json"}', "file.chart"),
    "a Plotly chart": ("t.json", b'{"data": [{"x": [1], "y": [2]}], "layout": {}}', "file.chart"),
    "csv as json": ("t.json", b"a,b\n1,2\n", "file.json"),
    "json as csv": ("t.csv", b'[{"a": 1}]', "file.lying"),
}  # fmt: skip


def test_what_is_no_plain_table_is_refused() -> None:
    files = {f"{number}-{case[0]}": case[1] for number, case in enumerate(REFUSED.values())}
    answers = parse_files(files)
    rules = [answer.rule if isinstance(answer, Refused) else answer for answer in answers.values()]
    assert dict(zip(REFUSED, rules, strict=True)) == {name: case[2] for name, case in REFUSED.items()}
