"""Numbers with rules, of people who do not exist: NINO, NHS number, SNOMED check digits, record keys.

No number made here can be a real person's. NINOs have valid prefixes of the letters G and X that were not
issued; NHS numbers come from the 999 test range (EXTRACTS.md), and where its 900,000 are used up from the
prefixes below it, down to 800, none of which was issued.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Texts = NDArray[np.str_]

_LETTERS = "ABCEGHJKLMNPRSTWXYZ"
_PREFIXES = tuple(f + s for f in "GX" for s in _LETTERS if f + s not in {"GB", "GY"})
_NINOS = len(_PREFIXES) * 10**6
_PER_PREFIX = 900_000
_FIRST_PREFIX, _LAST_PREFIX = 999, 800
_RECORD_PRIME = 9_999_999_967  # the largest prime below 10^10, so that a multiplier permutes all keys


def ninos(index: Ints) -> Texts:
    """A NINO for each person's index (0 … 36 million), different for different indices."""
    spread = (index * 7_368_787 + 1_234_577) % _NINOS
    prefix = np.array(_PREFIXES)[spread // 10**6]
    suffix = np.array(list("ABCD"))[(spread // 7) % 4]
    return np.char.add(np.char.add(prefix, np.char.mod("%06d", spread % 10**6)), suffix)


def nhs_check_digits(first_nine: Ints) -> Ints:
    """Modulus 11 with weights 10…2 (NHS Data Dictionary); 10 means there is no such number."""
    total = np.zeros_like(first_nine)
    for place in range(9):
        total += (first_nine // 10 ** (8 - place)) % 10 * (10 - place)
    return (11 - total % 11) % 11


def nhs_numbers(index: Ints) -> Texts:
    """A valid NHS number for each person's index (0 … 180 million), different for different indices."""
    numbers = np.empty(len(index), dtype=np.int64)
    block = index // _PER_PREFIX
    for each in np.unique(block):
        prefix = _FIRST_PREFIX - int(each)
        if prefix < _LAST_PREFIX:
            raise ValueError("more people than there are unissued NHS numbers")
        here = block == each
        numbers[here] = _valid_numbers(prefix)[index[here] % _PER_PREFIX]
    return np.char.mod("%010d", numbers)


@cache
def _valid_numbers(prefix: int) -> Ints:
    nine = prefix * 10**6 + (np.arange(10**6, dtype=np.int64) * 387_420_489 + 271_828) % 10**6
    check = nhs_check_digits(nine)
    valid = check < 10
    return (nine[valid] * 10 + check[valid])[:_PER_PREFIX]


def record_keys(letter: str, index: Ints, seed: int) -> Texts:
    """Keys of ten digits after a letter: different for different indices, in no order that says anything."""
    multiplier = 1 + np.random.default_rng([seed, ord(letter)]).integers(10**8, 9 * 10**8)
    return np.char.mod(f"{letter}%010d", (index * multiplier + 12_345) % _RECORD_PRIME)


def verhoeff_valid(code: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the others (SNOMED CT identifiers)."""
    state = 0
    for place, digit in enumerate(reversed(code)):
        state = _dihedral(state, _permuted(place, int(digit)))
    return state == 0


def _dihedral(a: int, b: int) -> int:
    """Product in the dihedral group of order ten."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _permuted(place: int, digit: int) -> int:
    for _ in range(place % 8):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit
