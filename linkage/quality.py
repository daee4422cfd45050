"""How good the linkage is: what travels with every extract (GUILD, Gilbert et al. 2018)."""
# ruff: noqa: S608 - the SQL is put together from this module's own names

from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from lab.base.errors import BadInput
from linkage import personfile, standardise
from linkage.matching import MatchOptions, MatchResult
from linkage.tables import literal

_CLEAN_FIELDS = ("forename", "surname", "dob", "sex", "postcode", "nino", "nhs_number")


def report(
    con: duckdb.DuckDBPyConnection,
    suppliers: list[str],
    results: dict[str, MatchResult | None],
    options: MatchOptions,
) -> dict[str, Any]:
    """Return the quality report of a spine that stands in `links`, `people`, `records` and `clean`.

    A record is linked where its person has a record of another supplier as well. Rates have their
    denominators beside them; shares lie in 0..1.
    """
    _linked_records(con)
    overlap = con.execute("""
        SELECT held, count(*)
        FROM (SELECT spine_id, string_agg(DISTINCT supplier, '+' ORDER BY supplier) AS held
              FROM links GROUP BY spine_id)
        GROUP BY held ORDER BY held""").fetchall()
    return {
        "method": options.describe(),
        "cleaning": standardise.__doc__,
        "suppliers": {supplier: _supplier(con, supplier, results[supplier]) for supplier in suppliers},
        "people_by_suppliers": {str(held): int(count) for held, count in overlap},
    }


def _linked_records(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE OR REPLACE TEMP TABLE judged AS
        SELECT r.entity, r.supplier, l.method, l.spine_id IS NOT NULL AS on_spine, p.sex,
               (p.year_of_birth // 10) * 10 AS decade, coalesce(s.suppliers > 1, false) AS linked
        FROM records r LEFT JOIN links l USING (supplier, record_id)
        LEFT JOIN (SELECT spine_id, count(DISTINCT supplier) AS suppliers FROM links GROUP BY spine_id) s
               USING (spine_id)
        LEFT JOIN people p USING (spine_id)""")


def _supplier(con: duckdb.DuckDBPyConnection, supplier: str, result: MatchResult | None) -> dict[str, Any]:
    where = f"WHERE supplier = {literal(supplier)}"
    records, kept, linked = con.execute(
        f"SELECT count(*), count_if(on_spine), count_if(linked) FROM judged {where}"
    ).fetchall()[0]
    methods = con.execute(
        f"SELECT method, count(*) FROM judged {where} AND method IS NOT NULL GROUP BY method ORDER BY method"
    ).fetchall()
    filled = ", ".join(f"avg(({field} IS NOT NULL)::INT)" for field in _CLEAN_FIELDS)
    complete = con.execute(
        f"SELECT {filled} FROM clean JOIN (SELECT entity FROM judged {where}) USING (entity)"
    ).fetchall()[0]
    return {
        "records": records,
        "too_little_to_link": records - kept,
        "linked": linked,
        "linkage_rate": linked / kept if kept else None,
        "records_by_method": dict(methods),
        "complete": dict(zip(_CLEAN_FIELDS, complete, strict=True)),
        "by_sex": _rates(con, "coalesce(sex, 'not known')", where),
        "by_birth_decade": _rates(con, "coalesce(decade::VARCHAR, 'not known')", where),
        "passes": [{**asdict(each), "probability": each.probability} for each in result.passes]
        if result
        else [],
        "model": asdict(result.model) if result else None,
    }


def _rates(con: duckdb.DuckDBPyConnection, group: str, where: str) -> dict[str, dict[str, float]]:
    rows = con.execute(
        f"SELECT {group} AS g, count(*), count_if(linked) FROM judged {where} AND on_spine "
        "GROUP BY g ORDER BY g"
    ).fetchall()
    return {
        str(name): {"records": records, "linked": linked, "linkage_rate": linked / records}
        for name, records, linked in rows
    }


def against_truth(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, float]:
    """Hold all pairs of records that `links` puts together against the pairs that the truth does.

    The truth (supplier, record_id, truth_id) is known for generated data only.
    """
    columns = personfile.read_table(con, path, "truth_raw")
    if not {"supplier", "record_id", "truth_id"} <= set(columns):
        raise BadInput("the truth needs the columns supplier, record_id and truth_id", where=str(path))
    pairs = "coalesce(sum(n * (n - 1) // 2), 0)::BIGINT"
    joined = "links l JOIN truth_raw t ON t.supplier = l.supplier AND t.record_id::VARCHAR = l.record_id"
    together, made, true = (
        con.execute(f"SELECT {pairs} FROM (SELECT count(*) AS n FROM {source} GROUP BY {group})").fetchall()[
            0
        ][0]
        for source, group in (
            (joined, "l.spine_id, t.truth_id"),
            (joined, "l.spine_id"),
            ("truth_raw", "truth_id"),
        )
    )
    return {
        "pairs_linked": made,
        "pairs_true": true,
        "pairs_right": together,
        "precision": together / made if made else 1.0,
        "recall": together / true if true else 1.0,
        "f1": 2 * together / (made + true) if made + true else 1.0,
    }
