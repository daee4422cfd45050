"""Splink for what the match keys left: a Fellegi–Sunter model, trained on the data itself.

The model is trained on linked and unlinked records together, because the residual alone holds too few
matches for expectation maximisation; its prior is then re-based to residual × residual, and each pair's
probability is the posterior under one-to-one linkage, so that two equally good candidates set each other
aside. Fellegi & Sunter 1969; Splink 5 (Linacre et al. 2022); Jaro 1989 for one-to-one assignment.
"""
# ruff: noqa: S608 - the SQL is put together from this module's own names, never from values

import logging
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from lab.base.files import canonical_json, sha256_bytes
from linkage import comparisons
from linkage.deterministic import available_columns
from linkage.tables import scalar

MIN_TRAINING = 300
"""Records needed on each side: EM asks for a few hundred pairs at the least (Splink's own advice)."""
_SAMPLE = 100_000
_PAIRS_FOR_U = 500_000
_PAIRS_FOR_EM = 1_000_000
_MIN_COMPARISONS = 3
_BEST_ONLY = 0.5

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ModelResult:
    """What the model did with the residual, or why it did nothing.

    `threshold` is the lowest probability accepted, chosen so that the expected share of false links among
    those accepted is at most `false_match_rate`. `ambiguous` counts records whose best candidates were too
    alike.
    """

    used: bool
    reason: str = ""
    links: int = 0
    pairs_scored: int = 0
    ambiguous: int = 0
    prior: float = 0.0
    threshold: float = 1.0
    expected_false: float = 0.0
    false_match_rate: float = 0.0
    seed: int = 0
    model_sha256: str = ""


def link(
    con: duckdb.DuckDBPyConnection,
    left: str,
    right: str,
    *,
    one_to_one: bool,
    false_match_rate: float,
    seed: int,
) -> ModelResult:
    """Link what `key_links` left; fill `model_links` (left_entity, right_entity, probability)."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE model_links(left_entity BIGINT, right_entity BIGINT, "
        "probability DOUBLE)"
    )
    available = available_columns(con, left, right)
    sizes = _splink_tables(con, left, right, one_to_one)
    problem = _why_not(sizes, comparisons.usable(available))
    if problem:
        return ModelResult(False, problem, false_match_rate=false_match_rate, seed=seed)
    rules = comparisons.training_rules(con, "train_left", "train_right", available)
    if missing := comparisons.untrained(rules, available):
        reason = f"too few pairs agree on anything to learn {' and '.join(missing)} from"
        return ModelResult(False, reason, false_match_rate=false_match_rate, seed=seed)
    _quiet()
    from splink.internals.exceptions import SplinkException

    try:
        model = _train(con, available, rules, seed)
    except SplinkException as error:
        reason = f"the model could not be trained: {str(error).splitlines()[0]}"
        return ModelResult(False, reason, false_match_rate=false_match_rate, seed=seed)
    edges = _score(con, model, available)
    prior_weight = _log_odds(model["probability_two_random_records_match"])
    chosen = _decide(
        edges, prior_weight, sizes["rest_left"], sizes["rest_right"], one_to_one, false_match_rate
    )
    accepted = chosen.probability >= chosen.threshold
    found = {"l": edges.left[accepted], "r": edges.right[accepted], "p": chosen.probability[accepted]}
    con.register("accepted_links", found)
    con.execute("INSERT INTO model_links SELECT l, r, p FROM accepted_links")
    con.unregister("accepted_links")
    ambiguous = len(np.setdiff1d(edges.left[chosen.alone >= _BEST_ONLY], found["l"]))
    return ModelResult(
        True,
        "",
        int(accepted.sum()),
        len(edges.left),
        ambiguous,
        chosen.prior,
        chosen.threshold,
        float((1 - found["p"]).sum()),
        false_match_rate,
        seed,
        sha256_bytes(canonical_json(_parameters(model))),
    )


def _why_not(sizes: dict[str, int], usable: tuple[str, ...]) -> str:
    if not sizes["rest_left"] or not sizes["rest_right"]:
        return "the match keys left nothing to link"
    fewest = min(sizes["train_left"], sizes["train_right"])
    if fewest < MIN_TRAINING:
        return f"{fewest} records are too few to train a model on; it takes {MIN_TRAINING} on each side"
    if len(usable) < _MIN_COMPARISONS:
        return f"{len(usable)} comparable fields are too few for a model; it takes {_MIN_COMPARISONS}"
    return ""


def _quiet() -> None:
    """Keep Splink's messages to errors: they would mix with results, and quote values."""
    logging.getLogger("splink").setLevel(logging.ERROR)


