"""Where people live: local authorities, made-up postcodes and small areas in them."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from linkage.suppliers.schema import local_authorities
from linkage.synth.arrays import Floats, Ints, Words

SMALL_AREAS = 60  # of each local authority
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # no C I K M O V in the inward half of a postcode


@dataclass(frozen=True)
class Places:
    """The local authorities people live in, one array element each."""

    la_code: Words
    postcode_area: Words
    region_code: Words
    share: Floats
    deprivation: Floats


@cache
def places() -> Places:
    """All places of the generator; a few are so small that their cells will be rare."""
    with (Path(__file__).parent / "places.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with local_authorities().open(encoding="utf-8", newline="") as lines:
        regions = {row["code"]: row["region_code"] for row in csv.DictReader(lines)}
    weights = np.array([float(row["weight"]) for row in rows])
    return Places(
        la_code=np.array([row["la_code"] for row in rows], dtype=object),
        postcode_area=np.array([row["postcode_area"] for row in rows], dtype=object),
        region_code=np.array([regions[row["la_code"]] for row in rows], dtype=object),
        share=weights / weights.sum(),
        deprivation=np.array([float(row["deprivation"]) for row in rows]),
    )


def postcodes(rng: np.random.Generator, place: Ints, small_area: Ints) -> Words:
    """A unit postcode in each small area."""
    letters = np.array(list(_UNIT_LETTERS), dtype=object)
    first, second = (letters[rng.integers(len(letters), size=len(place))] for _ in range(2))
    district = (1 + small_area % 15).astype(str).astype(object)
    sector = (1 + small_area // 15).astype(str).astype(object)
    found: Words = places().postcode_area[place] + district + " " + sector + first + second
    return found


def lsoa_codes(place: Ints, small_area: Ints) -> Words:
    """Code of each small area; None in Northern Ireland, whose areas are coded otherwise."""
    country = np.array([code[0] for code in places().la_code], dtype=object)[place]
    number = np.char.mod("01%06d", 1000 + place * SMALL_AREAS + small_area).astype(object)
    codes: Words = country + number
    codes[country == "N"] = None
    return codes


def deprivation_deciles(place: Ints, small_area: Ints) -> Ints:
    """Decile of each small area, 1 the most deprived, around that of its local authority."""
    spread = (small_area * 37 % SMALL_AREAS) / SMALL_AREAS * 8 - 4
    decile = 5.5 - 3.5 * places().deprivation[place] + spread
    return np.clip(np.rint(decile), 1, 10).astype(np.int64)
