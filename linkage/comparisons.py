"""What the model compares, and which pairs it looks at."""
# ruff: noqa: S608 - the SQL is put together from this module's own names, never from values

from typing import Any

import duckdb

from linkage.deterministic import words
from linkage.tables import scalar

_PAIRS_PER_RECORD = 60
_MIN_PAIR_BUDGET = 1_500_000
_MIN_TRAINING_PAIRS = 200

_SWAPPED = (
    "jaro_winkler_similarity(forename_l, surname_r) >= 0.88 AND "
    "jaro_winkler_similarity(surname_l, forename_r) >= 0.88"
)
_CROSSED = "forename_l = surname_r OR surname_l = forename_r"

# Levels from agreement to disagreement: (SQL, label, column whose frequency adjusts it).
_LEVELS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "forename": (
        ("forename_l = forename_r", "same", "forename"),
        ("root_l = root_r", "nickname", ""),
        ("jaro_winkler_similarity(forename_l, forename_r) >= 0.9", "alike", ""),
        ("initial_l = initial_r AND least(length(forename_l), length(forename_r)) = 1", "initial", ""),
        (_SWAPPED, "swapped with surname", ""),
        ("jaro_winkler_similarity(forename_l, forename_r) >= 0.75", "a little alike", ""),
    ),
    "surname": (
        ("surname_l = surname_r", "same", "surname"),
        ("jaro_winkler_similarity(surname_l, surname_r) >= 0.9", "alike", ""),
        (_SWAPPED, "swapped with forename", ""),
        (_CROSSED, "one name in the other's place", ""),
        ("jaro_winkler_similarity(surname_l, surname_r) >= 0.75", "a little alike", ""),
    ),
    "dob": (
        ("dob_l = dob_r", "same", "dob"),
        ("dobk_l = dobk_r", "day and month swapped", ""),
        ("damerau_levenshtein(dob_l, dob_r) <= 1", "one digit", ""),
        ("damerau_levenshtein(dob_l, dob_r) <= 2", "two digits", ""),
        ("left(dob_l, 4) = left(dob_r, 4)", "year", ""),
    ),
    "sex": (("sex_l = sex_r", "same", ""),),
    "postcode": (
        ("postcode_l = postcode_r", "same", "postcode"),
        ("damerau_levenshtein(postcode_l, postcode_r) <= 1", "one letter", ""),
        ("sector_l = sector_r", "sector", ""),
        ("district_l = district_r", "district", ""),
    ),
    "nino": (
        ("nino_l = nino_r", "same", ""),
        ("damerau_levenshtein(nino_l, nino_r) <= 1", "one character", ""),
        ("damerau_levenshtein(nino_l, nino_r) <= 2", "two characters", ""),
    ),
    "nhs_number": (
        ("nhs_number_l = nhs_number_r", "same", ""),
        ("damerau_levenshtein(nhs_number_l, nhs_number_r) <= 1", "one digit", ""),
        ("damerau_levenshtein(nhs_number_l, nhs_number_r) <= 2", "two digits", ""),
    ),
}

# Each session learns the fields that its rule does not fix; between them they see every field.
_TRAINING = (("forename", "surname"), ("dob",), ("postcode",), ("nino",), ("nhs_number",))
# Where these leave a field out, a wider rule with fewer matches among its pairs has to do.
_ELSE = (("surname",),)

# Always looked at, then the wider ones while the pairs stay within the budget.
_NARROW = (
    ("nino",),
    ("nhs_number",),
    ("dob", "initial"),
    ("dob", "left(surname, 2)"),
    ("dobk", "surname"),
    ("dobk", "root"),
    ("dob", "postcode"),
    ("surname", "forename", "left(dob, 4)"),
    ("postcode", "surname"),
    ("postcode", "root"),
    ("surname", "root", "district"),
    ("least(root, surname)", "greatest(root, surname)", "left(dob, 4)"),
)
_WIDE = (
    ("dob",),
    ("postcode", "initial"),
    ("surname", "root"),
    ("postcode",),
    ("surname", "left(dob, 7)"),
    ("root", "left(dob, 7)"),
    ("left(surname, 3)", "left(forename, 3)", "district"),
    ("left(surname, 4)", "left(dob, 4)"),
)


def usable(available: frozenset[str]) -> tuple[str, ...]:
    """Comparisons that the columns allow."""
    return tuple(name for name in _LEVELS if name in available)


