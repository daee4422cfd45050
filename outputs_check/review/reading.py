"""What may be seen of submissions, and by whom: frozen views for pages and commands."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lab.base.errors import NotFound
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.kinds import released_name
from outputs_check.review.ballots import Ballot, agreed, all_in
from outputs_check.review.models import DecisionRow, FindingRow, OutputRow, ReleaseRow, SubmissionRow, VoteRow
from outputs_check.review.station import Station
from outputs_check.review.steps import missing
from outputs_check.review.transitions import State, is_final
from outputs_check.review.turn import counting, is_blind, may_see_votes, votable

T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The first entries of a list, and how many there are in all."""

    entries: tuple[T, ...]
    total: int


@dataclass(frozen=True)
class FindingView:
    """A finding. `places` are the (row, column) of the flagged cells in the file, 0 being the header."""

    rule: str
    verdict: Verdict
    message: str
    cells: tuple[str, ...]
    places: frozenset[tuple[int, int]]
    source: str
    remedy: str


@dataclass(frozen=True)
class OutputView:
    """An output as one viewer may see it: `votes` are those that she may see, `cast` counts all."""

    number: int
    file: str
    title: str
    media_type: str
    verdict: Verdict
    evidence: str
    canonical: str
    submitted: str
    binding: str
    votable: bool
    findings: tuple[FindingView, ...]
    votes: tuple[Ballot, ...]
    cast: int
    outcome: str
    comments: tuple[str, ...]


@dataclass(frozen=True)
class SubmissionView:
    """A submission as one viewer may see it.

    `blind`: each checker sees her own votes only; `differ`: all votes are in and do not agree;
    `releasing`: a release was begun and is not finished.
    """

    id: str
    project: str
    submitted_by: str
    submitted_at: str
    state: State
    verdict: Verdict
    reason: str
    extract: str
    claimed_extract: str
    appetite: str
    checkers: int
    blind: bool
    differ: bool
    releasing: bool
    outputs: tuple[OutputView, ...]

    def output(self, number: int) -> OutputView:
        """Return the output with a number.

        Raises:
            NotFound: there is none.
        """
        for each in self.outputs:
            if each.number == number:
                return each
        raise NotFound("no such output", where=f"{self.id}, {number}")


@dataclass(frozen=True)
class QueueEntry:
    """A line of the queue.

    `verdicts` counts the outputs, `mine` those that the viewer voted on, `cast` the votes of everybody.
    """

    id: str
    project: str
    submitted_by: str
    received_at: str
    state: State
    verdict: Verdict
    checkers: int
    verdicts: dict[str, int]
    mine: int
    cast: int

    @property
    def votable(self) -> int:
        """Return how many outputs people have to decide on."""
        return sum(count for verdict, count in self.verdicts.items() if verdict != Verdict.BLOCK.name)

    @property
    def complete(self) -> bool:
        """Return whether all votes are in."""
        return 0 < self.votable * self.checkers <= self.cast


def submission(station: Station, submission_id: str, viewer: str) -> SubmissionView:
    """Return a submission. The others' votes are for independent checkers and admins, once all are in.

    Raises:
        NotFound: there is no such submission.
    """
    with station.db.read() as session:
        row = session.get(SubmissionRow, submission_id)
        if row is None:
            raise missing(submission_id)
        ballots = counting(station.db, row)
        blind, decisions = is_blind(row, ballots), _decisions(session, submission_id)
        sees_all = not blind and may_see_votes(station.db, row, viewer)
        begun = session.get(ReleaseRow, submission_id)
        return SubmissionView(
            id=row.id,
            project=row.project,
            submitted_by=row.submitted_by,
            submitted_at=row.submitted_at,
            state=State(row.state),
            verdict=_verdict(row.verdict),
            reason=row.reason,
            extract=row.extract,
            claimed_extract=row.claimed_extract,
            appetite=row.appetite,
            checkers=row.checkers,
            blind=blind,
            differ=all_in(ballots, row.checkers) and not agreed(ballots),
            releasing=begun is not None and not begun.released_at,
            outputs=tuple(
                _output(output, ballots.get(output.file, []), None if sees_all else viewer, decisions)
                for output in row.outputs
            ),
        )


def queue(
    station: Station, viewer: str, *, states: frozenset[State] | None = None, most: int | None = None
) -> Listed[QueueEntry]:
    """Return the submissions in some states (by default those not at an end), the oldest first."""
    wanted = states if states is not None else frozenset(each for each in State if not is_final(each))
    query = select(SubmissionRow.id).where(SubmissionRow.state.in_(wanted))
    return _entries(station, viewer, query.order_by(SubmissionRow.received_at, SubmissionRow.id), most)


def submissions_of(
    station: Station, projects: frozenset[str], viewer: str, *, most: int | None = None
) -> Listed[QueueEntry]:
    """Return the submissions of some projects, the newest first."""
    query = select(SubmissionRow.id).where(SubmissionRow.project.in_(projects))
    newest_first = query.order_by(SubmissionRow.received_at.desc(), SubmissionRow.id)
    return _entries(station, viewer, newest_first, most)


