"""Figures as text, and what the pure part computes."""

import math
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from outputs_check.gate.figures import agrees, read_figure, rounded, written
from outputs_check.gate.layout import neutral
from outputs_check.gate.rules.identifiers import in_texts, is_nhs_number
from outputs_check.sdc.concentration import estimate_margin, gini, largest_shares

FIGURES = st.floats(-1e9, 1e9, allow_nan=False)
BASES = st.sampled_from([0.01, 0.1, 1.0, 5.0, 10.0, 100.0])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FIGURES)
def test_what_pandas_writes_agrees(figure: float) -> None:
    shown = read_figure(repr(figure))
    assert shown is not None
    assert agrees(shown, figure, None)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FIGURES, BASES)
def test_rounded_figures_agree_within_their_base(figure: float, base: float) -> None:
    assert agrees(rounded(figure, base), figure, base)
    assume(abs(figure) < 1e8 * base)  # beyond that a base is finer than a float can tell
    assert not agrees(rounded(figure, base) + 2 * base, figure, base)
    assert not agrees(rounded(figure, base) + base / 3, figure, base)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FIGURES, BASES)
def test_the_gate_writes_what_it_reads(figure: float, base: float) -> None:
    shown = read_figure(written(figure, base))
    assert shown is not None
    assert agrees(shown, figure, base)
    assert len(written(figure, None).replace("-", "").replace(".", "").lstrip("0").split("e")[0]) <= 10


@pytest.mark.parametrize(("text", "figure"), [("12,021", 12021), ("-1,234,567.5", -1234567.5)])
def test_thousands_may_be_set_apart(text: str, figure: float) -> None:
    assert read_figure(text) == figure


@pytest.mark.parametrize(
    "text",
    [
        "1,00",
        "1,0000",
        "1000,000",
        ",100",
        "1,000e3",
        "10%",
        "nan",
        "inf",
        "1 2",
        "0x10",
        "1_000",
        "=1",
        "٣",
        "1e999",
        "--1",
    ],
)
def test_what_is_no_figure(text: str) -> None:
    assert read_figure(text) is None


@pytest.mark.parametrize(
    ("text", "safe"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("+x", "'+x"), ("-1+2", "'-1+2"), ("North", "North")],
)
def test_formulas_are_neutralised(text: str, safe: str) -> None:
    assert neutral(text) == safe


def test_shares() -> None:
    assert largest_shares(np.array([-60.0, 30.0, 10.0])) == (0.6, 0.9)
    assert largest_shares(np.zeros(4)) == (0.0, 0.0)
    assert estimate_margin(np.array([100.0, 50.0, 5.0, 4.0])) == pytest.approx(9)
    assert math.isinf(estimate_margin(np.zeros(3)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50))
def test_gini_is_a_share(values: list[float]) -> None:
    assert -1e-9 <= gini(np.array(values)) < 1
    assert gini(np.array([values[0]] * 5)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("see AB 12 34 56 C", "national insurance numbers"),
        ("sent from LS1 4AP", "full postcodes"),
        ("ask jo.b-c+d@nhs.example.uk today", "e-mail addresses"),
    ],
)
def test_what_looks_like_an_identifier_is_named(text: str, kind: str) -> None:
    assert [finding.message for finding in in_texts([text])] == [f"1 look like {kind}"]


@pytest.mark.parametrize("text", ["GB123456C", "AB123456", "Q1 2020", "a@b", "12%@5", "1.5.2020"])
def test_what_only_resembles_an_identifier_is_not(text: str) -> None:
    assert in_texts([text]) == []


@pytest.mark.parametrize("unit", ["a.", "a", "a@", "@a.", "A1 ", "AB 12 "])
def test_no_text_keeps_the_patterns_busy(unit: str) -> None:
    started = time.monotonic()
    in_texts([unit * (1_000_000 // len(unit))])
    assert time.monotonic() - started < 10


def test_nhs_numbers() -> None:
    assert is_nhs_number("9434765919")
    assert not is_nhs_number("9434765918")
