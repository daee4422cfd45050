"""Match two tables of people: ranked keys first, the model for what they leave."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import duckdb

from linkage import deterministic, probabilistic

ALGORITHM = "ranked match keys, then Splink on the residual, one-to-one posterior"
ALGORITHM_VERSION = "1"


@dataclass(frozen=True)
class MatchOptions:
    """How to match. `false_match_rate`: share of the model's links that may be false, 0 to 1."""

    one_to_one: bool = True
    false_match_rate: float = 0.01
    seed: int = 1

    def describe(self) -> dict[str, Any]:
        """Return what a quality report says of the method."""
        return {
            "algorithm": ALGORITHM,
            "version": ALGORITHM_VERSION,
            "splink": version("splink"),
            "duckdb": duckdb.__version__,
            "one_to_one": self.one_to_one,
            "false_match_rate": self.false_match_rate,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class MatchResult:
    """Links by pass, what the model did, and the passes that the columns did not allow."""

    passes: tuple[deterministic.PassResult, ...]
    model: probabilistic.ModelResult
    skipped: tuple[str, ...]


def match(con: duckdb.DuckDBPyConnection, left: str, right: str, options: MatchOptions) -> MatchResult:
    """Match two standardised tables; fill `matches` (left_entity, right_entity, method, probability).

    `method` is "key:<pass>" or "model". A key's probability is the posterior mean of its pass's precision,
    from what the key did not use; the model's is the pair's own.
    """
    passes = deterministic.link(con, left, right, one_to_one=options.one_to_one)
    model = probabilistic.link(
        con,
        left,
        right,
        one_to_one=options.one_to_one,
        false_match_rate=options.false_match_rate,
        seed=options.seed,
    )
    con.execute("CREATE OR REPLACE TEMP TABLE pass_probability(method VARCHAR, probability DOUBLE)")
    con.executemany(
        "INSERT INTO pass_probability VALUES (?, ?)",
        [[each.name, each.probability] for each in passes] or [["", 0.0]],
    )
    con.execute("""
        CREATE OR REPLACE TEMP TABLE matches AS
        SELECT left_entity, right_entity, 'key:' || method AS method, probability
        FROM key_links JOIN pass_probability USING (method)
        UNION ALL SELECT left_entity, right_entity, 'model', probability FROM model_links""")
    ran = {each.name for each in passes}
    skipped = tuple(key.name for key in deterministic.KEYS if key.name not in ran)
    return MatchResult(tuple(passes), model, skipped)
