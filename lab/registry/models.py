"""Tables of safe people and safe projects."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lab.base.database import Base


class PersonRow(Base):
    """A person with an account. The password is kept as an Argon2 hash only."""

    __tablename__ = "people"

    username: Mapped[str] = mapped_column(String(32), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(128))
    password_hash: Mapped[str] = mapped_column(String(256), default="")


class RoleRow(Base):
    """A role that a person holds."""

    __tablename__ = "roles"

    username: Mapped[str] = mapped_column(ForeignKey("people.username"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class AccreditationRow(Base):
    """An accreditation of a person, with the days it is good for (both included)."""

    __tablename__ = "accreditations"
    __table_args__ = (UniqueConstraint("username", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("people.username"), index=True)
    scheme: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)


class ProjectRow(Base):
    """A project: active or not, within its dates (both included)."""

    __tablename__ = "projects"

    slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    starts: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)


class MembershipRow(Base):
    """A person's time on a project; `until` is empty while it lasts."""

    __tablename__ = "memberships"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    username: Mapped[str] = mapped_column(ForeignKey("people.username"), index=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
