"""Numbers of people who do not exist are valid, different, and nobody's."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.synth import health, numbers

unhurried = settings(deadline=None, max_examples=50)  # a busy machine is no mistake
PEOPLE = st.lists(st.integers(0, 30_000_000), min_size=2, max_size=50, unique=True).map(
    lambda found: np.array(found, dtype=np.int64)
)
VALID_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]")


@unhurried
@given(PEOPLE)
def test_ninos_are_valid_different_and_of_unissued_prefixes(people: np.ndarray) -> None:
    made = numbers.ninos(people)
    assert len(set(made)) == len(people)
    assert all(VALID_NINO.fullmatch(nino) and nino[0] in "GX" and nino[:2] != "GY" for nino in made)


@unhurried
@given(st.lists(st.integers(0, 2_500_000), min_size=2, max_size=20, unique=True))
def test_nhs_numbers_are_valid_different_and_of_unissued_prefixes(people: list[int]) -> None:
    made = numbers.nhs_numbers(np.array(people, dtype=np.int64))
    assert len(set(made)) == len(people)
    for number, person in zip(made, people, strict=True):
        weighted = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False))
        assert (11 - weighted % 11) % 11 == int(number[9])
        assert int(number[:3]) == 999 - person // 900_000


def test_known_check_digits() -> None:
    known = np.array([943_476_591, 400_000_000], dtype=np.int64)
    assert numbers.nhs_check_digits(known).tolist() == [9, 4]


def test_more_people_than_unissued_numbers_is_an_error() -> None:
    with pytest.raises(ValueError, match="unissued"):
        numbers.nhs_numbers(np.array([900_000 * 200], dtype=np.int64))


@unhurried
@given(PEOPLE, st.integers(0, 1000))
def test_record_keys_are_different_and_differ_by_seed(people: np.ndarray, seed: int) -> None:
    keys = numbers.record_keys("D", people, seed)
    assert len(set(keys)) == len(people)
    assert all(re.fullmatch("D[0-9]{10}", key) for key in keys)
    assert set(keys) != set(numbers.record_keys("D", people, seed + 1))


@unhurried
@given(st.integers(10**5, 10**16), st.integers(0, 9))
def test_verhoeff_accepts_one_digit_in_ten_and_finds_every_single_error(stem: int, error: int) -> None:
    valid = [f"{stem}{digit}" for digit in range(10) if numbers.verhoeff_valid(f"{stem}{digit}")]
    assert len(valid) == 1
    place = stem % len(valid[0])
    wrong = valid[0][:place] + str(error) + valid[0][place + 1 :]
    assert numbers.verhoeff_valid(wrong) == (wrong == valid[0])


def test_generated_snomed_codes_have_their_check_digit() -> None:
    codes = [*health._SNOMED, health._BLOOD_PRESSURE, health._BODY_MASS, health._DIABETES]
    assert all(numbers.verhoeff_valid(code) for code in codes)
