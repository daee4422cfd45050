"""Clean identifiers in SQL: every *distinct* value once, then one join back.

The rules are those of the suppliers' identifier tables: pseudo-values become null, because an unknown
that is compared as if it were a value links strangers. DWP benefit data: NINO format and temporary
numbers; NHS Data Dictionary: modulus 11; ONS: pseudo-postcodes ZZ99.
"""
# ruff: noqa: S608 - the SQL is put together from this module's own names, never from values

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from lab.base import identifiers
from linkage.tables import scalar
from linkage.validation import macros

FIELDS = ("forename", "surname", "previous_surname", "date_of_birth", "sex", "postcode", "nino", "nhs_number")
"""What identifies a person, as the suppliers name it; every field is text before it is cleaned."""

NINO = f"^{identifiers.NINO}({identifiers.NINO_SUFFIX})?$"
# Not allocated to persons: refused prefixes, then those of administrative and temporary numbers.
_NINO_REFUSED = (*identifiers.NINO_NEVER_ISSUED, "OO", "CR", "FY", "MW", "NC")
POSTCODE = r"^([A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}|GIR0AA)$"
_TITLES = "MR|MRS|MISS|MS|MX|MSTR|MASTER|DR|PROF|PROFESSOR|SIR|DAME|REV|REVD|LORD|LADY|CAPT|CLLR"
_SUFFIXES = "JR|SR|JNR|SNR|ESQ|OBE|MBE|PHD"
_NOT_NAMES = (
    "BABY",
    "BABYBOY",
    "BABYGIRL",
    "BABYOF",
    "INFANT",
    "UNKNOWN",
    "UNKNWON",
    "UNK",
    "NK",
    "NOTKNOWN",
    "NOTGIVEN",
    "NOTSTATED",
    "NONAME",
    "NONE",
    "NULL",
    "NA",
    "NFN",
    "XX",
    "XXX",
    "ANON",
    "ANONYMOUS",
)
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
_LETTERS = {
    "ß": "ss",
    "ẞ": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "TH",
}
_FORMS_HELD = 0.5

_PLAIN_NAME = "regexp_replace(regexp_replace({upper}, '[''’`´.\\-‐‑–—]', '', 'g'), '[^\\p{{L}} ]', ' ', 'g')"


