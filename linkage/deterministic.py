"""Ranked match keys, as the ONS links censuses: each pass links what the passes before it left.

A key links only where it is unique on both sides. A NINO has no check digit (every mistyped one still
validates) and families come to share one, so no key is a NINO alone; the same care holds for NHS numbers.
ONS working papers Beyond 2011 M9 and "Derive & Conquer" for the keys; candidates are found first, in one
scan of the larger table, because passes over ten million rows cost more than passes over those that can link.
"""
# ruff: noqa: S608 - the SQL is put together from this module's own names, never from values

from dataclasses import dataclass

import duckdb

from linkage.tables import scalar

_BAG = "least(root, surname) || '/' || greatest(root, surname)"


@dataclass(frozen=True)
class MatchKey:
    """One pass: the columns that must agree, in a table made by `standardise`.

    `guard` is a further condition on a row. `same_person` marks keys strong enough to call two records of
    one supplier duplicates.
    """

    name: str
    parts: tuple[str, ...]
    guard: str = ""
    same_person: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """Columns without which the pass cannot run; sex sharpens a key, no key depends on it."""
        text = " ".join(self.parts)
        return frozenset(column for column in COLUMNS if column in words(text) and column != "sex")

    def expression(self, available: frozenset[str]) -> str:
        """SQL of the key: null where any part is null."""
        parts = [part for part in self.parts if part != "sex" or "sex" in available]
        missing = " OR ".join(f"({part}) IS NULL" for part in parts)
        guard = f" OR NOT coalesce(({self.guard}), false)" if self.guard else ""
        return f"CASE WHEN {missing}{guard} THEN NULL ELSE hash({', '.join(parts)}) END"


COLUMNS = (
    "forename",
    "root",
    "initial",
    "surname",
    "dob",
    "dobk",
    "sex",
    "postcode",
    "sector",
    "district",
    "nino",
    "nhs_number",
)

KEYS = (
    MatchKey("nhs_number+dob", ("nhs_number", "dobk"), same_person=True),
    MatchKey("nino+dob+name", ("nino", "dobk", "initial"), same_person=True),
    MatchKey("nhs_number+name", ("nhs_number", "root", "surname"), same_person=True),
    MatchKey("nino+name", ("nino", "root", "surname"), same_person=True),
    MatchKey("nino+dob", ("nino", "dob")),
    MatchKey("name+dob+postcode", ("root", "surname", "dob", "sex", "postcode"), same_person=True),
    MatchKey("name+dob+district", ("root", "surname", "dob", "sex", "district"), same_person=True),
    MatchKey("swapped+postcode", (_BAG, "dobk", "postcode"), same_person=True),
    MatchKey("sounds+dob+postcode", ("root", "left(surname, 3)", "dob", "sex", "postcode"), same_person=True),
    MatchKey("initial+dob+postcode", ("initial", "surname", "dob", "sex", "postcode")),
    MatchKey("swapped+district", (_BAG, "dobk", "district")),
    MatchKey("forename+dob+postcode", ("root", "dob", "sex", "postcode")),
    MatchKey("name+postcode+year", ("root", "surname", "sex", "year(dob)", "postcode")),
    MatchKey("name+postcode+day", ("root", "surname", "sex", "month(dob)", "day(dob)", "postcode")),
    # 1 January stands for an unknown birthday; a chance namesake shares any other with one in 25,000.
    MatchKey(
        "rare name+dob", ("root", "surname", "dob", "sex"), guard="namesakes <= 20 AND dayofyear(dob) > 1"
    ),
)
"""In the order in which they run: strongest evidence first."""

# Every key implies one of these, so a row of the larger table that shares none of them cannot link.
_BLOCKS = ("nino", "nhs_number", "hash(dobk, postcode)", f"hash({_BAG}, dobk)", f"hash({_BAG}, postcode)")


@dataclass(frozen=True)
class PassResult:
    """How many links a pass made, and how far they hold against what the key did not use."""

    name: str
    links: int
    checked: int
    contradicted: int

    @property
    def probability(self) -> float:
        """Posterior mean that a link of this pass is right: Beta(99, 1) before the evidence is seen."""
        return (self.checked - self.contradicted + 99) / (self.checked + 100)