def frequency_columns(available: frozenset[str]) -> tuple[str, ...]:
    """Columns whose common values count for less than their rare ones."""
    return tuple(name for name in usable(available) if any(level[2] for level in _LEVELS[name]))


def settings(available: frozenset[str]) -> Any:
    """Return Splink's settings, untrained and without blocking rules."""
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="link_only",
        comparisons=[_comparison(name, available) for name in usable(available)],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=False,
        max_iterations=15,
        em_convergence=0.001,
        linker_uid="linkage",
    )


def _comparison(name: str, available: frozenset[str]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    for condition, label, frequency in _LEVELS[name]:
        if condition in {_SWAPPED, _CROSSED} and not {"forename", "surname"} <= available:
            continue
        level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": label}
        if frequency:
            level |= {"tf_adjustment_column": frequency, "tf_adjustment_weight": 1.0}
        levels.append(level)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "different"})
    return {"output_column_name": name, "comparison_levels": levels}


def training_rules(
    con: duckdb.DuckDBPyConnection, left: str, right: str, available: frozenset[str]
) -> list[str]:
    """Blocking rules of the training sessions: those that find enough pairs to learn from."""
    found: list[str] = []
    for rule in (*_TRAINING, *_ELSE):
        needed = rule not in _ELSE or untrained(found, available)
        if needed and set(rule) <= available and _pairs(con, left, right, rule) >= _MIN_TRAINING_PAIRS:
            found.append(_condition(rule))
    return found


def untrained(rules: list[str], available: frozenset[str]) -> list[str]:
    """Comparisons that no session can learn, because every rule fixes a column that they compare."""
    return [name for name in usable(available) if not any(_free(rule, name) for rule in rules)]


def _free(rule: str, comparison: str) -> bool:
    """Say whether a session under the rule learns the comparison; a swap ties the two names together."""
    columns = {word.removeprefix("l.") for word in rule.split() if word.startswith("l.")}
    compared = (
        {"forename", "root", "initial", "surname"} if comparison in {"forename", "surname"} else {comparison}
    )
    return not columns & compared


def _condition(parts: tuple[str, ...]) -> str:
    return " AND ".join(f"{_on('l', part)} = {_on('r', part)}" for part in parts)


def _on(side: str, part: str) -> str:
    for column in sorted(_BLOCKING_COLUMNS, key=len, reverse=True):
        if part == column:
            return f"{side}.{column}"
    for column in _BLOCKING_COLUMNS:
        part = part.replace(f"({column},", f"({side}.{column},").replace(f" {column})", f" {side}.{column})")
    return part


_BLOCKING_COLUMNS = (
    "forename",
    "root",
    "initial",
    "surname",
    "dob",
    "dobk",
    "postcode",
    "district",
    "nino",
    "nhs_number",
)


def blocking_rules(
    con: duckdb.DuckDBPyConnection, left: str, right: str, available: frozenset[str]
) -> list[str]:
    """Rules that say which pairs are scored: the narrow ones, and the wide ones that the size allows."""
    rules = [rule for rule in _NARROW if _columns(rule) <= available]
    rows = sum(scalar(con, f"SELECT count(*) FROM {table}") for table in (left, right))
    budget = max(_MIN_PAIR_BUDGET, _PAIRS_PER_RECORD * rows)
    for rule in _WIDE:
        if not _columns(rule) <= available:
            continue
        budget -= _pairs(con, left, right, rule)
        if budget < 0:
            break
        rules.append(rule)
    return [_condition(rule) for rule in rules]


def _columns(rule: tuple[str, ...]) -> set[str]:
    return words(" ".join(rule)) & set(_BLOCKING_COLUMNS)


def _pairs(con: duckdb.DuckDBPyConnection, left: str, right: str, rule: tuple[str, ...]) -> int:
    key = ", ".join(f"{part} AS k{number}" for number, part in enumerate(rule))
    using = ", ".join(f"k{number}" for number in range(len(rule)))
    return int(
        scalar(
            con,
            f"SELECT coalesce(sum(l.n * r.n), 0) "
            f"FROM (SELECT {key}, count(*) AS n FROM {left} GROUP BY ALL) l "
            f"JOIN (SELECT {key}, count(*) AS n FROM {right} GROUP BY ALL) r USING ({using})",
        )
    )
