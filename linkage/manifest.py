"""What a supplier says it sends: the manifest of one delivery."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, get_args

from lab.base.errors import BadInput
from lab.base.files import sha256_bytes
from linkage.suppliers.schema import NAME, Route

NAME_OF_MANIFEST = "manifest.json"
ENCODINGS = ("utf-8", "cp1252")
FORMATS = (".csv", ".parquet")
_MAX_ROWS = 2**31 - 1  # what the register can hold
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


@dataclass(frozen=True)
class DeliveredFile:
    """One file of a delivery: a plain name in its folder, its hash, its rows."""

    name: str
    sha256: str
    rows: int

    def __post_init__(self) -> None:
        _require(_FILE.fullmatch(self.name) is not None, f"file name {self.name!r} is not a plain name")
        _require(self.name.endswith(FORMATS), f"file {self.name!r} is neither .csv nor .parquet")
        _require(_DIGEST.fullmatch(self.sha256) is not None, f"file {self.name!r} has no SHA-256")
        _require(self.rows >= 0, f"file {self.name!r} has fewer than no rows")


@dataclass(frozen=True)
class Manifest:
    """A delivery as its supplier describes it; `digest` is the SHA-256 of the manifest's own bytes."""

    supplier: str
    table: str
    route: Route
    period_start: date
    period_end: date
    rows: int
    files: tuple[DeliveredFile, ...]
    encoding: str
    sent_by: str
    sent_at: datetime
    digest: str

    def __post_init__(self) -> None:
        named = NAME.fullmatch(self.supplier) and NAME.fullmatch(self.table)
        _require(bool(named), "supplier or table is no name")
        _require(self.route in get_args(Route), f"unknown route {self.route!r}")
        _require(self.period_start <= self.period_end, "the reference period ends before it starts")
        _require(bool(self.files), "no files")
        _require(len({file.name for file in self.files}) == len(self.files), "a file stands twice")
        _require(self.rows == sum(file.rows for file in self.files), "rows is not the sum of the files' rows")
        _require(
            self.encoding in ENCODINGS, f"encoding {self.encoding!r} is not one of {', '.join(ENCODINGS)}"
        )

    @property
    def delivery_id(self) -> str:
        """Name of the delivery: the same for the same manifest."""
        return f"{self.supplier}-{self.table}-{self.digest[:12]}"


def parse(raw: bytes) -> Manifest:
    """Read a manifest. Errors: BadInput says what is wrong with it."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _wrong("it is not JSON") from error
    try:
        return _manifest(document, sha256_bytes(raw))
    except KeyError as error:
        raise _wrong(f"it has no {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise _wrong(str(error)) from error


def _manifest(document: Any, digest: str) -> Manifest:
    _require(isinstance(document, dict), "it is not an object")
    period = document["reference_period"]
    sent_at = datetime.fromisoformat(_text(document["sent_at"]))
    return Manifest(
        supplier=_text(document["supplier"]),
        table=_text(document["table"]),
        route=document["route"],
        period_start=date.fromisoformat(_text(period["start"])),
        period_end=date.fromisoformat(_text(period["end"])),
        rows=_count(document["rows"]),
        files=tuple(
            DeliveredFile(_text(file["name"]), _text(file["sha256"]), _count(file["rows"]))
            for file in document["files"]
        ),
        encoding=_text(document.get("encoding", "utf-8")).lower(),
        sent_by=_text(document["sent_by"]),
        sent_at=sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC),
        digest=digest,
    )


def _text(value: Any) -> str:
    # Not every string of JSON is text: half a surrogate pair can be written nowhere.
    _require(isinstance(value, str) and value.isprintable(), f"{value!r} is not one line of text")
    return str(value)


def _count(value: Any) -> int:
    _require(isinstance(value, int) and not isinstance(value, bool), f"{value!r} is not a count")
    _require(value <= _MAX_ROWS, f"more than {_MAX_ROWS:,} rows")
    return int(value)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _wrong(what: str) -> BadInput:
    return BadInput(f"the manifest cannot be used: {what}", where=NAME_OF_MANIFEST, remedy="ask the supplier")
