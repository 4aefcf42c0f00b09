"""Yearly dossiers and the documents they are made of."""

from datetime import date
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from guichet.models.base import Base, Code, Instant, Label, Versioned, stored


class DocumentScope(StrEnum):
    """Whose document it is."""

    FAMILY = "family"
    CHILD = "child"


class ValidityRule(StrEnum):
    """How long a document is good for."""

    DURATION = "duration"
    DATE = "date"
    SCHOOL_YEAR = "school_year"
    CALENDAR_YEAR = "calendar_year"
    UNLIMITED = "unlimited"


class DocumentType(Base):
    """A kind of piece the town asks for (domain.md §11): data, edited by the town."""

    __tablename__ = "document_type"
    __table_args__ = (
        CheckConstraint("validity <> 'duration' OR validity_days > 0", name="duration_has_days"),
    )

    code: Mapped[Code] = mapped_column(unique=True)
    label: Mapped[Label]
    scope: Mapped[DocumentScope] = mapped_column(stored(DocumentScope))
    validity: Mapped[ValidityRule] = mapped_column(stored(ValidityRule))
    validity_days: Mapped[int | None] = mapped_column(Integer)
    required: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    min_age: Mapped[int | None] = mapped_column(Integer)
    max_age: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class DocumentState(StrEnum):
    """Réclamé, non traité, valide, invalide; « non fourni » and « périmé » are computed, never stored."""

    REQUESTED = "requested"
    RECEIVED = "received"
    VALID = "valid"
    INVALID = "invalid"


class Document(Versioned, Base):
    """A piece of a family or of one of its people; its bytes stand in `document_content`."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint(
            "valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until", name="dates_in_order"
        ),
    )

    type_id: Mapped[int | None] = mapped_column(ForeignKey("document_type.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)
    state: Mapped[DocumentState] = mapped_column(stored(DocumentState))
    reason: Mapped[str | None] = mapped_column(Text)
    name: Mapped[Label]
    media_type: Mapped[Label | None]
    size: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    received_at: Mapped[Instant]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


class DocumentContent(Base):
    """The bytes of a document, read only when somebody opens it."""

    __tablename__ = "document_content"

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class DossierState(StrEnum):
    """The agent's part of a yearly dossier; *incomplete* and *expired* are computed from its pieces."""

    EXPECTED = "expected"
    FILED = "filed"
    UNDER_REVIEW = "under_review"
    VALID = "valid"
    REFUSED = "refused"


class Dossier(Versioned, Base):
    """The yearly dossier of a child in a family (000, 004: each separated parent files one)."""

    __tablename__ = "dossier"
    __table_args__ = (
        UniqueConstraint("child_id", "family_id", "school_year_id"),
        ForeignKeyConstraint(["family_id", "child_id"], ["membership.family_id", "membership.person_id"]),
        Index(None, "family_id", "child_id"),
    )

    child_id: Mapped[int]
    family_id: Mapped[int]
    school_year_id: Mapped[int] = mapped_column(ForeignKey("school_year.id"), index=True)
    state: Mapped[DossierState] = mapped_column(stored(DossierState))
    filed_at: Mapped[Instant | None]
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[Code | None]
    reason: Mapped[str | None] = mapped_column(Text)
