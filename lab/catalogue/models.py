"""Tables of safe data: grants, and the extracts that were made for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lab.base.database import Base


class GrantRow(Base):
    """What the data owners let a project have, until when; never changed once it stands."""

    __tablename__ = "grants"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    owners: Mapped[list[str]] = mapped_column(JSON)
    valid_until: Mapped[date] = mapped_column(Date)
    datasets: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class GrantWithdrawalRow(Base):
    """That the owners took a grant back before its end."""

    __tablename__ = "grant_withdrawals"

    grant: Mapped[str] = mapped_column(ForeignKey("grants.id"), primary_key=True)
    withdrawn_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(300))


class ExtractRow(Base):
    """A signed extract, received and verified; a project works on its current one."""

    __tablename__ = "extracts"

    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    grant: Mapped[str] = mapped_column(ForeignKey("grants.id"))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    datasets: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    current: Mapped[bool] = mapped_column(Boolean)
