"""The fonts of a chart: those that Matplotlib ships, whatever else the machine has installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import FontEntry, fontManager
from matplotlib.ft2font import FT2Font

FAMILY = "gate sans"  # a name that no installed font has: a look-up ends at the shipped files
PLAIN, BOLD = 400, 700
_FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_EM = 64 * 100  # FreeType counts in 64ths; the size is what measuring uses, not what is drawn


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


def width(text: str, weight: int) -> float:
    """Width of a line in ems."""
    font = FT2Font(str(_path(_FILES[weight])))
    font.set_size(100, 72)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / _EM


@cache
def _characters() -> frozenset[int]:
    return frozenset.intersection(
        *(frozenset(FT2Font(str(_path(file))).get_charmap()) for file in _FILES.values())
    )


def _path(file: str) -> Path:
    return Path(matplotlib.get_data_path(), "fonts", "ttf", file)
