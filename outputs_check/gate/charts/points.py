"""Coefficients of a regression as points with their intervals, the line of no effect between them."""

from __future__ import annotations

from matplotlib.figure import Figure

from outputs_check.gate.charts import canvas, words
from outputs_check.gate.charts.shapes import Terms


def height(terms: Terms) -> float:
    """Inches that the terms need."""
    return 1.0 + 0.34 * len(terms.effects)


def draw(figure: Figure, terms: Terms, measure: str) -> None:
    """Draw the terms from the top down, in the order of the table."""
    axes = figure.add_subplot()
    shown = terms.effects
    axes.axvline(0, color=canvas.QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    for place, term in enumerate(shown):
        if term.coef is None:
            axes.annotate(
                canvas.SUPPRESSED, (0, place), xytext=(8, 0), textcoords="offset points", ha="center",
                va="center", color=canvas.QUIET,
            )  # fmt: skip
            continue
        if term.low is not None and term.high is not None:
            axes.plot([term.low, term.high], [place, place], color=canvas.PALETTE[0], linewidth=2)
        axes.plot([term.coef], [place], "o", color=canvas.PALETTE[0], ms=7, mec="white", mew=1)
    axes.set_yticks(range(len(shown)), [words.term(term.name) for term in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    canvas.figures_on(axes, "x")
    axes.set_xlabel(f"{measure}, interval of 95%")
