"""What families ask through a portal or at the desk, and what the town answers."""

from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from guichet.models.base import ROW_ID, Base, Cents, Code, Instant, Label, Versioned, stored
from guichet.rules.proposals import Verdict as Verdict
from guichet.rules.requests import RequestState as RequestState


class ConnectorKind(StrEnum):
    """How a portal is reached."""

    FOLDER = "folder"
    HTTPS = "https"


class Portal(Versioned, Base):
    """A family portal the town listens to. Its token stays in the keyring; `cursor` is where the last pull ended."""

    __tablename__ = "portal"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    connector: Mapped[ConnectorKind] = mapped_column(stored(ConnectorKind))
    address: Mapped[str | None] = mapped_column(Text)
    cursor: Mapped[str | None] = mapped_column(Text)


class BatchState(StrEnum):
    """Running until its last line is in; refused whole leaves no line."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class ImportBatch(Versioned, Base):
    """One file or pull of a portal. At the end received = imported + duplicate + quarantined, by check."""

    __tablename__ = "import_batch"
    __table_args__ = (
        UniqueConstraint("portal", "batch", "sha256"),
        CheckConstraint("received = imported + duplicate + quarantined", name="counts_add_up"),
    )

    portal: Mapped[Code]
    batch: Mapped[Label]
    sha256: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[BatchState] = mapped_column(stored(BatchState))
    refusal: Mapped[str | None] = mapped_column(Text)
    exported_at: Mapped[Instant | None]
    started_at: Mapped[Instant] = mapped_column(index=True)
    finished_at: Mapped[Instant | None]
    expected: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    received: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    imported: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    duplicate: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    quarantined: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class LineOutcome(StrEnum):
    """The one visible outcome of an imported line."""

    IMPORTED = "imported"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class ImportLine(Base):
    """A line of a batch and its current outcome. `raw` keeps the bytes of a quarantined one."""

    __tablename__ = "import_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        CheckConstraint("(outcome = 'quarantined') = (raw IS NOT NULL)", name="raw_only_in_quarantine"),
        CheckConstraint("outcome <> 'quarantined' OR reason IS NOT NULL", name="quarantine_has_reason"),
        Index(None, "batch_id", "outcome"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    number: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[LineOutcome] = mapped_column(stored(LineOutcome))
    code: Mapped[Code | None]
    reason: Mapped[str | None] = mapped_column(Text)
    raw: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)


class ImportOutcome(Base):
    """The history of a line's outcomes: the first at import, one more at each retry."""

    __tablename__ = "import_outcome"

    line_id: Mapped[int] = mapped_column(ForeignKey("import_line.id"), index=True)
    at: Mapped[Instant]
    outcome: Mapped[LineOutcome] = mapped_column(stored(LineOutcome, name="import_outcome_kind"))
    code: Mapped[Code | None]
    reason: Mapped[str | None] = mapped_column(Text)


class RequestKind(StrEnum):
    """What may be asked (exchange format §kinds)."""

    BOOKINGS = "bookings"
    CANCELLATIONS = "cancellations"
    ABSENCE = "absence"
    ENROLMENT = "enrolment"
    WITHDRAWAL = "withdrawal"
    COMPLEMENT = "complement"
    NEW_FAMILY = "new_family"
    FAMILY_SHEET = "family_sheet"
    CHILD_SHEET = "child_sheet"
    DOCUMENT = "document"
    ATTESTATION = "attestation"
    MESSAGE = "message"
    EINVOICE_CONSENT = "einvoice_consent"


class Origin(StrEnum):
    """Where a request came in."""

    PORTAL = "portal"
    DESK = "desk"
    TELEPHONE = "telephone"
    PAPER = "paper"


