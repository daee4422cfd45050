"""The spine: every supplier's records linked to one growing index of people.

A supplier is linked to the index, not to every other supplier, as the ONS does: a person is known by all of
the records that she already has, and the work grows with the suppliers rather than with their pairs.
Whoever has a spine id keeps it. No payload is opened here.
"""
# ruff: noqa: S608 - the SQL is put together from this module's own names and quoted paths

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any

import duckdb
import pyarrow as pa

from lab.base.database import Database
from lab.base.errors import NotFound
from lab.base.files import canonical_json, write_atomic
from lab.base.settings import Settings
from linkage import deterministic, matching, quality, spine_store, standardise
from linkage.accepted import Accepted, accepted
from linkage.matching import MatchOptions, MatchResult
from linkage.spine_store import Spine
from linkage.tables import confined, literal, scalar

Say = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """What `build` did. `new` is false where no delivery came since the current spine."""

    spine: Spine
    quality: dict[str, Any]
    new: bool


def build(
    settings: Settings,
    db: Database,
    *,
    actor: str,
    options: MatchOptions,
    truth: Path | None = None,
    say: Say = lambda line: None,
) -> Built:
    """Link all accepted identifiers and publish a new version of the spine.

    `truth` (supplier, record_id, truth_id) adds precision, recall and F1 to the report; it is for generated
    data.

    Raises:
        NotFound: no accepted identifiers. LabError: another linkage is running.
    """
    with spine_store.one_at_a_time(settings):
        spine_store.clear_leftovers(settings, db)
        deliveries = accepted(db, "identifiers")
        if not deliveries:
            raise NotFound(
                "no accepted delivery of identifiers",
                where=str(settings.ttp / "identifiers"),
                remedy="receive one with 'linkage receive'",
            )
        previous = spine_store.current(settings, db)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=settings.ttp) as work:
            folders = [Path(work), settings.ttp / "identifiers", spine_store.folder(settings)]
            folders += [truth.absolute().parent] if truth else []
            with confined(*folders) as con:
                if previous and set(previous.deliveries) >= {delivery.id for delivery in deliveries}:
                    return _unchanged(con, previous, truth, say)
                return _build(con, settings, db, deliveries, previous, actor, options, truth, say)


def _unchanged(con: duckdb.DuckDBPyConnection, spine: Spine, truth: Path | None, say: Say) -> Built:
    say(f"no new delivery of identifiers: spine {spine.version} stands")
    report = spine.quality()
    if truth:
        con.execute(f"CREATE TEMP TABLE links AS FROM read_parquet({literal(str(spine.links))})")
        report["truth"] = quality.against_truth(con, truth)
    return Built(spine, report, False)


