"""A measured attack: does the model know the people it was trained on better than others?

The attacker guesses that whom the model is less wrong about was among its people (Yeom et al. 2018,
'Privacy risk in machine learning', attack by the loss). SACRO-ML measures its attacks in the same unit,
the area under the curve; its recommendation speaks against release above 0.65.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outputs_check.gate.data import Array

_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Attack:
    """auc: 0.5 where the attacker could as well toss a coin. low, high: 95 % interval. Numbers of people."""

    auc: float
    low: float
    high: float
    members: int
    others: int


def attack(members: Array, others: Array) -> Attack:
    """Attack with one loss per person of each side, shapes (members,) and (others,).

    The interval is that of Hanley & McNeil (1982).
    """
    inside, outside = members.size, others.size
    ranks = pd.Series(-np.concatenate([members, others])).rank().to_numpy()
    auc = float((ranks[:inside].sum() - inside * (inside + 1) / 2) / (inside * outside))
    both, twice = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (inside - 1) * (both - auc**2) + (outside - 1) * (twice - auc**2)
    half = _NORMAL_95 * math.sqrt(max(0.0, variance) / (inside * outside))
    return Attack(auc, max(0.0, auc - half), min(1.0, auc + half), inside, outside)


def by_person(losses: Array, hashes: Array) -> tuple[Array, Array]:
    """The mean loss of every person, and the hash of each."""
    distinct, person = np.unique(hashes, return_inverse=True)
    return np.bincount(person, losses) / np.bincount(person), distinct
