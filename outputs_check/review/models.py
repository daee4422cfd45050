"""Tables of the review: submissions, outputs, findings, votes, decisions, releases."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lab.base.database import Base

_SHA = String(64)
_WHEN = String(32)  # UTC, ISO 8601 with milliseconds: sorts as time does, on every database
_ID = String(96)


class SubmissionRow(Base):
    """A submission. `state` changes by `steps.advance` only.

    `extract` and `appetite` are what it was checked against; `changed` is the time of the last change in
    nanoseconds since 1970, growing with every change.
    """

    __tablename__ = "submissions"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    project: Mapped[str] = mapped_column(String(40), index=True)
    submitted_by: Mapped[str] = mapped_column(String(32), index=True)
    submitted_at: Mapped[str] = mapped_column(_WHEN)
    received_at: Mapped[str] = mapped_column(_WHEN, index=True)
    claimed_extract: Mapped[str] = mapped_column(String(128))
    workspace_folder: Mapped[str] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(16), index=True)
    changed: Mapped[int] = mapped_column(BigInteger, index=True)
    extract: Mapped[str] = mapped_column(String(128), default="")
    appetite: Mapped[str] = mapped_column(_SHA, default="")
    checkers: Mapped[int] = mapped_column(Integer, default=2)
    verdict: Mapped[str] = mapped_column(String(8), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    outputs: Mapped[list["OutputRow"]] = relationship(
        order_by="OutputRow.number", cascade="all, delete-orphan", lazy="selectin"
    )
    votes: Mapped[list["VoteRow"]] = relationship(order_by="VoteRow.id", lazy="selectin")


class OutputRow(Base):
    """A file of a submission as the gate last saw it.

    `canonical` is the hash of the gate's own bytes ("" when blocked), `submitted` of what the upload was
    parsed to, `binding` of everything that a vote on it is bound to.
    """

    __tablename__ = "outputs"
    __table_args__ = (UniqueConstraint("submission", "file"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    submission: Mapped[str] = mapped_column(ForeignKey("submissions.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    file: Mapped[str] = mapped_column(String(512))
    title: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(8))
    evidence: Mapped[str] = mapped_column(String(1))
    canonical: Mapped[str] = mapped_column(_SHA)
    submitted: Mapped[str] = mapped_column(_SHA)
    binding: Mapped[str] = mapped_column(_SHA)
    findings: Mapped[list["FindingRow"]] = relationship(
        order_by="FindingRow.number", cascade="all, delete-orphan", lazy="selectin"
    )


class FindingRow(Base):
    """What the gate found in an output. `cells` are its names, `places` their [row, column] in the file."""

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    output: Mapped[int] = mapped_column(ForeignKey("outputs.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(String(128))
    verdict: Mapped[str] = mapped_column(String(8))
    message: Mapped[str] = mapped_column(Text)
    cells: Mapped[list[Any]] = mapped_column(JSON)
    places: Mapped[list[Any]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)


class VoteRow(Base):
    """One checker's vote on one file, on exactly the bytes, data and appetite of `binding`."""

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("submission", "file", "voter"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    submission: Mapped[str] = mapped_column(ForeignKey("submissions.id"), index=True)
    file: Mapped[str] = mapped_column(String(512))
    voter: Mapped[str] = mapped_column(String(32))
    choice: Mapped[str] = mapped_column(String(16))
    comment: Mapped[str] = mapped_column(Text)
    binding: Mapped[str] = mapped_column(_SHA)
    at: Mapped[str] = mapped_column(_WHEN)


class DecisionRow(Base):
    """What was decided on an output, and everything needed to defend it later. Written once."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    submission: Mapped[str] = mapped_column(ForeignKey("submissions.id"), index=True)
    file: Mapped[str] = mapped_column(String(512))
    outcome: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(8))
    canonical: Mapped[str] = mapped_column(_SHA)
    binding: Mapped[str] = mapped_column(_SHA)
    votes: Mapped[list[Any]] = mapped_column(JSON)
    at: Mapped[str] = mapped_column(_WHEN)


class ReleaseRow(Base):
    """A release that was begun; `released_at` is "" until everything is out."""

    __tablename__ = "releases"

    submission: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    project: Mapped[str] = mapped_column(String(40), index=True)
    begun_by: Mapped[str] = mapped_column(String(32))
    begun_at: Mapped[str] = mapped_column(_WHEN)
    released_at: Mapped[str] = mapped_column(_WHEN, default="")
    manifest: Mapped[str] = mapped_column(_SHA, default="")
