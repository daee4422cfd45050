"""Whatever the bytes: a typed answer, that survives the way back through the protocol."""

from __future__ import annotations

import io
import random
from functools import cache

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from outputs_check.parsers.kinds import KINDS, parse
from outputs_check.parsers.parsed import Refused
from outputs_check.parsers.protocol import read_answer, write_answer
from outputs_check.parsers.sandboxed import parse_files

SUFFIXES = [suffix for kind in KINDS for suffix in kind.suffixes.split()] + [
    "html",
    "svg",
    "pdf",
    "docx",
    "zip",
    "",
]
TABLE = pd.DataFrame({"region": ["North", "South"], "n": [120, 340.5]})


@cache
def honest(suffix: str) -> bytes:
    """A well-formed file of a type, to be broken."""
    buffer = io.BytesIO()
    match suffix:
        case "xlsx":
            TABLE.to_excel(buffer)
        case "parquet":
            TABLE.to_parquet(buffer)
        case "feather" | "arrow":
            TABLE.to_feather(buffer)
        case "png" | "jpg" | "jpeg":
            Image.effect_mandelbrot((16, 16), (-2, -2, 2, 2), 20).save(
                buffer, "PNG" if suffix == "png" else "JPEG"
            )
        case "json":
            return TABLE.to_json(orient="records").encode()
        case "ipynb":
            cell = b'{"cell_type": "code", "source": "x = [1, 2]  # two"}'
            return b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [' + cell + b"]}"
        case _:
            return TABLE.to_csv().encode()
    return buffer.getvalue()


def answered(name: str, data: bytes) -> None:
    parsed = parse(name, data)
    assert read_answer(write_answer(parsed)) == parsed


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400))
def test_random_bytes(suffix: str, data: bytes) -> None:
    answered(f"t.{suffix}", data)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=200), name=st.text(max_size=20))
def test_random_text(suffix: str, text: str, name: str) -> None:
    answered(f"{name}.{suffix}", text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("suffix", [suffix for kind in KINDS for suffix in kind.suffixes.split()])
def test_damaged_files(suffix: str) -> None:
    """Bytes changed here and there, or the file broken off; in the sandbox, where a crash may be had."""
    dice = random.Random(suffix)  # noqa: S311 - the same damage every time
    files: dict[str, bytes] = {}
    for number in range(24):
        data = bytearray(honest(suffix))
        for _ in range(number % 6):
            data[dice.randrange(len(data))] = dice.randrange(256)
        kept = len(data) if number % 6 else dice.randrange(len(data))
        files[f"{number}.{suffix}"] = bytes(data[:kept])
    answers = parse_files(files)
    assert answers.keys() == files.keys()
    rules = {answer.rule for answer in answers.values() if isinstance(answer, Refused)}
    assert rules, "some damage is seen"
    assert not rules & {"file.crash", "file.memory"}
