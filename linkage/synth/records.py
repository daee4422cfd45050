"""A supplier's records of people, and the keys its rows stand under."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from linkage.synth.arrays import Flags, Ints, Words, missing_where
from linkage.synth.numbers import record_keys
from linkage.synth.people import People

LETTERS = {"dwp": "D", "hmrc": "H", "nhs": "N"}
_TWICE = 0.015  # share of people who stand twice in a supplier's records
_ROWS_OF_A_BLOCK = 2_000_000  # more than a block of any table has, so that row numbers never meet

# Key columns that count rows, by table: column, letter, the frame's column it is made from (None: the row).
_ROW_KEYS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "spells": (("spell_id", "S", None),),
    "employments": (("employment_id", "M", None),),
    "pay": (("employment_id", "M", "job"),),
    "episodes": (("episode_key", "K", None), ("spell_id", "L", "spell")),
    "events": (("event_id", "V", None),),
    "fitnotes": (("fitnote_id", "F", None),),
}


@dataclass(frozen=True)
class Records:
    """One supplier's records of a block: the person (row of the block) and key of each.

    `first` and `second` are, by person, the number of the record and of its duplicate, -1 for none.
    """

    person: Ints
    keys: Words
    first: Ints
    second: Ints

    @classmethod
    def of(
        cls, supplier: str, folk: People, held: Flags, size: int, seed: int, rng: np.random.Generator
    ) -> "Records":
        """Records of the people held among the first `size` of the block; a few stand twice."""
        person = np.flatnonzero(held)
        twice = person[rng.random(len(person)) < _TWICE]
        inside, again = person[person < size], twice[twice < size]
        first, second = np.full(len(folk), -1), np.full(len(folk), -1)
        first[inside] = np.arange(len(inside))
        second[again] = len(inside) + np.arange(len(again))
        everyone = np.concatenate([inside, again])
        number = folk.index[everyone] * 2 + (np.arange(len(everyone)) >= len(inside))
        return cls(everyone, record_keys(LETTERS[supplier], number, seed).astype(object), first, second)

    def keys_of(self, who: Ints, rng: np.random.Generator) -> Words:
        """The key that rows about people stand under; None where the supplier does not hold them.

        Who stands twice has rows under both keys.
        """
        other = (self.second[who] >= 0) & (rng.random(len(who)) < 0.4)
        record = np.where(other, self.second[who], self.first[who])
        keys = np.concatenate([self.keys, np.array([None])])  # -1, not held, is the last
        return missing_where(record < 0, keys[record])

    def keyed(
        self, tables: dict[str, pd.DataFrame], block: int, seed: int, rng: np.random.Generator
    ) -> dict[str, pd.DataFrame]:
        """Payload under the supplier's keys, without the rows of people it does not hold."""
        keyed: dict[str, pd.DataFrame] = {}
        for name, table in tables.items():
            rows = self._held(table, keyed, rng)
            for column, letter, source in _ROW_KEYS[name]:
                number = rows.index if source is None else rows[source]
                counted = block * _ROWS_OF_A_BLOCK + np.asarray(number, dtype=np.int64)
                rows = rows.assign(**{column: record_keys(letter, counted, seed).astype(object)})
            if "employer" in rows:
                employer = rows["employer"].to_numpy(dtype=np.int64)
                rows = rows.assign(employer_id=record_keys("P", employer, seed).astype(object))
            keyed[name] = rows
        return keyed

    def _held(
        self, table: pd.DataFrame, keyed: dict[str, pd.DataFrame], rng: np.random.Generator
    ) -> pd.DataFrame:
        if "job" in table:  # pay hangs on the employments that are held
            return table[table["job"].isin(keyed["employments"].index)]
        table = table.assign(record_id=self.keys_of(table["person"].to_numpy(), rng))
        return table[table["record_id"].notna()]