def _build(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    db: Database,
    deliveries: list[Accepted],
    previous: Spine | None,
    actor: str,
    options: MatchOptions,
    truth: Path | None,
    say: Say,
) -> Built:
    _read(con, settings, deliveries)
    forms = standardise.Forms()
    standardise.prepare(con)
    standardise.standardise(con, "records", "clean", forms)
    suppliers = _in_order(con)
    say(f"standardised {scalar(con, 'SELECT count(*) FROM records'):,} records of {len(suppliers)} suppliers")
    _begin_index(con, previous)
    results = {}
    for supplier in suppliers:
        results[supplier] = _link_supplier(con, supplier, options)
        say(_progress_line(con, supplier, results[supplier]))
    _finish(con)
    report = quality.report(con, suppliers, results, options)
    if truth:
        report["truth"] = quality.against_truth(con, truth)
    ids = tuple(sorted(delivery.id for delivery in deliveries))
    with spine_store.new_version(settings, db) as (version, building):
        for name in ("links", "people"):
            con.execute(
                f"COPY (FROM {name} ORDER BY ALL) TO {literal(str(building / f'{name}.parquet'))} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        write_atomic(building / "quality.json", canonical_json({"spine": version, **report}))
        digest = spine_store.write_manifest(building, version, ids, previous.version if previous else None)
    people, records = (int(scalar(con, f"SELECT count(*) FROM {name}")) for name in ("people", "links"))
    spine_store.record(
        db,
        version,
        digest,
        people,
        records,
        actor,
        {"deliveries": list(ids), "algorithm": options.describe()},
    )
    say(f"spine {version}: {people:,} people, {records:,} records")
    return Built(Spine(version, spine_store.folder(settings) / version, ids, people, records), report, True)


def _read(con: duckdb.DuckDBPyConnection, settings: Settings, deliveries: list[Accepted]) -> None:
    """Load the newest row of each record."""
    con.execute(
        "CREATE TEMP TABLE loaded(supplier VARCHAR, record_id VARCHAR, load BIGINT, "
        + ", ".join(f"{field} VARCHAR" for field in standardise.FIELDS)
        + ")"
    )
    for load, delivery in enumerate(deliveries):
        files = ", ".join(literal(str(path)) for path in delivery.files(settings))
        con.execute(f"CREATE OR REPLACE TEMP TABLE one AS FROM read_parquet([{files}])")
        held = {row[0] for row in con.execute("SELECT column_name FROM (DESCRIBE one)").fetchall()}
        fields = ", ".join(f"{field}::VARCHAR" if field in held else "NULL" for field in standardise.FIELDS)
        con.execute(
            f"INSERT INTO loaded SELECT ?, record_id::VARCHAR, {load}, {fields} FROM one", [delivery.supplier]
        )
    con.execute("""
        CREATE TEMP TABLE records AS
        SELECT row_number() OVER (ORDER BY supplier, record_id) AS entity, entity AS rid, * EXCLUDE (load)
        FROM loaded
        QUALIFY row_number() OVER (PARTITION BY supplier, record_id ORDER BY load DESC) = 1""")


def _in_order(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the suppliers: first those that share a person number with another, then by size.

    What is certain is linked first, so that a supplier with names alone meets people known by many records.
    """
    rows = con.execute("""
        WITH held AS (SELECT r.supplier, count(DISTINCT r.entity) AS records,
                             count(DISTINCT r.entity) FILTER (c.nino IS NOT NULL) AS nino,
                             count(DISTINCT r.entity) FILTER (c.nhs_number IS NOT NULL) AS nhs
                      FROM records r JOIN clean c USING (entity) GROUP BY r.supplier)
        SELECT supplier FROM held
        ORDER BY greatest(least(nino, (SELECT sum(o.nino) FROM held o WHERE o.supplier <> held.supplier)),
                          least(nhs, (SELECT sum(o.nhs) FROM held o WHERE o.supplier <> held.supplier))) DESC,
                 records DESC, supplier""").fetchall()
    return [row[0] for row in rows]


def _begin_index(con: duckdb.DuckDBPyConnection, previous: Spine | None) -> None:
    """Start `assigned` (entity, spine_id, method, probability) from the spine that stands."""
    con.execute(
        "CREATE TEMP TABLE assigned(entity BIGINT, spine_id UUID, method VARCHAR, probability DOUBLE)"
    )
    if previous:
        con.execute(
            f"INSERT INTO assigned SELECT r.entity, p.spine_id, p.method, p.probability FROM records r "
            f"JOIN read_parquet({literal(str(previous.links))}) p USING (supplier, record_id)"
        )


# Too little to be told from others: such a record gets no spine id, and its payload stays behind.
_ENOUGH = "c.nino IS NOT NULL OR c.nhs_number IS NOT NULL OR (c.surname IS NOT NULL AND c.dob IS NOT NULL)"


def _link_supplier(
    con: duckdb.DuckDBPyConnection, supplier: str, options: MatchOptions
) -> MatchResult | None:
    """Give every new record of a supplier a spine id; return None where there was no index to link to."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE own AS SELECT c.* FROM clean c JOIN records r USING (entity) "
        f"WHERE r.supplier = {literal(supplier)} AND ({_ENOUGH})"
    )
    deterministic.group_duplicates(con, "own")
    _follow_known_duplicates(con)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE newcomers AS
        SELECT o.* REPLACE (d.head AS entity) FROM own o JOIN duplicate_groups d USING (entity)
        WHERE NOT EXISTS (FROM assigned a WHERE a.entity = o.entity)""")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE numbered AS "
        "SELECT row_number() OVER (ORDER BY first) AS person, spine_id FROM "
        "(SELECT spine_id, min(entity) AS first FROM assigned GROUP BY spine_id)"
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE index_rows AS
        SELECT c.* REPLACE (n.person AS entity), a.spine_id FROM assigned a
        JOIN numbered n USING (spine_id) JOIN clean c ON c.entity = a.entity
        WHERE a.spine_id NOT IN (SELECT b.spine_id FROM assigned b JOIN records r USING (entity)
                                 WHERE r.supplier = {literal(supplier)})""")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE matches(left_entity BIGINT, right_entity BIGINT, "
        "method VARCHAR, probability DOUBLE)"
    )
    result = None
    if scalar(con, "SELECT count(*) FROM index_rows") and scalar(con, "SELECT count(*) FROM newcomers"):
        result = matching.match(con, "newcomers", "index_rows", options)
    _assign(con)
    return result