@dataclass(frozen=True)
class Forms:
    """Whether a field's values have the British form, or are somebody else's and are taken as they are.

    A file from elsewhere (Australian postcodes, another country's social security number) would lose the
    whole field to the British rules. The choice is made by field, for both files, and is reported.
    """

    nino: bool = True
    nhs_number: bool = True
    postcode: bool = True

    @property
    def foreign(self) -> tuple[str, ...]:
        """Fields taken as they are."""
        return tuple(name for name in ("nino", "nhs_number", "postcode") if not getattr(self, name))


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Load the nicknames and define the cleaning functions on a connection."""
    lines = (Path(__file__).parent / "nicknames.csv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [line.split(",") for line in lines]
    con.register(
        "nickname_list", pa.table({"nickname": [a for a, _ in pairs], "root": [b for _, b in pairs]})
    )
    con.execute("CREATE OR REPLACE TEMP TABLE nicknames AS FROM nickname_list")
    con.unregister("nickname_list")
    macros.define(con)
    con.execute(f"CREATE OR REPLACE TEMP MACRO plain_name(v) AS {_plain_name('v')}")
    con.execute(f"CREATE OR REPLACE TEMP MACRO clean_forename(v) AS {_name_rule(first_word=True)}")
    con.execute(f"CREATE OR REPLACE TEMP MACRO clean_surname(v) AS {_name_rule(first_word=False)}")
    con.execute(f"CREATE OR REPLACE TEMP MACRO clean_date(v) AS {_DATE_RULE}")
    con.execute(
        "CREATE OR REPLACE TEMP MACRO squeezed(v) AS "
        "nullif(regexp_replace(regexp_replace(upper(v), '\\.0$', ''), '[^A-Z0-9]', '', 'g'), '')"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO is_nino(v) AS regexp_matches(v, '{NINO}') "
        f"AND left(v, 2) NOT IN ({_quoted(_NINO_REFUSED)})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO is_postcode(v) AS regexp_matches(v, '{POSTCODE}') "
        "AND NOT starts_with(v, 'ZZ99')"
    )


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _plain_name(value: str) -> str:
    for letter, plain in _LETTERS.items():
        value = f"replace({value}, '{letter}', '{plain}')"
    return _PLAIN_NAME.format(upper=f"upper(strip_accents({value}))")


def _name_rule(*, first_word: bool) -> str:
    """Titles and suffixes off, apostrophes and hyphens closed up; placeholders are no names."""
    bare = f"regexp_replace(trim(plain_name(v)), '^(({_TITLES}) +)+', '')"
    bare = f"trim(regexp_replace({bare}, '( +({_SUFFIXES}))+ *$', ''))"
    joined = f"replace({bare}, ' ', '')"
    chosen = f"split_part({bare}, ' ', 1)" if first_word else joined
    # A whole field of "MISS", or "BABY BOY" before the first word is taken, is no name either.
    return (
        f"CASE WHEN {joined} IN ({_quoted(_NOT_NAMES)}) OR {chosen} IN ({_quoted(_NOT_NAMES)}) "
        f"OR regexp_matches({joined}, '^({_TITLES})$') THEN NULL ELSE nullif({chosen}, '') END"
    )


_DATE_RULE = (
    f"CASE WHEN try_strptime(left(trim(v), 10), [{_quoted(_DATE_FORMATS)}])::DATE "
    "BETWEEN DATE '1870-01-01' AND current_date "
    f"AND try_strptime(left(trim(v), 10), [{_quoted(_DATE_FORMATS)}])::DATE <> DATE '1900-01-01' "
    f"THEN try_strptime(left(trim(v), 10), [{_quoted(_DATE_FORMATS)}])::DATE END"
)


def detect_forms(con: duckdb.DuckDBPyConnection, tables: list[str]) -> Forms:
    """Decide by field whether the tables hold British values: at least half of those filled, in each."""
    held = {}
    for name in ("nino", "nhs_number", "postcode"):
        shares = [_share_of_form(con, table, name) for table in tables]
        held[name] = all(share is None or share >= _FORMS_HELD for share in shares)
    return Forms(**held)


def _share_of_form(con: duckdb.DuckDBPyConnection, table: str, name: str) -> float | None:
    # Pseudo-values have the form all the same: a table of ZZ99 is British.
    test = {
        "nino": f"regexp_matches(v, '{NINO}|^(TN[0-9]{{6}}|[0-9]{{2}}[A-Z][0-9]{{5}})')",
        "nhs_number": "nhs_number_valid(v)",
        "postcode": f"regexp_matches(v, '{POSTCODE}')",
    }[name]
    share = scalar(
        con,
        f"SELECT avg(({test})::INT) FROM (SELECT squeezed({name}) AS v FROM {table} LIMIT 100000) "
        "WHERE v IS NOT NULL",
    )
    return None if share is None else float(share)


def standardise(con: duckdb.DuckDBPyConnection, source: str, target: str, forms: Forms) -> None:
    """Make the table of clean identifiers from one of raw text.

    `source` has `entity` and `rid` (BIGINT) and the FIELDS as text. `target` has a row per surname that a
    record may go by: entity, rid, forename, root (nickname resolved, null for a bare initial), initial,
    surname, dob (DATE), dobk (day and month in order, so that a swap is no difference), sex (M, F),
    postcode, sector, district, nino (first eight), nhs_number.
    """
    for kind, columns in {
        "forename": ("forename",),
        "surname": ("surname", "previous_surname"),
        "date": ("date_of_birth",),
    }.items():
        values = " UNION ALL ".join(f"SELECT {column} AS v FROM {source}" for column in columns)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE clean_{kind}s AS SELECT v, clean_{kind}(v) AS clean "
            f"FROM (SELECT DISTINCT v FROM ({values})) WHERE v IS NOT NULL"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {target}_plain AS {_CLEAN.format(source=source, **_coded(forms))}"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS {_VARIANTS.format(plain=f'{target}_plain')}")
    con.execute(f"DROP TABLE {target}_plain")


def _coded(forms: Forms) -> dict[str, str]:
    def kept(test: str, column: str) -> str:
        return f"CASE WHEN {test}(squeezed(r.{column})) THEN squeezed(r.{column}) END"

    nino = f"left({kept('is_nino', 'nino')}, 8)" if forms.nino else "squeezed(r.nino)"
    nhs = kept("nhs_number_valid", "nhs_number") if forms.nhs_number else "squeezed(r.nhs_number)"
    postcode = kept("is_postcode", "postcode") if forms.postcode else "squeezed(r.postcode)"
    return {
        "nino": nino,
        "nhs_number": nhs,
        "postcode": postcode,
        # Without the British form nothing is known of the parts of a postcode.
        "cut": "2" if forms.postcode else "0",
    }


_CLEAN = """
SELECT r.entity, r.rid, f.clean AS forename, s.clean AS surname, p.clean AS previous_surname, d.clean AS dob,
       CASE WHEN trim(upper(r.sex)) IN ('1', '1.0', 'M', 'MALE') THEN 'M'
            WHEN trim(upper(r.sex)) IN ('2', '2.0', 'F', 'FEMALE') THEN 'F' END AS sex,
       {postcode} AS postcode, {nino} AS nino, {nhs_number} AS nhs_number, {cut} AS cut
FROM {source} r
LEFT JOIN clean_forenames f ON r.forename = f.v
LEFT JOIN clean_surnames s ON r.surname = s.v
LEFT JOIN clean_surnames p ON r.previous_surname = p.v
LEFT JOIN clean_dates d ON r.date_of_birth = d.v
"""

# One row as the record stands, one under the previous surname.
_VARIANTS = """
WITH named AS (
    SELECT * FROM {plain}
    UNION ALL SELECT * REPLACE (previous_surname AS surname) FROM {plain}
    WHERE previous_surname IS NOT NULL AND previous_surname IS DISTINCT FROM surname
)
SELECT p.entity, row_number() OVER (ORDER BY p.rid, p.surname) AS rid, p.forename,
       CASE WHEN length(p.forename) > 1 THEN coalesce(n.root, p.forename) END AS root,
       left(p.forename, 1) AS initial, p.surname, p.dob,
       CASE WHEN day(p.dob) <= 12 THEN make_date(year(p.dob), least(day(p.dob), month(p.dob)),
                                                 greatest(day(p.dob), month(p.dob))) ELSE p.dob END AS dobk,
       p.sex, p.postcode, left(p.postcode, length(p.postcode) - cut) AS sector,
       left(p.postcode, length(p.postcode) - cut - cut // 2) AS district, p.nino, p.nhs_number
FROM named p LEFT JOIN nicknames n ON p.forename = n.nickname
"""
