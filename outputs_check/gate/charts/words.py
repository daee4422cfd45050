"""Words of a chart: what a table's figures are called, and hostile text made plain.

Titles, names and labels are a researcher's or a supplier's text. They are drawn as plain text (no TeX),
bounded in length, in characters that the chart's font has and that stay on their line.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence

from outputs_check.gate.charts import fonts, limits
from outputs_check.gate.charts.shapes import Value
from outputs_check.gate.declaration import Output
from outputs_check.gate.formula import FAMILIES

_NO_GLYPH = "□"
_MOST_MARKS = 2  # accents on one letter
_TITLE_WIDTH, _NARROWEST = 84, 20  # characters of a line
_OF_A_VALUE = {
    "sum": "Sum of {}", "mean": "Mean {}", "median": "Median {}", "std": "Standard deviation of {}",
    "min": "Minimum of {}", "max": "Maximum of {}", "mode": "Most frequent {}",
    "gini": "Gini coefficient of {}",
}  # fmt: skip


def plain(text: str, most: int) -> str:
    """Return text as one line of at most `most` characters, the middle left out of what is longer."""
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind.startswith("M") else 0
        if letter.isspace():
            kept.append(" ")
        elif not kind.startswith("C") and marks <= _MOST_MARKS:
            kept.append(letter if fonts.has_glyph(letter) else _NO_GLYPH)
    line = " ".join("".join(kept).split())
    if line[:1] == "'" and line[1:2] in {"=", "+", "-", "@"}:
        line = line[1:]  # a cell that was made harmless for spreadsheets
    tail = most // 4
    return line if len(line) <= most else f"{line[: most - tail - 1].rstrip()}…{line[-tail:].lstrip()}"


def label(text: str) -> str:
    """A category on an axis."""
    return plain(text, limits.MAX_LABEL) or "(blank)"


def series(text: str) -> str:
    """A category in a legend, where Matplotlib leaves out what begins with an underscore."""
    line = label(text)
    return f" {line}" if line.startswith("_") else line


def name(text: str) -> str:
    """A column on an axis or over a legend."""
    return plain(text, limits.MAX_NAME)


def term(text: str) -> str:
    """A term of a model without patsy's brackets: "C(region)[T.North]:age" is "region = North × age"."""
    bare = re.sub(r"C\(([^()]*)\)", r"\1", text)
    return label(re.sub(r"\[T?\.?([^\[\]]*)\]", r" = \1", bare).replace(":", " × "))


def title_lines(text: str) -> list[str]:
    """A title, over a few lines at most, none of them wider than the sheet."""
    bare = plain(text, limits.MAX_TITLE)
    lines: list[str] = []
    for width in range(_TITLE_WIDTH, _NARROWEST, -4):
        lines = textwrap.wrap(bare, width, max_lines=limits.MAX_TITLE_LINES, placeholder=" …")
        if all(fonts.width(line, fonts.BOLD) <= limits.TITLE_EMS for line in lines):
            break
    return lines


def measure(table: Output) -> str:
    """What the figures of a table are: "Mean pay", "Count"."""
    value = name(table.value or "")
    match table.statistic:
        case "count" | "histogram":
            return "Weighted count" if table.weight else "Count"
        case "proportion":
            return _proportion(table, value)
        case "percentile":
            return f"Percentile {table.percentile:g} of {value}"
        case "ratio":
            return f"{value} per {name(table.denominator or '')}"
        case "km":
            return "Share without the event"
        case "correlation":
            return "Correlation"
        case family if family in FAMILIES:
            return f"Coefficient ({family})"
    weighted = "Weighted " if table.weight else ""
    text = _OF_A_VALUE.get(table.statistic, table.statistic + " of {}").format(value)
    return weighted + (text[0].lower() + text[1:] if weighted else text)


def _proportion(table: Output, value: str) -> str:
    if value:
        return f"Proportion with {value}"
    of = {"index": table.rows, "columns": table.columns}.get(table.normalize or "", ())
    return f"Proportion within {name(', '.join(of))}" if of else "Proportion of all"


def heading(table: Output, title: str) -> str:
    """The title as declared; without one, what the table is."""
    dimensions = " and ".join(name(each) for each in table.dimensions)
    return title.strip() or measure(table) + (f" by {dimensions}" if dimensions else "")


def figure(value: float) -> str:
    """A figure on an axis or beside a bar: grouped thousands, four significant digits at least."""
    if value == 0:
        return "0"
    size = abs(value)
    if not 1e-4 <= size < 1e12:
        return f"{value:.3g}".replace("-", "−")
    decimals = 0 if size >= 1_000 or float(value).is_integer() else next(
        places for places, least in enumerate((100, 10, 1, 0.1, 0.01, 0.001, 0), start=1) if size >= least
    )  # fmt: skip
    text = f"{value:,.{decimals}f}"
    text = text.replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def correlation(value: float) -> str:
    """A figure in a cell of a correlation matrix."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def alternative(kind: str, what: str, values: Sequence[Value]) -> str:
    """What a picture shows, for those who do not see it: "bar chart of mean pay: 4 figures, 2 suppressed"."""
    shown = [value for value in values if value is not None]
    hidden = len(values) - len(shown)
    span = f" from {figure(min(shown))} to {figure(max(shown))}" if shown else ""
    gaps = f", {hidden} suppressed" if hidden else ""
    number = f"{len(shown)} figure{'' if len(shown) == 1 else 's'}"
    return f"{kind} of {what[:1].lower() + what[1:]}: {number}{span}{gaps}"