def words(text: str) -> set[str]:
    """Return the words of an SQL text: its names and its keywords."""
    return set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split())


def available_columns(con: duckdb.DuckDBPyConnection, left: str, right: str) -> frozenset[str]:
    """Columns that hold anything on both sides."""
    filled = ", ".join(f"count({column}) > 0" for column in COLUMNS)
    left_filled, right_filled = (
        con.execute(f"SELECT {filled} FROM {table}").fetchall()[0] for table in (left, right)
    )
    return frozenset(
        column for column, *held in zip(COLUMNS, left_filled, right_filled, strict=True) if all(held)
    )


def runnable(available: frozenset[str]) -> tuple[MatchKey, ...]:
    """The passes that the columns allow."""
    return tuple(key for key in KEYS if key.needs <= available)


def link(
    con: duckdb.DuckDBPyConnection, left: str, right: str, *, one_to_one: bool = True
) -> list[PassResult]:
    """Run the passes over two standardised tables; fill `key_links` (left_entity, right_entity, method).

    Without `one_to_one` several left entities may link to one right entity; a left entity still links to one.
    """
    available = available_columns(con, left, right)
    _candidates(con, left, right)
    for side in ("left", "right"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE open_{side} AS FROM candidates_{side}")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE key_links(left_entity BIGINT, right_entity BIGINT, method VARCHAR)"
    )
    results = []
    for key in runnable(available):
        links = _one_pass(con, key, key.expression(available), one_to_one)
        checked, contradicted = _evidence(con, key, key.expression(available)) if links else (0, 0)
        results.append(PassResult(key.name, links, checked, contradicted))
    return results


def _candidates(con: duckdb.DuckDBPyConnection, left: str, right: str) -> None:
    """Keep of each table what can link at all, with the number of namesakes beside it."""
    sizes = {table: scalar(con, f"SELECT count(*) FROM {table}") for table in (left, right)}
    small, large = sorted((left, right), key=lambda table: sizes[table])
    shares = " OR ".join(
        f"({block}) IN (SELECT {block} FROM {small} WHERE ({block}) IS NOT NULL)" for block in _BLOCKS
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE namesakes_of AS SELECT root, surname, max(n) AS namesakes FROM ("
        f"SELECT root, surname, count(DISTINCT entity) AS n FROM {left} GROUP BY ALL UNION ALL "
        f"SELECT root, surname, count(DISTINCT entity) AS n FROM {right} GROUP BY ALL) GROUP BY ALL"
    )
    for side, table in (("left", left), ("right", right)):
        where = f"WHERE {shares}" if table == large else ""
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE candidates_{side} AS SELECT t.*, namesakes FROM {table} t "
            f"LEFT JOIN namesakes_of USING (root, surname) {where}"
        )


def _pairs(expression: str, left: str, right: str, one_to_one: bool) -> str:
    """SQL of the pairs that one key finds: unique on the right, and one-to-one on the left as well."""
    unique = "HAVING min(entity) = max(entity)" if one_to_one else ""
    entity = "min(entity) AS entity" if one_to_one else "entity"
    group = "GROUP BY k" if one_to_one else "GROUP BY k, entity"
    return f"""
        SELECT * FROM (SELECT DISTINCT l.entity AS left_entity, r.entity AS right_entity
        FROM (SELECT {expression} AS k, {entity} FROM {left} WHERE k IS NOT NULL {group} {unique}) l
        JOIN (SELECT {expression} AS k, min(entity) AS entity FROM {right} WHERE k IS NOT NULL
              GROUP BY k HAVING min(entity) = max(entity)) r USING (k))
        QUALIFY count(*) OVER (PARTITION BY left_entity) = 1
                {"AND count(*) OVER (PARTITION BY right_entity) = 1" if one_to_one else ""}"""


