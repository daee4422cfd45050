"""How much leaves a session towards its person's screen: counted, recorded, and stopped above an allowance.

A notebook shows what it computes, and a kernel can print a file. What a screen may take in a day is
bounded, so that a person's eyes are what can carry it off, and what it took can be read later.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from lab.base.files import sha256_bytes, write_atomic

_SAVED_EVERY = 1 << 20  # bytes


@dataclass(frozen=True)
class Allowance:
    """Bytes of a day: where an alert is recorded, where the session stops; and the longest message."""

    alert: int = 64 << 20
    stop: int = 256 << 20
    message: int = 4 << 20


@dataclass
class Meter:
    """Counts one person's bytes of one project; the count outlives the session.

    tell: called once a day with "alert" and with "stop", and with the count.
    """

    folder: Path
    allowance: Allowance
    tell: Callable[[str, int], None]
    day: date = field(default_factory=lambda: datetime.now(UTC).date())
    total: int = 0
    _said: set[str] = field(default_factory=set)
    _record: gzip.GzipFile | None = None
    _unsaved: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            kept = json.loads(self._file.read_bytes())
            if kept["day"] == self.day.isoformat():
                self.total, self._said = int(kept["bytes"]), set(kept["said"])
        except (OSError, ValueError, KeyError):
            return  # a new person, or a count that was cut off: it begins anew

    def add(self, size: int) -> None:
        """Count bytes that are about to leave."""
        today = datetime.now(UTC).date()
        if today != self.day:
            self.day, self.total, self._said = today, 0, set()
        self.total += size
        self._unsaved += size
        bounds = {"alert": self.allowance.alert, "stop": self.allowance.stop}
        crossed = [word for word, bound in bounds.items() if self.total > bound and word not in self._said]
        for word in crossed:
            self._said.add(word)
            self.tell(word, self.total)
        if crossed or self._unsaved > _SAVED_EVERY:
            self.save()

    @property
    def spent(self) -> bool:
        """Whether nothing more may leave today."""
        return self.total > self.allowance.stop

    def message(self, where: str, content: bytes) -> None:
        """Count a message, and keep it for those who have to look into an alert."""
        self.add(len(content))
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "where": where,
            "bytes": len(content),
            "sha256": sha256_bytes(content),
            "content": content.decode("utf-8", "backslashreplace"),
        }
        if self._record is None:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl.gz"
            self._record = gzip.GzipFile(self.folder / name, "xb", compresslevel=3)
        self._record.write(json.dumps(entry).encode() + b"\n")

    def save(self) -> None:
        """Write the count, and what was recorded, to disk."""
        kept = {"day": self.day.isoformat(), "bytes": self.total, "said": sorted(self._said)}
        write_atomic(self._file, json.dumps(kept).encode(), 0o600)
        self._unsaved = 0
        if self._record is not None:
            self._record.flush()

    def close(self) -> None:
        """End the record."""
        self.save()
        if self._record is not None:
            self._record.close()

    @property
    def _file(self) -> Path:
        return self.folder / "today.json"