class Request(Versioned, Base):
    """One revision of one thing a family asks. (portal, external id, revision) is unique.

    `anomaly` is set where something already paid or confirmed by the portal fails the rules: an agent must look.
    `proposal` sums up its items' verdicts for lists. `too_late` answers « déjà prise en charge » and changes nothing.
    """

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("portal", "external_id", "revision"),
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("state <> 'draft'", name="draft_stays_on_the_portal"),
        Index(None, "state", "submitted_at"),
        Index(None, "kind", "state"),
        Index(None, "family_id", "state"),
    )

    portal: Mapped[Code]
    external_id: Mapped[str] = mapped_column(String(200), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    payload_hash: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    kind: Mapped[RequestKind] = mapped_column(stored(RequestKind))
    origin: Mapped[Origin] = mapped_column(stored(Origin), default=Origin.PORTAL, server_default="portal")
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"), index=True)
    submitted_at: Mapped[Instant] = mapped_column(index=True)
    imported_at: Mapped[Instant]
    state: Mapped[RequestState] = mapped_column(stored(RequestState))
    proposal: Mapped[Code | None]
    anomaly: Mapped[str | None] = mapped_column(Text)
    payment_reference: Mapped[Label | None]
    paid_cents: Mapped[Cents | None]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    taken_at: Mapped[Instant | None]
    decided_at: Mapped[Instant | None] = mapped_column(index=True)
    decided_by: Mapped[Code | None]
    answer_by: Mapped[date | None]
    note: Mapped[str | None] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="")


class ItemKind(StrEnum):
    """What one item of a request is about."""

    DATE = "date"
    FIELD = "field"
    DOCUMENT = "document"
    WHOLE = "whole"


class ItemDecision(StrEnum):
    """What was decided on an item."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class RequestItem(Versioned, Base):
    """One date × slot, one field old → new, one document, or the whole of a request that has no parts.

    `reasons` is a list of {code, text}; `field` is a dotted path such as `responsable.mobile_phone`.
    """

    __tablename__ = "request_item"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        CheckConstraint(
            "item_kind <> 'date' OR (slot_id IS NOT NULL AND date IS NOT NULL)", name="date_complete"
        ),
        CheckConstraint("item_kind <> 'field' OR field IS NOT NULL", name="field_complete"),
        CheckConstraint("decision <> 'refused' OR decision_code IS NOT NULL", name="refusal_has_code"),
        Index(None, "slot_id", "date"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("request.id"))
    position: Mapped[int] = mapped_column(Integer)
    item_kind: Mapped[ItemKind] = mapped_column(stored(ItemKind))
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"))
    date: Mapped[date | None]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    field: Mapped[Label | None]
    old_value: Mapped[Any | None] = mapped_column(JSON)
    new_value: Mapped[Any | None] = mapped_column(JSON)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    verdict: Mapped[Verdict | None] = mapped_column(stored(Verdict))
    verdict_code: Mapped[Code | None]
    reasons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    decision: Mapped[ItemDecision | None] = mapped_column(stored(ItemDecision))
    decision_code: Mapped[Code | None]
    decision_text: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[Code | None]


class OutboxState(StrEnum):
    """Queued until a portal acknowledged it; held answers may still be undone."""

    QUEUED = "queued"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Outbox(Versioned, Base):
    """Something to publish (answer, document, balance, booking, news …), written in the act's own transaction.

    `idempotency_key` lets the receiver drop a second sending. Times of the next try are instants.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "state", "not_before"), Index(None, "subject_kind", "subject_id"))

    kind: Mapped[Code]
    portal: Mapped[Code]
    subject_kind: Mapped[Code]
    subject_id: Mapped[int] = mapped_column(ROW_ID)
    idempotency_key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[OutboxState] = mapped_column(
        stored(OutboxState), default=OutboxState.QUEUED, server_default="queued"
    )
    not_before: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[Instant | None]


class Message(Base):
    """A message between a family and the town."""

    __tablename__ = "message"
    __table_args__ = (Index(None, "family_id", "sent_at"),)

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)
    from_family: Mapped[bool] = mapped_column(Boolean)
    subject: Mapped[Label]
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[Instant]
    read_at: Mapped[Instant | None]