def _one_pass(con: duckdb.DuckDBPyConnection, key: MatchKey, expression: str, one_to_one: bool) -> int:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE found AS {_pairs(expression, 'open_left', 'open_right', one_to_one)}"
    )
    con.execute("INSERT INTO key_links SELECT left_entity, right_entity, ? FROM found", [key.name])
    links = int(scalar(con, "SELECT count(*) FROM found"))
    if links:
        con.execute("DELETE FROM open_left WHERE entity IN (SELECT left_entity FROM found)")
    if links and one_to_one:
        con.execute("DELETE FROM open_right WHERE entity IN (SELECT right_entity FROM found)")
    return links


def _evidence(con: duckdb.DuckDBPyConnection, key: MatchKey, expression: str) -> tuple[int, int]:
    """Count the pairs a key finds among all candidates that something else can check, and contradicts.

    All candidates, not what earlier passes left: those are the ones whose identifiers failed to agree, so
    they would contradict every later key. An identifier within two edits, or a name alike, is agreement.
    """
    checks = []
    if "nino" not in key.needs:
        checks.append("damerau_levenshtein(l.nino, r.nino) <= 2")
    if "nhs_number" not in key.needs:
        checks.append("damerau_levenshtein(l.nhs_number, r.nhs_number) <= 2")
    if not key.needs & {"root", "initial", "surname"}:
        checks.append(
            "(jaro_winkler_similarity(l.forename, r.forename) >= 0.75 "
            "OR jaro_winkler_similarity(l.surname, r.surname) >= 0.85)"
        )
    if not checks:
        return 0, 0
    compared = f"bool_or(coalesce({', '.join(checks)}) IS NOT NULL)"
    agrees = " OR ".join(f"coalesce({check}, false)" for check in checks)
    rows = con.execute(f"""
        SELECT count_if(compared), count_if(compared AND NOT agrees) FROM (
            SELECT {compared} AS compared, bool_or({agrees}) AS agrees
            FROM ({_pairs(expression, "candidates_left", "candidates_right", True)}) p
            JOIN candidates_left l ON l.entity = p.left_entity
            JOIN candidates_right r ON r.entity = p.right_entity
            GROUP BY p.left_entity, p.right_entity)""").fetchall()
    return rows[0][0], rows[0][1]


def group_duplicates(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Group one supplier's records of the same person; fill `duplicate_groups` (entity, head).

    Records are the same person where a strong key finds two or three of them and their identifiers do not
    contradict each other; groups are what those pairs connect.
    """
    available = available_columns(con, table, table)
    con.execute("CREATE OR REPLACE TEMP TABLE same(a BIGINT, b BIGINT)")
    for key in runnable(available):
        if key.same_person:
            con.execute(f"""
                INSERT INTO same
                WITH keyed AS (SELECT DISTINCT {key.expression(available)} AS k, * FROM {table}
                               WHERE k IS NOT NULL),
                     few AS (SELECT k FROM keyed GROUP BY k HAVING count(DISTINCT entity) BETWEEN 2 AND 3)
                SELECT DISTINCT a.entity, b.entity FROM keyed a JOIN few USING (k) JOIN keyed b USING (k)
                WHERE a.entity < b.entity
                  AND coalesce(damerau_levenshtein(a.nino, b.nino), 0) <= 2
                  AND coalesce(damerau_levenshtein(a.nhs_number, b.nhs_number), 0) <= 2
                  AND coalesce(jaro_winkler_similarity(a.root, b.root), 1) >= 0.75""")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE duplicate_groups AS "
        f"SELECT DISTINCT entity, entity AS head FROM {table}"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE both_ways AS SELECT a, b FROM same UNION SELECT b, a FROM same")
    while scalar(
        con,
        "SELECT count(*) FROM both_ways e JOIN duplicate_groups g ON g.entity = e.a "
        "JOIN duplicate_groups h ON h.entity = e.b WHERE h.head < g.head",
    ):
        con.execute("""
            CREATE OR REPLACE TEMP TABLE lower AS
            SELECT e.a AS entity, min(h.head) AS head
            FROM both_ways e JOIN duplicate_groups h ON h.entity = e.b
            GROUP BY e.a""")
        con.execute(
            "UPDATE duplicate_groups SET head = lower.head FROM lower "
            "WHERE lower.entity = duplicate_groups.entity AND lower.head < duplicate_groups.head"
        )
