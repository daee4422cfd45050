"""Which sums and differences of released figures isolate a few people.

Figures are sums over atoms, the finest groups of people that the released tables tell apart. A combination
of figures with coefficients a isolates a group when a·M is zero on every atom outside of it, M being
figures by atoms (0 or 1). What cannot be isolated is eliminated exactly: atoms with as many people as the
threshold must cancel out, and so must atoms that only occur together and are as many. In the space that
is left a combination over few people is a word of low weight, which is searched for by information
sets (Prange 1962; Stern 1989): in a reduced basis over randomly chosen columns such words stand as rows.
The search is random with a fixed seed; every combination it reports is verified in integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_TOLERANCE = 1e-7
_MULTIPLES = 60  # of a coefficient, tried to make it an integer
_LARGEST = 10**6  # of a coefficient that is still believed
_TRIALS, _WORK = 40, 4 * 10**8
_PAIRS_WORK = 2 * 10**7
_FOUND = 20
_MOST_FIGURES = 1_500  # in one elimination, whose time grows with their cube


class TooLarge(Exception):
    """More figures are entangled than can be examined."""


@dataclass(frozen=True)
class Isolation:
    """A combination of figures: (figure, coefficient), the atoms it leaves, how many people they are."""

    terms: tuple[tuple[int, int], ...]
    atoms: tuple[int, ...]
    people: int


@dataclass(frozen=True)
class _Space:
    """Combinations of figures and what they leave: left = combinations @ members, by atom."""

    combinations: Integers
    left: Integers


def isolations(
    members: sparse.csr_array,
    sizes: Integers,
    threshold: int,
    *,
    who: Sequence[frozenset[int]] | None = None,
    known: npt.NDArray[np.bool_] | None = None,
    definite: bool = False,
) -> list[Isolation]:
    """Find combinations of figures that leave at least one and fewer than `threshold` people.

    members: figures by atoms, 0 or 1. sizes: people of each atom. who: the people of each atom with fewer
    than `threshold`, where a person can be in several. known: figures that are known already; what
    they give away alone is not reported again. definite: only combinations whose atoms all have one
    sign. A count of some people less a count of others bounds neither (that is the business of
    `intervals`), while a total of some less a total of others is told to everybody who knows one of them.

    Raises:
        TooLarge: more than 1,500 figures hang together.
    """
    atoms = _Atoms(members, sizes, threshold, who, definite)
    space = _isolating(atoms)
    found = _searched(atoms, space) if space.left.size else []
    if found and known is not None and known.any():
        before = _isolating(atoms.without(~known))
        found = [isolation for isolation in found if not _within(isolation, before, members)]
    return [_shortened(isolation, members) for isolation in found[:_FOUND]]


class _Atoms:
    """Members with equal columns joined, and the people of each."""

    def __init__(
        self,
        members: sparse.csr_array,
        sizes: Integers,
        threshold: int,
        who: Sequence[frozenset[int]] | None,
        definite: bool,
    ) -> None:
        self.members, self.sizes, self.threshold = members, sizes, threshold
        self.who, self.definite = who, definite

    def without(self, figures: npt.NDArray[np.bool_]) -> _Atoms:
        """The same atoms, with some figures left out."""
        kept = sparse.csr_array(self.members.multiply(~figures[:, None]))
        return _Atoms(kept, self.sizes, self.threshold, self.who, self.definite)

    def people(self, atoms: npt.NDArray[np.intp]) -> int:
        """Number of people of several atoms together, or some number from the threshold on."""
        if self.who is None or (self.sizes[atoms] >= self.threshold).any():
            return int(self.sizes[atoms].sum())
        return len(frozenset().union(*(self.who[atom] for atom in atoms)))

    def must_vanish(self, left: Integers, group: npt.NDArray[np.intp]) -> bool:
        """Whether atoms that are left together cannot be what a combination isolates."""
        return self.people(group) >= self.threshold or (self.definite and not _one_sign(left[:, group]))


def _one_sign(together: Integers) -> bool:
    """Whether columns that are multiples of one another are positive ones: any row of them tells."""
    row = together[np.flatnonzero(together[:, 0])[0]]
    return bool((row > 0).all() or (row < 0).all())


def _isolating(atoms: _Atoms) -> _Space:
    """All combinations that leave nothing but atoms, and groups of atoms, under the threshold."""
    members, large = atoms.members, atoms.sizes >= atoms.threshold
    if large.all():
        return _nothing(members)
    active = _not_alone(members[:, large])
    if not active.size:
        return _nothing(members)
    if active.size > _MOST_FIGURES:
        raise TooLarge(f"{active.size:,} figures hang together, {_MOST_FIGURES:,} can be examined")
    kernel = _kernel(members[active][:, large])
    combinations = np.zeros((kernel.shape[0], members.shape[0]), dtype=np.int64)
    combinations[:, active] = kernel
    space = _nonzero(_Space(combinations, combinations @ members))
    while space.left.size:
        heavy = [group[0] for group in _together(space.left) if atoms.must_vanish(space.left, group)]
        if not heavy:
            break
        kernel = _kernel(sparse.csr_array(space.left[:, heavy]))
        space = _nonzero(_Space(kernel @ space.combinations, kernel @ space.left))
    return space


def _nothing(members: sparse.csr_array) -> _Space:
    figures, atoms = members.shape
    return _Space(np.empty((0, figures), np.int64), np.empty((0, atoms), np.int64))


def _not_alone(members: sparse.csr_array) -> npt.NDArray[np.intp]:
    """Figures that may take part: one that has a large atom to itself cannot get rid of it."""
    active = np.ones(members.shape[0], dtype=np.int64)
    columns = sparse.csc_array(members)
    while True:
        alone = np.flatnonzero(active @ members == 1)
        owners = np.unique(columns[:, alone].nonzero()[0])
        owners = owners[active[owners] == 1]
        if not owners.size:
            return np.flatnonzero(active)
        active[owners] = 0


def _kernel(matrix: sparse.csr_array) -> Integers:
    """Integer rows a with a·matrix = 0, a basis of all that can be had in small integers."""
    rows = matrix.shape[0]
    if matrix.shape[1] == 0:
        return np.eye(rows, dtype=np.int64)
    triangle, order, rank = _pivoted(_narrowed(matrix).T)
    solved = np.linalg.solve(triangle[:rank, :rank], triangle[:rank, rank:])
    vectors = np.zeros((rows - rank, rows))
    vectors[:, order[:rank]] = -solved.T
    vectors[np.arange(rows - rank), order[rank:]] = 1
    whole = _whole(vectors)
    left = (sparse.csr_array(whole) @ matrix).toarray()
    return np.asarray(whole[~left.any(axis=1)])


def _pivoted(matrix: Floats) -> tuple[Floats, npt.NDArray[np.intp], int]:
    """The triangle of a QR decomposition, the columns in the order of their pivots, and the rank."""
    from scipy import linalg  # here, because most checks get by without loading it

    triangle, order = linalg.qr(matrix, mode="r", pivoting=True, check_finite=False)
    diagonal = np.abs(np.diag(triangle))
    return triangle, order, int((diagonal > _TOLERANCE * max(1.0, diagonal[0])).sum())


def _narrowed(matrix: sparse.csr_array) -> Floats:
    """No more columns than rows: random sums of columns have the same kernel, but for a chance of nothing."""
    rows, columns = matrix.shape
    if columns <= rows + 8:
        return np.asarray(matrix.toarray(), dtype=np.float64)
    random = np.random.default_rng(0)
    mixed = np.zeros((rows, rows + 8))
    parts = sparse.csc_array(matrix)
    for first in range(0, columns, 2_000):
        part = parts[:, first : first + 2_000]
        mixed += part @ (random.random((part.shape[1], rows + 8), dtype=np.float32) - 0.5)
    return mixed


def _whole(vectors: Floats) -> Integers:
    """The smallest integer multiples of rows, those left out that have none of a believable size."""
    found: list[Integers] = []
    for multiple in range(1, _MULTIPLES + 1):
        if not vectors.size:
            break
        scaled = vectors * multiple
        near = np.rint(scaled)
        good = (np.abs(scaled - near).max(axis=1) < 1e-6 * multiple) & (np.abs(near).max(axis=1) <= _LARGEST)
        numbers = near[good].astype(np.int64)
        found.append(numbers // np.maximum(1, np.gcd.reduce(numbers, axis=1))[:, None])
        vectors = vectors[~good]
    return np.concatenate([*found, np.empty((0, vectors.shape[1]), dtype=np.int64)])


def _nonzero(space: _Space) -> _Space:
    some = space.left.any(axis=1)
    return _Space(space.combinations[some], space.left[some])


def _together(left: Integers) -> list[npt.NDArray[np.intp]]:
    """Groups of columns that are multiples of one another: they are left together or not at all."""
    groups: dict[bytes, list[int]] = {}
    for column in np.flatnonzero(left.any(axis=0)):
        numbers = left[:, column]
        first = numbers[np.flatnonzero(numbers)[0]]
        reduced = numbers // np.gcd.reduce(numbers) * np.sign(first)
        groups.setdefault(reduced.tobytes(), []).append(int(column))
    return [np.array(group, dtype=np.intp) for group in groups.values()]


def _searched(atoms: _Atoms, space: _Space) -> list[Isolation]:
    """Words of low weight in the space, lightest first."""
    groups = _together(space.left)
    crowd = np.array([atoms.people(group) for group in groups], dtype=np.int64)
    basis = space.left[:, [group[0] for group in groups]].astype(np.float64)
    basis, combinations = _independent(basis, space.combinations)
    rank, width = basis.shape
    random = np.random.default_rng(0)
    trials = int(np.clip(_WORK // (rank * rank * width + 1), 2, _TRIALS))
    found: dict[bytes, Isolation] = {}
    for trial in range(trials):
        scale = np.exp(random.standard_normal(width) * (2.0 if trial else 0.0)) * (crowd + 0.5)
        chosen = _pivoted(basis * scale)[1][:rank]
        solver = np.linalg.inv(basis[:, chosen])
        rows = solver @ basis
        for weights in _light(
            rows, crowd, atoms.threshold, pairs=rank**2 * width**2 < _PAIRS_WORK and trial < 3
        ):
            isolation = _verified(weights @ solver @ combinations, atoms)
            if isolation is not None:
                found.setdefault(np.array(isolation.atoms).tobytes(), isolation)
        if len(found) >= _FOUND:
            break
    return sorted(found.values(), key=lambda isolation: (isolation.people, len(isolation.terms)))


def _independent(basis: Floats, combinations: Integers) -> tuple[Floats, Integers]:
    _, order, rank = _pivoted(basis.T)
    return basis[order[:rank]], combinations[order[:rank]]


def _light(rows: Floats, crowd: Integers, threshold: int, *, pairs: bool) -> list[Floats]:
    """Rows, and differences of two of them, that seem to leave fewer people; as weights of the rows."""
    number = rows.shape[0]
    zeroed = np.where(np.abs(rows) > _TOLERANCE, rows, 0.0)
    units = np.eye(number)
    found = [units[place] for place in range(number) if ((zeroed[place] != 0) @ (crowd > 0)) < threshold]
    if not pairs:
        return found
    for first in range(number):
        for second in range(first + 1, number):
            common = (zeroed[first] != 0) & (zeroed[second] != 0)
            for ratio in np.unique(np.round(zeroed[first][common] / zeroed[second][common], 9)):
                left = np.abs(zeroed[first] - ratio * zeroed[second]) > 1e-6
                if (left @ (crowd > 0)) < threshold:
                    found.append(units[first] - ratio * units[second])
    return found


def _verified(combination: Floats, atoms: _Atoms) -> Isolation | None:
    """The combination in integers, if it isolates anybody indeed."""
    whole = _whole(combination[None, :])
    if not whole.size:
        return None
    terms = whole[0]
    difference = terms @ atoms.members
    left = np.flatnonzero(difference)
    people = atoms.people(left) if left.size else 0
    mixed = difference.min(initial=0) < 0 < difference.max(initial=0)
    if not 0 < people < atoms.threshold or (atoms.definite and mixed):
        return None
    return Isolation(_terms(terms), tuple(left.tolist()), people)


def _terms(combination: Integers) -> tuple[tuple[int, int], ...]:
    return tuple((int(place), int(combination[place])) for place in np.flatnonzero(combination))


def _vector(isolation: Isolation, members: sparse.csr_array) -> Integers:
    combination = np.zeros(members.shape[0], dtype=np.int64)
    for figure, coefficient in isolation.terms:
        combination[figure] = coefficient
    return combination


def _within(isolation: Isolation, space: _Space, members: sparse.csr_array) -> bool:
    """Whether a space gives the same difference away already."""
    if not space.left.size:
        return False
    wanted = (_vector(isolation, members) @ members).astype(np.float64)
    basis = space.left.astype(np.float64)
    solved = np.linalg.lstsq(basis.T, wanted, rcond=None)[0]
    return bool(np.abs(solved @ basis - wanted).max() < 1e-6)


def _shortened(isolation: Isolation, members: sparse.csr_array) -> Isolation:
    """The same difference with the fewest figures that a linear programme finds."""
    from scipy import optimize  # here, because most checks get by without loading it

    wanted = _vector(isolation, members) @ members
    columns = sparse.csr_array(members.T)
    solved = optimize.linprog(
        np.ones(2 * members.shape[0]),
        A_eq=sparse.hstack([columns, -columns]),
        b_eq=wanted,
        method="highs",
        options={"time_limit": 2.0},
    )
    if solved.x is None:
        return isolation
    terms = np.rint(solved.x[: members.shape[0]] - solved.x[members.shape[0] :]).astype(np.int64)
    if not np.array_equal(terms @ members, wanted) or np.count_nonzero(terms) >= len(isolation.terms):
        return isolation
    return Isolation(_terms(terms), isolation.atoms, isolation.people)
