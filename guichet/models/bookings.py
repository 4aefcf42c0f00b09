"""Enrolments (a child in an activity, paid by a family) and the bookings made under them."""

from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from guichet.models.base import Base, Instant, Label, Versioned, stored


class EnrolmentState(StrEnum):
    """Where an enrolment stands; pending, waiting and active ones may not overlap."""

    PENDING = "pending"
    WAITING = "waiting"
    ACTIVE = "active"
    CANCELLED = "cancelled"


class Enrolment(Versioned, Base):
    """A child in an activity over some dates, and the family that pays.

    `typical_week` (weekday 1 to 7, slot, weeks, as the exchange says it) is information from the family: booking it
    is offered, never automatic.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        UniqueConstraint("id", "child_id", "family_id", "activity_id"),
        ForeignKeyConstraint(["family_id", "child_id"], ["membership.family_id", "membership.person_id"]),
        ForeignKeyConstraint(["group_id", "activity_id"], ["age_group.id", "age_group.activity_id"]),
        Index(None, "family_id", "child_id"),
        Index(None, "child_id", "activity_id"),
        Index(None, "group_id"),
    )

    child_id: Mapped[int]
    family_id: Mapped[int]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), index=True)
    period_id: Mapped[int | None] = mapped_column(ForeignKey("period.id"), index=True)
    group_id: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[EnrolmentState] = mapped_column(stored(EnrolmentState))
    typical_week: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    tariff_category: Mapped[Label | None]
    payment_reference: Mapped[Label | None]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)


class BookingState(StrEnum):
    """Where a booking stands; booked and waiting ones are live."""

    BOOKED = "booked"
    WAITING = "waiting"
    CANCELLED = "cancelled"


class Attendance(StrEnum):
    """What was seen on the day."""

    UNKNOWN = "unknown"
    PRESENT = "present"
    ABSENT_EXCUSED = "absent_excused"
    ABSENT_BILLED = "absent_billed"


_LIVE = text("state <> 'cancelled'")


class Booking(Versioned, Base):
    """One child, one slot, one date. The child is repeated under a composite key so that the database itself
    refuses a second live booking of the same slot, whichever family made it.

    `starts_at` is midnight but where a slot is taken by the hour. `group_id` is fixed when the booking is made.
    """

    __tablename__ = "booking"
    __table_args__ = (
        ForeignKeyConstraint(
            ["enrolment_id", "child_id", "family_id", "activity_id"],
            ["enrolment.id", "enrolment.child_id", "enrolment.family_id", "enrolment.activity_id"],
        ),
        ForeignKeyConstraint(["slot_id", "activity_id"], ["slot.id", "slot.activity_id"]),
        ForeignKeyConstraint(["group_id", "activity_id"], ["age_group.id", "age_group.activity_id"]),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("state <> 'cancelled' OR attendance = 'unknown'", name="cancelled_not_attended"),
        Index(
            "uq_booking_live",
            "child_id",
            "slot_id",
            "date",
            "starts_at",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "slot_id", "date", "state", "group_id", "quantity"),  # places are counted from it alone
        Index(None, "family_id", "date"),
        Index(None, "activity_id", "date"),
        Index(None, "enrolment_id"),
        Index(None, "group_id"),
        Index(None, "date", "state", "attendance", "activity_id"),  # so is a month to bill
    )

    enrolment_id: Mapped[int]
    child_id: Mapped[int]
    family_id: Mapped[int]
    activity_id: Mapped[int]
    slot_id: Mapped[int]
    group_id: Mapped[int | None]
    date: Mapped[date]
    starts_at: Mapped[time] = mapped_column(default=time(0, 0))
    ends_at: Mapped[time | None]
    quantity: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    state: Mapped[BookingState] = mapped_column(stored(BookingState))
    attendance: Mapped[Attendance] = mapped_column(
        stored(Attendance), default=Attendance.UNKNOWN, server_default="unknown"
    )
    absence_reason: Mapped[Label | None]
    arrived_at: Mapped[time | None]
    left_at: Mapped[time | None]
    requested_at: Mapped[Instant | None]
    payment_reference: Mapped[Label | None]
    booked_beforehand: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    request_item_id: Mapped[int | None] = mapped_column(ForeignKey("request_item.id"), index=True)
    cancelled_at: Mapped[Instant | None]
    note: Mapped[str | None] = mapped_column(Text)


class OfferAnswer(StrEnum):
    """What became of an offer of a freed place."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class Offer(Base):
    """A freed place proposed to a waiting booking: it holds the place until it expires or is answered."""

    __tablename__ = "offer"
    __table_args__ = (CheckConstraint("offered_at < expires_at", name="instants_in_order"),)

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    offered_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    answer: Mapped[OfferAnswer] = mapped_column(
        stored(OfferAnswer), default=OfferAnswer.PENDING, server_default="pending"
    )
    answered_at: Mapped[Instant | None]
