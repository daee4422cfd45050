"""Data to write specifications with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="session")
def claims() -> pd.DataFrame:
    """2,000 people, one row each; the Isles have 4 women and 3 men."""
    random = np.random.default_rng(7)
    size = 2_000
    frame = pd.DataFrame(
        {
            "person_id": [f"{number:032x}" for number in random.integers(1, 2**62, size)],
            "region": random.choice(["North", "South", "East"], size),
            "sex": random.choice(["F", "M"], size),
            "age": random.integers(18, 70, size),
            "pay": random.gamma(3, 8_000, size).round(2),
            "employed": random.integers(0, 2, size),
            "never": 0,
        }
    )
    frame.loc[:6, "region"] = "Isles"
    frame.loc[:6, "sex"] = ["F", "F", "F", "F", "M", "M", "M"]
    return frame


@pytest.fixture
def mainland(claims: pd.DataFrame) -> pd.DataFrame:
    """The same without the small region."""
    return claims[claims.region != "Isles"].reset_index(drop=True)