def releases(station: Station, *, most: int | None = None) -> Listed[dict[str, Any]]:
    """Return what left, the newest first: submission, project, when, hash of the manifest, files."""
    query = select(ReleaseRow).where(ReleaseRow.released_at != "").order_by(ReleaseRow.released_at.desc())
    with station.db.read() as session:
        total = _count(session, query)
        entries = tuple(
            {
                "submission": row.submission,
                "project": row.project,
                "released_at": row.released_at,
                "released_by": row.begun_by,
                "manifest": row.manifest,
                "files": {
                    released_name(file): decision.canonical
                    for file, decision in _decisions(session, row.submission).items()
                    if decision.outcome == "approve"
                },
            }
            for row in session.scalars(query.limit(most))
        )
        return Listed(entries, total)


def as_json(view: SubmissionView) -> dict[str, Any]:
    """Return a submission for machines."""
    facts = ("id", "project", "submitted_by", "submitted_at", "state", "reason", "extract", "appetite")
    return {
        **{name: getattr(view, name) for name in facts},
        "verdict": view.verdict.name,
        "checkers": view.checkers,
        "blind": view.blind,
        "outputs": [_output_json(output) for output in view.outputs],
    }


def _output_json(output: OutputView) -> dict[str, Any]:
    return {
        "file": output.file,
        "verdict": output.verdict.name,
        "evidence": output.evidence,
        "sha256": output.canonical,
        "decision": output.outcome,
        "votes": [{"voter": v.voter, "choice": v.choice, "comment": v.comment} for v in output.votes],
        "findings": [
            {
                "rule": each.rule,
                "verdict": each.verdict.name,
                "message": each.message,
                "cells": list(each.cells),
                "source": each.source,
                "remedy": each.remedy,
            }
            for each in output.findings
        ],
    }


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def _entries(station: Station, viewer: str, query: Any, most: int | None) -> Listed[QueueEntry]:
    with station.db.read() as session:
        total, ids = _count(session, query), query.limit(most)
        names = list(session.scalars(ids))
        facts = {row.id: row for row in session.execute(select(*_QUEUE).where(SubmissionRow.id.in_(ids)))}
        counted = session.execute(
            select(OutputRow.submission, OutputRow.verdict, func.count())
            .where(OutputRow.submission.in_(ids))
            .group_by(OutputRow.submission, OutputRow.verdict)
        )
        verdicts: dict[str, dict[str, int]] = {}
        for name, verdict, count in counted:
            verdicts.setdefault(name, {})[verdict] = count
        current = (VoteRow.submission == OutputRow.submission) & (VoteRow.file == OutputRow.file)
        voted = session.execute(
            select(VoteRow.submission, VoteRow.voter)
            .join(OutputRow, current & (VoteRow.binding == OutputRow.binding))
            .where(VoteRow.submission.in_(ids))
        )
        cast = Counter((name, voter == viewer) for name, voter in voted)
    return Listed(
        tuple(
            _entry(facts[name], verdicts.get(name, {}), cast[name, True], cast[name, False]) for name in names
        ),
        total,
    )


_QUEUE = (
    SubmissionRow.id,
    SubmissionRow.project,
    SubmissionRow.submitted_by,
    SubmissionRow.received_at,
    SubmissionRow.state,
    SubmissionRow.verdict,
    SubmissionRow.checkers,
)


def _entry(row: Any, verdicts: dict[str, int], mine: int, others: int) -> QueueEntry:
    return QueueEntry(
        row.id,
        row.project,
        row.submitted_by,
        row.received_at,
        State(row.state),
        _verdict(row.verdict),
        row.checkers,
        verdicts,
        mine,
        mine + others,
    )


def _output(
    row: OutputRow, ballots: list[Ballot], only: str | None, decisions: dict[str, DecisionRow]
) -> OutputView:
    decision = decisions.get(row.file)
    bound = decision if decision is not None and decision.binding == row.binding else None
    return OutputView(
        number=row.number,
        file=row.file,
        title=row.title,
        media_type=row.media_type,
        verdict=Verdict[row.verdict],
        evidence=row.evidence,
        canonical=row.canonical,
        submitted=row.submitted,
        binding=row.binding,
        votable=votable(row),
        findings=tuple(_finding(each) for each in row.findings),
        votes=tuple(one for one in ballots if only is None or one.voter == only),
        cast=len(ballots),
        outcome=bound.outcome if bound else "",
        comments=tuple(vote["comment"] for vote in (bound.votes if bound else []) if vote["comment"]),
    )


def _finding(row: FindingRow) -> FindingView:
    return FindingView(
        rule=row.rule,
        verdict=Verdict[row.verdict],
        message=row.message,
        cells=tuple(row.cells),
        places=frozenset((int(line), int(column)) for line, column in row.places),
        source=row.source,
        remedy=row.remedy,
    )


def _verdict(name: str) -> Verdict:
    return Verdict[name] if name else Verdict.REVIEW


def _decisions(session: Session, submission_id: str) -> dict[str, DecisionRow]:
    query = select(DecisionRow).where(DecisionRow.submission == submission_id).order_by(DecisionRow.id)
    return {row.file: row for row in session.scalars(query)}
