"""The sheet a chart is drawn on: style, title, foot notes, and pixels that depend on nothing else.

No pyplot, no matplotlibrc, no installed font, no metadata: the same table gives the same bytes under the
same version of Matplotlib. An approval is bound to these bytes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from outputs_check.gate.charts import fonts, words

# Okabe and Ito (2008), told apart by the colour-blind; without the yellow that white paper swallows.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
INK, QUIET, GRID, GAP = "#16202b", "#55606d", "#e3e7ec", "#eef1f4"
SUPPRESSED = "×"
_WIDTH, _LOWEST, _TALLEST = 8.6, 3.4, 14.0  # inches
_DPI = 140
_TITLE_LINE, _NOTE_LINE, _EDGE = 0.25, 0.19, 0.12  # inches

_ALONE = threading.Lock()

_STYLE: Any = {
    "text.parse_math": False, "text.usetex": False, "font.family": [fonts.FAMILY], "font.size": 10,
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": QUIET, "ytick.color": QUIET,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.edgecolor": "#9aa5b1", "axes.linewidth": 0.8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "axes.unicode_minus": True,
    "axes.grid": False, "grid.color": GRID, "grid.linewidth": 0.8, "hatch.linewidth": 0.6,
    "legend.frameon": False, "legend.fontsize": 9, "legend.title_fontsize": 9,
    "axes.titlesize": 10, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "xtick.major.size": 3, "ytick.major.size": 3, "lines.solid_capstyle": "round", "figure.dpi": _DPI,
}  # fmt: skip


@contextmanager
def style() -> Iterator[None]:
    """The gate's style on top of Matplotlib's own defaults, whatever was set before.

    Matplotlib's settings belong to the process: one chart is drawn at a time, in whatever thread.
    """
    fonts.install()
    with _ALONE, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def sheet(title: Sequence[str], notes: Sequence[str], height: float) -> Figure:
    """An empty figure with its title and notes; `height` in inches is of what stands between them."""
    top = _EDGE + len(title) * _TITLE_LINE + (_EDGE if title else 0)
    foot = len(notes) * _NOTE_LINE + (_EDGE if notes else 0)
    total = top + foot + min(max(height, _LOWEST), _TALLEST)
    between = (0, foot / total, 1, 1 - (top + foot) / total)
    layout = ConstrainedLayoutEngine(rect=between, w_pad=_EDGE, h_pad=_EDGE)
    figure = Figure(figsize=(_WIDTH, total), dpi=_DPI, facecolor="white", layout=layout)
    for line, text in enumerate(title):
        y = 1 - (_EDGE + line * _TITLE_LINE) / total
        figure.text(_EDGE / _WIDTH, y, text, va="top", ha="left", fontsize=12, fontweight="bold")
    for line, text in enumerate(reversed(notes)):
        y = (_EDGE + line * _NOTE_LINE) / total
        figure.text(_EDGE / _WIDTH, y, text, va="bottom", ha="left", fontsize=8.5, color=QUIET)
    return figure


def figures_on(axes: Axes, side: str) -> None:
    """Give the axis of the figures ("x" or "y") its ticks and thin lines."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: words.figure(value)))
    axes.grid(visible=True, axis=side)  # type: ignore[arg-type]


def legend(axes: Axes, name: str) -> None:
    """Name the series beside the chart, not on it."""
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0,
        alignment="left",
        title=words.name(name),
    )


def png(figure: Figure) -> bytes:
    """Pixels and nothing else."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
