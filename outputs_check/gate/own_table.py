"""The table that an image declares itself: computed by the gate, then examined like a submitted one."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import bin_label
from outputs_check.gate.declaration import Output, meaningless
from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import written
from outputs_check.gate.histogram import as_counts, examine_histogram
from outputs_check.gate.layout import Rows
from outputs_check.gate.question import Question, ask
from outputs_check.gate.room import Room
from outputs_check.gate.rules import declarations
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.table import Table


def own_table(image: Output) -> Output:
    """The table in an image's words: its statistic is what the words can only mean.

    Raises:
        Blocked: words that mean nothing together.
    """
    table = replace(image, statistic=_statistic(image), source=None, chart=None)
    if table.bins:
        table = replace(table, rows=table.dimensions, columns=())
    if wrong := meaningless(table):
        text = f"the words do not make a {table.statistic}: {', '.join(wrong)}"
        raise Blocked(declarations.VALUE.block(text))
    return table


def _statistic(image: Output) -> str:
    if image.bins:
        return "histogram"
    if image.normalize:
        return "proportion"
    if image.denominator:
        return "ratio"
    if image.percentile is not None:
        return "percentile"
    return "mean" if image.value else "count"


def examine_own_table(room: Room, table: Output, appetite: RiskAppetite) -> Examined:
    """Compute every cell with somebody in it and examine what came out; nothing is suppressed.

    Raises:
        Blocked: as the examination of a submitted table.
    """
    question = ask(room.data, table, room.unit)
    if table.statistic == "histogram":
        rows = _histogram(room, question, appetite)
        examined = examine_histogram(room.data, question, rows, appetite)
    else:
        computed = Table(room.data, question, appetite)
        rows = _rows(computed)
        examined = computed.examine(rows)
    found = room.pseudonyms.findings(cell for row in rows[1:] for cell in row[:-1])
    return replace(examined, findings=(*found, *examined.findings))


def _rows(table: Table) -> Rows:
    """One row per cell: the labels of its dimensions, then its figure."""
    labels = [each.names for each in table.computed.labels]
    body = (
        (*(names[place or 0] for names, place in zip(labels, cell.key, strict=True)),
         _text(figure, table.output.rounding))
        for cell, figure in table.every_cell()
    )  # fmt: skip
    return ((*table.output.dimensions, "figure"), *body)


def _text(figure: float, base: float | None) -> str:
    """Every digit where no base is declared: the examination compares it, and writes it shorter."""
    return repr(figure) if base is None and math.isfinite(figure) else written(figure, base)


def _histogram(room: Room, question: Question, appetite: RiskAppetite) -> Rows:
    output = question.output
    edges = {bin_label(left, right): (repr(left), repr(right)) for left, right in pairwise(output.bins)}
    counted = _rows(Table(room.data, as_counts(question), appetite))
    body = ((*row[:-2], *edges[row[-2]], row[-1]) for row in counted[1:])
    return ((*output.rows, "left", "right", "count"), *body)
