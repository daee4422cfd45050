"""What the review works with: the lab's database, its places, and the gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.base.database import Database
from lab.base.errors import NotFound, NotPermitted
from lab.base.settings import Settings
from lab.catalogue.view import ExtractView, current_extract
from outputs_check.gate.result import Result
from outputs_check.review.places import Places
from outputs_check.review.shelf import Shelf


@dataclass(frozen=True)
class Checked:
    """The gate's answer, and the extract that it was computed from."""

    result: Result
    extract: str


@dataclass(frozen=True)
class Release:
    """What is about to leave: the release's name, the extract it was made on, SHA-256 by file."""

    name: str
    extract: str
    approved: Mapping[str, str]


class Gate(Protocol):
    """What the review asks of the gate."""

    def check(self, files: Path, project: str) -> Checked:
        """Check a folder of files against the project's current extract and all earlier releases."""

    def release(self, files: Path, project: str, release: Release) -> Checked:
        """Check once more and, where every approved output is still what was approved, remember it.

        Both happen under the ledger's lock, so that of two releases that are safe alone and not together
        only the first finds its outputs unchanged. A second time changes nothing.

        Raises:
            NotPermitted: the project has another extract now.
        """


@dataclass(frozen=True)
class Station:
    """One lab's review."""

    db: Database
    places: Places
    gate: Gate

    @property
    def shelf(self) -> Shelf:
        """The bytes that approvals are bound to."""
        return Shelf(self.places.shelf)


def open_station(settings: Settings) -> Station:
    """Open the review of a lab with its real gate."""
    db, places = settings.database(), Places.of(settings)
    if settings.home.is_dir():
        db.create()  # the lab's own tables are there; these are the review's
    return Station(db, places, _Gate(settings, db, places))


@dataclass(frozen=True)
class _Gate:
    """The gate, with the lab's catalogue and ledger. It is loaded when it is first asked."""

    settings: Settings
    db: Database
    places: Places

    def check(self, files: Path, project: str) -> Checked:
        from outputs_check.gate.check import check_submission

        extract = self._extract(project)
        return Checked(check_submission(files, extract.path, ledger=self.places.ledger), extract.id)

    def release(self, files: Path, project: str, release: Release) -> Checked:
        from outputs_check.gate.check import release_submission

        extract = self._extract(project)
        if extract.id != release.extract:
            raise NotPermitted(
                f"the project has another extract now, {extract.id}", where=f"project {project}"
            )
        result = release_submission(
            files, extract.path, ledger=self.places.ledger, release=release.name, approved=release.approved
        )
        return Checked(result, extract.id)

    def _extract(self, project: str) -> ExtractView:
        extract = current_extract(self.settings, self.db, project)
        if extract is None:
            raise NotFound(
                "the project has no extract to check against",
                where=f"project {project}",
                remedy="register one with 'lab catalogue receive', then submit again",
            )
        return extract
