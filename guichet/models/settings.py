"""The town's settings, its calendar, and the accounts of those who work here."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from guichet.models.base import ROW_ID, Base, Code, Instant, Label, Versioned, stored


class Setting(Versioned, Base):
    """One value the town may decide: key → JSON."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(120), unique=True)
    value: Mapped[Any] = mapped_column(JSON)


class SchoolYear(Base):
    """From the first day of the summer holidays to the last school day, both included; no two overlap."""

    __tablename__ = "school_year"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="dates_in_order"),)

    label: Mapped[str] = mapped_column(String(20), unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class HolidayKind(StrEnum):
    """What a day off school is."""

    PUBLIC = "public"
    SMALL = "small"
    SUMMER = "summer"


class Holiday(Base):
    """A public holiday or a stretch of school holidays, first and last day included; agents edit the rows."""

    __tablename__ = "holiday"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        UniqueConstraint("kind", "starts_on", "name"),
    )

    kind: Mapped[HolidayKind] = mapped_column(stored(HolidayKind))
    name: Mapped[Label]
    starts_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date]


class Closure(Base):
    """Days on which a facility, an activity, or (both empty) everything is closed."""

    __tablename__ = "closure"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="dates_in_order"),)

    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[Label]


class UserAccount(Versioned, Base):
    """Someone who works here. `password_hash` is argon2; roles is a JSON list of `Role` values."""

    __tablename__ = "user_account"

    login: Mapped[Code] = mapped_column(unique=True)
    display_name: Mapped[Label]
    password_hash: Mapped[str | None] = mapped_column(String(255))
    roles: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    locked_until: Mapped[Instant | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default=text("'{}'"))


class ProcessedCommand(Base):
    """The id of a command that was applied, inserted first in its transaction: a retry applies once."""

    __tablename__ = "processed_command"

    command_id: Mapped[Code] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(String(120))


class ExternalRef(Base):
    """Where an imported row came from: (source, kind, key there) → our row. It makes "twice = once".

    `digest` is the SHA-256 of the source row as it was read, so that a later file shows what changed there since.
    """

    __tablename__ = "external_ref"
    __table_args__ = (UniqueConstraint("source", "kind", "source_key"),)

    source: Mapped[str] = mapped_column(String(120))
    kind: Mapped[Code]
    source_key: Mapped[str] = mapped_column(String(120))
    row_id: Mapped[int] = mapped_column(ROW_ID, index=True)
    digest: Mapped[str | None] = mapped_column(String(64))


class Counter(Base):
    """The next number of a series of documents, taken under its row's lock in the document's own transaction."""

    __tablename__ = "counter"
    __table_args__ = (
        UniqueConstraint("series", "kind"),
        CheckConstraint("next_number >= start_number", name="not_before_start"),
    )

    series: Mapped[Code]
    kind: Mapped[Code]
    start_number: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    next_number: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))


class Journal(Base):
    """Who did what, when, from where. Append-only; `digest` covers the erasable detail."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "subject_kind", "subject_id"),)

    happened_at: Mapped[Instant] = mapped_column(index=True)
    login: Mapped[Code]
    workstation: Mapped[Label]
    action: Mapped[Code]
    subject_kind: Mapped[Code]
    subject_id: Mapped[int | None] = mapped_column(ROW_ID)
    summary: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))


class JournalDetail(Base):
    """The personal before / after of an entry, kept apart so that it can be erased while the chain stands."""

    __tablename__ = "journal_detail"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), unique=True)
    detail: Mapped[str] = mapped_column(Text)


class JournalSeal(Base):
    """One link of the chain: the hash of the entry and of the link before it."""

    __tablename__ = "journal_seal"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), unique=True)
    position: Mapped[int] = mapped_column(Integer, unique=True)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class JournalUnsealed(Base):
    """An entry that waits for its link: a short list, so that sealing never searches the whole journal."""

    __tablename__ = "journal_unsealed"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), unique=True)
