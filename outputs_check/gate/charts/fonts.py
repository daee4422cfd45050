"""The fonts of a chart: those that Matplotlib ships, whatever else the machine has installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import FontEntry, fontManager
from matplotlib.ft2font import FT2Font

FAMILY = "gate sans"  # a name that no installed font has: a look-up ends at the shipped files
_FILES = {400: "DejaVuSans.ttf", 700: "DejaVuSans-Bold.ttf"}


@cache
def install() -> None:
    """Let Matplotlib find the family by its name."""
    for weight, file in _FILES.items():
        fontManager.ttflist.append(
            FontEntry(
                fname=str(_path(file)), name=FAMILY, style="normal", variant="normal", weight=weight,
                stretch="normal", size="scalable",
            )
        )  # fmt: skip


def has_glyph(letter: str) -> bool:
    """Whether a character can be drawn."""
    return ord(letter) in _characters()


@cache
def _characters() -> frozenset[int]:
    return frozenset.intersection(*(frozenset(FT2Font(str(_path(file))).get_charmap()) for file in _FILES.values()))


def _path(file: str) -> Path:
    return Path(matplotlib.get_data_path(), "fonts", "ttf", file)