def _splink_tables(con: duckdb.DuckDBPyConnection, left: str, right: str, one_to_one: bool) -> dict[str, int]:
    """Make rest_left and rest_right, to score, train_left and train_right, to learn from; count entities."""
    sizes = {}
    for side, table in (("left", left), ("right", right)):
        linked = f"entity IN (SELECT {side}_entity FROM key_links)"
        rest = f"NOT {linked}" if one_to_one or side == "left" else "true"
        columns = (
            "rid AS unique_id, entity, * EXCLUDE (entity, rid) "
            "REPLACE (strftime(dob, '%Y-%m-%d') AS dob, strftime(dobk, '%Y-%m-%d') AS dobk)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE rest_{side} AS SELECT {columns} FROM {table} WHERE {rest}")
        # One row per entity, and both ends of the same linked pairs, whatever the size of the sample.
        end = "coalesce(k.left_entity, -1 - t.entity)" if side == "right" else "t.entity"
        join = "LEFT JOIN key_links k ON k.right_entity = t.entity" if side == "right" else ""
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE train_{side} AS
            WITH first AS (SELECT {columns} FROM {table} QUALIFY rid = min(rid) OVER (PARTITION BY entity))
            SELECT t.*, {end} AS pair_end FROM first t {join}
            QUALIFY row_number() OVER (PARTITION BY t.entity) = 1
                AND row_number() OVER (PARTITION BY t.{linked}
                                       ORDER BY hash({end}), t.unique_id) <= {_SAMPLE}""")
    for name in ("rest_left", "rest_right", "train_left", "train_right"):
        sizes[name] = scalar(con, f"SELECT count(DISTINCT entity) FROM {name}")
    return sizes


def _linker(con: duckdb.DuckDBPyConnection, left: str, right: str, settings: Any) -> Any:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(con)
    frames = [api.register(left, dataset_display_name="a"), api.register(right, dataset_display_name="b")]
    return Linker(frames, settings, log_level=None)


def _train(
    con: duckdb.DuckDBPyConnection, available: frozenset[str], rules: list[str], seed: int
) -> dict[str, Any]:
    """Return a trained Splink model; `tf_<column>` tables are left for the scoring."""
    settings = _with_u(con, comparisons.settings(available), seed)
    linker = _linker(con, "train_left", "train_right", settings)
    for rule in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule,
            max_pairs=_PAIRS_FOR_EM,
            estimate_without_term_frequencies=True,
            record_sample_proportion=1.0,
        )
    for column in comparisons.frequency_columns(available):
        frequencies = linker.table_management.compute_tf_table(column)
        con.execute(f"CREATE OR REPLACE TEMP TABLE tf_{column} AS FROM {frequencies.physical_name}")
    model: dict[str, Any] = linker.misc.save_model_to_json()
    linker.table_management.delete_tables_created_by_splink_from_db()
    _raise_to(model, "m_probability", 0.5 / scalar(con, "SELECT count(*) FROM train_left"))
    return model


def _with_u(con: duckdb.DuckDBPyConnection, settings: Any, seed: int) -> dict[str, Any]:
    """Estimate how often strangers agree, on two halves that share no linked pair.

    Random pairs of two files that cover the same people hold one match in n, far more often than strangers
    share an identifier by chance; left in, they would pass for chance agreement.
    """
    for side, half in (("left", 0), ("right", 1)):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE strangers_{side} AS SELECT * FROM train_{side} "
            f"WHERE hash(pair_end, {int(seed)}) % 2 = {half}"
        )
    linker = _linker(con, "strangers_left", "strangers_right", settings)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=_PAIRS_FOR_U, seed=seed, min_count_per_level=None, num_chunks=1
    )
    model: dict[str, Any] = linker.misc.save_model_to_json()
    linker.table_management.delete_tables_created_by_splink_from_db()
    _raise_to(model, "u_probability", 0.5 / _PAIRS_FOR_U)
    return model


def _raise_to(model: dict[str, Any], name: str, least: float) -> None:
    """Give a level that the training hardly saw half a pair: rare is not impossible."""
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                level[name] = max(level.get(name) or 0.0, least)


@dataclass(frozen=True)
class _Edges:
    """Scored pairs of entities: match weight in bits, prior included."""

    left: Ints
    right: Ints
    weight: Floats


def _score(con: duckdb.DuckDBPyConnection, model: dict[str, Any], available: frozenset[str]) -> _Edges:
    rules = comparisons.blocking_rules(con, "rest_left", "rest_right", available)
    model = {**model, "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules]}
    linker = _linker(con, "rest_left", "rest_right", model)
    for column in comparisons.frequency_columns(available):
        table = linker._db_api.register(f"tf_{column}")
        linker.table_management.register_term_frequency_lookup(table, column)
    scored = linker.inference.predict(threshold_match_weight=-10)
    columns = con.execute(f"""
        SELECT l.entity AS l, r.entity AS r, max(s.match_weight) AS w FROM {scored.physical_name} s
        JOIN rest_left l ON l.unique_id = if(s.source_dataset_l = 'a', s.unique_id_l, s.unique_id_r)
        JOIN rest_right r ON r.unique_id = if(s.source_dataset_l = 'a', s.unique_id_r, s.unique_id_l)
        GROUP BY ALL ORDER BY l, r""").fetchnumpy()
    linker.table_management.delete_tables_created_by_splink_from_db()
    return _Edges(
        columns["l"].astype(np.int64), columns["r"].astype(np.int64), columns["w"].astype(np.float64)
    )


@dataclass(frozen=True)
class _Choice:
    prior: float
    probability: Floats
    alone: Floats
    threshold: float


def _decide(
    edges: _Edges, prior_weight: float, n_left: int, n_right: int, one_to_one: bool, rate: float
) -> _Choice:
    """Re-base the prior to these two residuals, turn weights into probabilities, choose the threshold."""
    _, left = np.unique(edges.left, return_inverse=True)
    _, right = np.unique(edges.right, return_inverse=True)
    evidence = np.exp2(np.clip(edges.weight - prior_weight, -100, 100))
    prior = 1.0 / max(n_left, n_right)
    for _ in range(60):
        odds = evidence * prior / (1 - prior)
        expected = float(_posterior(odds, left, right, one_to_one).sum())
        prior = min(max(expected / (n_left * n_right), 1e-12), 1.0 / max(n_left, n_right))
    odds = evidence * prior / (1 - prior)
    probability = _posterior(odds, left, right, one_to_one)
    return _Choice(prior, probability, odds / (1 + odds), _threshold(probability, rate))


def _posterior(odds: Floats, left: Ints, right: Ints, one_to_one: bool) -> Floats:
    """Probability of each pair; one-to-one, a pair stands against all others of either of its records."""
    if not one_to_one or not len(odds):
        return np.asarray(odds / (1 + odds))
    of_left = np.bincount(left, odds)[left]
    of_right = np.bincount(right, odds)[right]
    return np.asarray(odds / (1 + np.maximum(of_left, of_right)))


def _threshold(probability: Floats, rate: float) -> float:
    """Lowest probability, at least one half, at which links are expected to be false at most at `rate`."""
    best = np.sort(probability[probability > _BEST_ONLY])[::-1]
    false = np.cumsum(1 - best) / np.arange(1, len(best) + 1)
    # Pairs of one probability are accepted together or not at all.
    last_of_ties = np.append(best[1:] < best[:-1], True)[: len(best)]
    allowed = np.flatnonzero((false <= rate) & last_of_ties)
    return float(best[allowed[-1]]) if len(allowed) else 1.0


def _log_odds(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))


def _parameters(model: dict[str, Any]) -> list[dict[str, Any]]:
    """What the model learnt, without the parts that name tables or runs."""
    return [
        {
            "name": comparison["output_column_name"],
            "levels": [
                {key: level.get(key) for key in ("sql_condition", "m_probability", "u_probability")}
                for level in comparison["comparison_levels"]
            ],
        }
        for comparison in model["comparisons"]
    ]
