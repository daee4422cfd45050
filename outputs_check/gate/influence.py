"""How much of a coefficient rests on how few people.

A least-squares coefficient is a weighted sum of outcomes, b = (X'X)^-1 X'y (Belsley, Kuh & Welsch 1980,
ch. 2). Its weights tell who determines it, and weights times outcomes whose value it shows. For the
iterated models the same weights are the first step's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outputs_check.gate.columns import NOBODY
from outputs_check.gate.data import Array
from outputs_check.sdc.concentration import largest_shares


@dataclass(frozen=True)
class Influence:
    """Per person (unit). leverage: the largest, 0 to 1. decided: shape (terms,), the share of a
    coefficient's squared weights that its `few` heaviest people hold. shares: per term, the shares of the
    largest and of the two largest people in the absolute sum of weights times outcomes.
    """

    leverage: float
    decided: Array
    shares: tuple[tuple[float, float], ...]


def influence(design: Array, outcome: Array, hashes: Array, few: int) -> Influence:
    """Measure a design of shape (rows, terms) with full rank.

    hashes: the unit of every row; a person's rows count together, rows of nobody are nobody's.
    """
    basis, triangle = np.linalg.qr(design)
    inverse = np.linalg.inv(triangle)
    person, distinct = pd.factorize(hashes)
    somebody = distinct != NOBODY
    decided, shares = [], []
    for term in range(design.shape[1]):
        weights = basis @ inverse[term]
        squares = np.bincount(person, weights**2)
        top = np.sort(squares[somebody])[-few:] if few else squares[:0]
        decided.append(float(top.sum() / squares.sum()))
        shares.append(largest_shares(np.bincount(person, weights * outcome)[somebody]))
    return Influence(_leverage(basis, person, somebody), np.array(decided), tuple(shares))


def _leverage(basis: Array, person: Array, somebody: Array) -> float:
    """The largest part of anybody's own fitted values that her own outcomes decide.

    For one row it is the diagonal of the hat matrix; for several the largest eigenvalue of its block,
    which their sum bounds.
    """
    rows = (basis**2).sum(axis=1)
    bounds = np.where(somebody, np.bincount(person, rows), 0.0)
    largest = 0.0
    for candidate in np.argsort(bounds)[::-1]:
        if bounds[candidate] <= largest:
            break
        block = basis[person == candidate]
        largest = max(largest, float(np.linalg.norm(block, 2)) ** 2)
    return largest
