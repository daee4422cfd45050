"""Frames as the bytes of a file."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd


def xlsx(frame: pd.DataFrame, **options: Any) -> bytes:
    """A workbook; options: of `DataFrame.to_excel`."""
    buffer = io.BytesIO()
    frame.to_excel(buffer, **options)
    return buffer.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    """A Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()