def _follow_known_duplicates(con: duckdb.DuckDBPyConnection) -> None:
    """A new record that is a duplicate of one with a spine id takes that id."""
    con.execute("""
        INSERT INTO assigned
        SELECT d.entity, min(a.spine_id::VARCHAR)::UUID, 'duplicate', 1.0
        FROM duplicate_groups d JOIN duplicate_groups k ON k.head = d.head
        JOIN assigned a ON a.entity = k.entity
        WHERE d.entity NOT IN (SELECT entity FROM assigned) GROUP BY d.entity""")


def _assign(con: duckdb.DuckDBPyConnection) -> None:
    """Heads take their match's id, or a new one; the rest of a group follows its head."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE heads_only AS SELECT entity AS head, row_number() OVER "
        "(ORDER BY entity) - 1 AS place FROM (SELECT DISTINCT entity FROM newcomers)"
    )
    con.register("fresh_ids", _fresh_ids(int(scalar(con, "SELECT count(*) FROM heads_only"))))
    con.execute("""
        CREATE OR REPLACE TEMP TABLE heads AS
        SELECT h.head, coalesce(n.spine_id, f.fresh::UUID) AS spine_id, coalesce(m.method, 'new') AS method,
               coalesce(m.probability, 1.0) AS probability
        FROM heads_only h JOIN fresh_ids f USING (place)
        LEFT JOIN matches m ON m.left_entity = h.head LEFT JOIN numbered n ON n.person = m.right_entity""")
    con.unregister("fresh_ids")
    con.execute("""
        INSERT INTO assigned
        SELECT d.entity, h.spine_id, if(d.entity = h.head, h.method, 'duplicate'), h.probability
        FROM duplicate_groups d JOIN heads h ON h.head = d.head
        WHERE d.entity NOT IN (SELECT entity FROM assigned)""")


def _fresh_ids(count: int) -> pa.Table:
    """Draw ids of 128 random bits from the system's source: none can be guessed from another."""
    text = token_bytes(16 * count).hex()
    return pa.table(
        {
            "place": pa.array(range(count), pa.int64()),
            "fresh": pa.array([text[start : start + 32] for start in range(0, len(text), 32)], pa.string()),
        }
    )


def _finish(con: duckdb.DuckDBPyConnection) -> None:
    """Make `links` and `people`: the year of birth and sex that most of a person's records give."""
    con.execute(
        "CREATE TEMP TABLE links AS SELECT r.supplier, r.record_id, a.spine_id, a.method, a.probability "
        "FROM assigned a JOIN records r USING (entity)"
    )
    for name, value in (("year_of_birth", "year(c.dob)"), ("sex", "c.sex")):
        con.execute(f"""
            CREATE TEMP TABLE most_{name} AS
            SELECT a.spine_id, {value} AS {name} FROM assigned a JOIN clean c USING (entity)
            WHERE {value} IS NOT NULL GROUP BY 1, 2
            QUALIFY row_number() OVER (PARTITION BY a.spine_id
                                       ORDER BY count(DISTINCT a.entity) DESC, min(a.entity)) = 1""")
    con.execute(
        "CREATE TEMP TABLE people AS SELECT DISTINCT a.spine_id, y.year_of_birth::SMALLINT AS year_of_birth, "
        "s.sex FROM assigned a LEFT JOIN most_year_of_birth y USING (spine_id) "
        "LEFT JOIN most_sex s USING (spine_id)"
    )


def _progress_line(con: duckdb.DuckDBPyConnection, supplier: str, result: MatchResult | None) -> str:
    if result is None:
        records = scalar(con, "SELECT count(DISTINCT entity) FROM newcomers")
        return (
            f"{supplier}: {records:,} new people, nobody to link to yet"
            if records
            else f"{supplier}: nothing new"
        )
    keys = sum(each.links for each in result.passes)
    model = (
        f"{result.model.links:,} by the model" if result.model.used else f"no model ({result.model.reason})"
    )
    return f"{supplier}: {keys:,} linked by keys, {model}"
