"""Histograms: a count by facet and bin, [left, right), the last one closed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import BIN, bin_label
from outputs_check.gate.data import DataFolder
from outputs_check.gate.examined import Examined, csv_bytes
from outputs_check.gate.facts import Facts
from outputs_check.gate.facts_sql import Asked
from outputs_check.gate.figures import read_figure
from outputs_check.gate.layout import Rows, has_default_index
from outputs_check.gate.query import Query
from outputs_check.gate.question import Question
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import models, tables
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.single_values import SingleValue
from outputs_check.gate.table import Table


def examine_histogram(data: DataFolder, question: Question, rows: Rows, appetite: RiskAppetite) -> Examined:
    """Check `[facet,]left,right,count` as the table of counts that it is.

    Raises:
        Blocked: another layout, or bins that were not declared.
    """
    output = question.output
    facets = len(output.rows)
    if has_default_index(rows):
        rows = tuple(row[1:] for row in rows)
    if rows[0] != (*output.rows, "left", "right", "count"):
        expected = ",".join((*output.rows, "left", "right", "count"))
        raise Blocked(tables.LAYOUT.block(f"the header is not {expected}"))
    counted = as_counts(question)
    body = tuple(
        (*row[:facets], _bin(row[facets], row[facets + 1], output.bins), row[-1]) for row in rows[1:]
    )
    table = Table(data, counted, appetite)
    examined = table.examine(((*counted.output.rows, "count"), *body))
    canonical = examined.canonical.decode().splitlines() if examined.canonical else []
    figures = [line.rpartition(",")[2] for line in canonical[1:]]
    rebuilt = [rows[0], *((*row[:-1], figure) for row, figure in zip(rows[1:], figures, strict=True))]
    return replace(
        examined,
        findings=(*examined.findings, *_edges(data, question, appetite)),
        canonical=csv_bytes(rebuilt),
        submitted=csv_bytes(rows),
    )


def as_counts(question: Question) -> Question:
    """The table of counts by facet and bin that a histogram is."""
    output = question.output
    counts = replace(output, statistic="count", rows=(*output.rows, BIN), value=None, bins=())
    return replace(question, output=counts, binned=(output.value or "", output.bins))


def _bin(left: str, right: str, edges: tuple[float, ...]) -> str:
    """The label of a declared bin."""
    pair = (read_figure(left), read_figure(right))
    if pair not in set(pairwise(edges)):
        raise Blocked(tables.LAYOUT.block(f"{left[:40]} to {right[:40]} is none of the declared bins"))
    return bin_label(*(edge for edge in pair if edge is not None))


def _edges(data: DataFolder, question: Question, appetite: RiskAppetite) -> list[Finding]:
    """An outer edge that is the minimum or maximum of the data is somebody's value."""
    output = question.output
    query = Query(question.dataset, question.types, where=question.where, value=output.value)
    found = []
    for edge, extreme in ((output.bins[0], "min"), (output.bins[-1], "max")):
        facts = Facts(data, query, question.units[0], Asked(SingleValue(extreme))).cell(())
        if edge == facts.figure and facts.sharing < appetite.threshold:
            found.append(
                models.EDGE.block(f"the edge {edge:g} is an extreme that {facts.sharing} people have")
            )
    return found
