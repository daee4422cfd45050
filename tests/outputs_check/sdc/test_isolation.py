"""Combinations of figures that isolate few people, held against trying every set of atoms."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from outputs_check.sdc.isolation import Isolation, isolations

Matrix = npt.NDArray[np.int64]
THRESHOLD = 4


def isolated_sets(members: Matrix, sizes: Matrix, who: list[frozenset[int]] | None) -> set[tuple[int, ...]]:
    """Every set of atoms under the threshold that some combination leaves exactly, by ranks."""
    found = set()
    rank = np.linalg.matrix_rank
    small = [atom for atom in range(sizes.size) if sizes[atom] < THRESHOLD]
    for number in range(1, len(small) + 1):
        for atoms in itertools.combinations(small, number):
            people = len(frozenset().union(*(who[a] for a in atoms))) if who else sizes[list(atoms)].sum()
            if not 0 < people < THRESHOLD:
                continue
            outside = np.delete(members, atoms, axis=1)
            free = rank(members) - rank(outside)
            # Exactly these: no atom of the set is zero in every such combination.
            smaller = [
                rank(members) - rank(np.delete(members, sorted({*atoms} - {a}), axis=1)) for a in atoms
            ]
            if free > 0 and all(part < free for part in smaller):
                found.add(atoms)
    return found


@st.composite
def tables(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    """Figures that are unions of atoms: cells of a few partitions, some of them suppressed, and margins."""
    atoms = draw(st.integers(1, 8))
    sizes = np.array(draw(st.lists(st.integers(1, 6), min_size=atoms, max_size=atoms)))
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        labels = np.array(draw(st.lists(st.integers(-1, 2), min_size=atoms, max_size=atoms)))
        cells = [labels == label for label in range(3)] + [labels >= 0]
        kept = draw(st.lists(st.booleans(), min_size=4, max_size=4))
        rows += [cell for cell, keep in zip(cells, kept, strict=True) if keep and cell.any()]
    return np.array(rows, dtype=np.int64).reshape(len(rows), atoms), sizes


def asked(members: Matrix, sizes: Matrix, **more: object) -> list[Isolation]:
    return isolations(sparse.csr_array(members), sizes, THRESHOLD, **more)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(tables())
def test_none_is_missed_and_none_is_invented(case: tuple[Matrix, Matrix]) -> None:
    members, sizes = case
    found, true = asked(members, sizes), isolated_sets(members, sizes, None)
    assert bool(found) == bool(true)
    for isolation in found:
        left = np.zeros(sizes.size, dtype=np.int64)
        for figure, coefficient in isolation.terms:
            left += coefficient * members[figure]
        assert tuple(np.flatnonzero(left)) == isolation.atoms
        assert isolation.people == sizes[list(isolation.atoms)].sum() < THRESHOLD


@settings(max_examples=150, deadline=None)
@given(tables(), st.data())
def test_people_in_several_atoms_are_counted_once(case: tuple[Matrix, Matrix], data: st.DataObject) -> None:
    members, sizes = case
    who = [
        frozenset(data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True)))
        for _ in range(sizes.size)
    ]
    sizes = np.array([len(people) for people in who])
    found, true = asked(members, sizes, who=who), isolated_sets(members, sizes, who)
    assert bool(found) == bool(true)
    assert {isolation.atoms for isolation in found} <= true


def has_one_sign(members: Matrix, sizes: Matrix, atoms: tuple[int, ...]) -> bool:
    """Whether a combination leaves these atoms, or some of them, with one sign: a linear programme."""
    inside, outside = members[:, list(atoms)], np.delete(members, atoms, axis=1)
    solved = optimize.linprog(
        -inside.sum(axis=1),
        A_eq=outside.T if outside.size else None,
        b_eq=np.zeros(outside.shape[1]) if outside.size else None,
        A_ub=np.vstack([inside.T, -inside.T]),
        b_ub=np.concatenate([np.ones(len(atoms)), np.zeros(len(atoms))]),
        bounds=(None, None),
    )
    return bool(solved.fun < -1e-6)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_of_one_sign(case: tuple[Matrix, Matrix]) -> None:
    members, sizes = case
    found = asked(members, sizes, definite=True)
    true = isolated_sets(members, sizes, None)
    assert bool(found) == any(has_one_sign(members, sizes, atoms) for atoms in true)
    for isolation in found:
        assert has_one_sign(members, sizes, isolation.atoms)


@settings(max_examples=100, deadline=None)
@given(tables(), st.data())
def test_what_known_figures_give_away_is_no_news(case: tuple[Matrix, Matrix], data: st.DataObject) -> None:
    members, sizes = case
    known = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(members), max_size=len(members))), dtype=bool
    )
    for isolation in asked(members, sizes, known=known):
        left = np.zeros(sizes.size)
        for figure, coefficient in isolation.terms:
            left += coefficient * members[figure]
        before = members[known].astype(float)
        rank = np.linalg.matrix_rank
        assert rank(np.vstack([before, left])) > (rank(before) if before.size else 0)


@pytest.mark.parametrize(
    ("figures", "sizes", "people", "arithmetic"),
    [
        pytest.param([[1, 1], [1, 0]], [20, 2], 2, {0: 1, 1: -1}, id="all, and all but two"),
        pytest.param(
            [[1, 1, 1], [1, 0, 0], [0, 1, 0]], [20, 30, 3], 3, {0: 1, 1: -1, 2: -1}, id="a margin less cells"
        ),
        pytest.param(
            [[1, 1, 0, 0, 1], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0], [1, 0, 0, 1, 0]],
            [9, 9, 9, 9, 1], 1, {0: 1, 1: -1, 2: 1, 3: -1}, id="a ring of four tables",
        ),
        pytest.param([[1, 1], [1, 0]], [20, 20], None, {}, id="the difference is large"),
        pytest.param([[1, 1, 0], [0, 1, 1]], [5, 2, 5], None, {}, id="overlap without a part of it"),
    ],
)  # fmt: skip
def test_arithmetic(
    figures: list[list[int]], sizes: list[int], people: int | None, arithmetic: dict[int, int]
) -> None:
    found = asked(np.array(figures), np.array(sizes))
    if people is None:
        assert found == []
    else:
        assert found[0].people == people
        assert dict(found[0].terms) in (arithmetic, {figure: -sign for figure, sign in arithmetic.items()})
