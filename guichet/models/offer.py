"""What the town offers: facilities, activities, slots, groups, open dates, places and deadlines."""

from datetime import date, time
from enum import StrEnum

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

from guichet.models.base import Base, Code, Label, Versioned, stored


class Facility(Base):
    """A place where activities happen."""

    __tablename__ = "facility"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    address: Mapped[str | None] = mapped_column(Text)


class ActivityType(Base):
    """Périscolaire, Accueil de loisirs, EMS, Territoire Jeunes (000)."""

    __tablename__ = "activity_type"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]


class Confirmation(StrEnum):
    """Who accepts a request: the rules themselves at import, or an agent (domain.md §2)."""

    IMMEDIATE = "immediate"
    BY_AGENT = "by_agent"


class Supervision(StrEnum):
    """The legal kind of accueil (domain.md §9)."""

    PERISCOLAIRE = "periscolaire"
    EXTRASCOLAIRE = "extrascolaire"
    OTHER = "other"


class Activity(Versioned, Base):
    """One activity families enrol in; `modifiable` false means its planning cannot be changed (EMS).

    `holiday_activity_id`: inside school holidays this activity follows that one's deadlines (domain.md §4).
    `waiting_list` false: a full date is refused. `prepaid`: booking needs a sufficient account (seed 004).
    """

    __tablename__ = "activity"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    type_id: Mapped[int] = mapped_column(ForeignKey("activity_type.id"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    regie_id: Mapped[int | None] = mapped_column(ForeignKey("regie.id"), index=True)
    confirmation: Mapped[Confirmation] = mapped_column(
        stored(Confirmation), default=Confirmation.BY_AGENT, server_default="by_agent"
    )
    supervision: Mapped[Supervision] = mapped_column(
        stored(Supervision), default=Supervision.OTHER, server_default="other"
    )
    paid_at_once: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    modifiable: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    needs_dossier: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    excused_absence_free: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    waiting_list: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    residents_only: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    prepaid: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    holiday_activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"), index=True)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    archived: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))


class DeadlineAction(StrEnum):
    """What the family wants to do."""

    BOOK = "book"
    CANCEL = "cancel"
    ABSENCE = "absence"


class DeadlineKind(StrEnum):
    """How the limit is reckoned (domain.md §4)."""

    WEEK_BEFORE = "week_before"
    WORKING_DAYS = "working_days"
    HOURS_BEFORE = "hours_before"
    WINDOW = "window"
    NEVER = "never"


class DeadlineRule(Base):
    """The deadline of one action on one activity; parameters a kind does not use stay empty.

    `weekday` is 0 for Monday. No row for an action means no limit.
    """

    __tablename__ = "deadline_rule"
    __table_args__ = (
        UniqueConstraint("activity_id", "action"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_exists"),
        CheckConstraint(
            "kind <> 'week_before' OR (weekday IS NOT NULL AND at_time IS NOT NULL)",
            name="week_before_complete",
        ),
        CheckConstraint("kind <> 'working_days' OR days > 0", name="working_days_complete"),
        CheckConstraint("kind <> 'hours_before' OR hours >= 0", name="hours_before_complete"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    action: Mapped[DeadlineAction] = mapped_column(stored(DeadlineAction))
    kind: Mapped[DeadlineKind] = mapped_column(stored(DeadlineKind))
    weekday: Mapped[int | None] = mapped_column(Integer)
    at_time: Mapped[time | None]
    days: Mapped[int | None] = mapped_column(Integer)
    counts_request_day: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    counts_service_day: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    hours: Mapped[int | None] = mapped_column(Integer)


class Period(Base):
    """A stretch of an activity (a year, a holiday) with its registration window; families enrol in it."""

    __tablename__ = "period"
    __table_args__ = (
        UniqueConstraint("activity_id", "code"),
        CheckConstraint("starts_on <= ends_on", name="dates_in_order"),
        CheckConstraint(
            "registration_opens_on IS NULL OR registration_closes_on IS NULL OR registration_opens_on <= registration_closes_on",
            name="registration_in_order",
        ),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    code: Mapped[Code]
    name: Mapped[Label]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    registration_opens_on: Mapped[date | None]
    registration_closes_on: Mapped[date | None]


class SlotUnit(StrEnum):
    """How a slot is counted and billed."""

    DAY = "day"
    HOUR = "hour"
    QUANTITY = "quantity"


class Slot(Base):
    """Matin, repas, après-midi, journée … of one activity."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("activity_id", "code"), UniqueConstraint("id", "activity_id"))

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    code: Mapped[Code]
    name: Mapped[Label]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    unit: Mapped[SlotUnit] = mapped_column(stored(SlotUnit), default=SlotUnit.DAY, server_default="day")
    meal: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    position: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class SlotExclusion(Base):
    """Two slots a child cannot have on the same day (journée and matin); one row a pair, lower id first."""

    __tablename__ = "slot_exclusion"
    __table_args__ = (
        UniqueConstraint("slot_id", "other_slot_id"),
        CheckConstraint("slot_id < other_slot_id", name="lower_first"),
    )

    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"))
    other_slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), index=True)


class AgeGroup(Base):
    """A group of an activity, by ages (years at the date of service, both included) or by school levels."""

    __tablename__ = "age_group"
    __table_args__ = (
        UniqueConstraint("activity_id", "code"),
        UniqueConstraint("id", "activity_id"),
        CheckConstraint("min_age IS NULL OR max_age IS NULL OR min_age <= max_age", name="ages_in_order"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    code: Mapped[Code]
    name: Mapped[Label]
    min_age: Mapped[int | None] = mapped_column(Integer)
    max_age: Mapped[int | None] = mapped_column(Integer)
    levels: Mapped[list[str] | None] = mapped_column(JSON)
    position: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class Opening(Base):
    """An activity's slot is open on a date, for one group or (group empty) for all."""

    __tablename__ = "opening"
    __table_args__ = (
        ForeignKeyConstraint(["slot_id", "activity_id"], ["slot.id", "slot.activity_id"]),
        ForeignKeyConstraint(["group_id", "activity_id"], ["age_group.id", "age_group.activity_id"]),
        Index(
            "uq_opening_for_group",
            "slot_id",
            "date",
            "group_id",
            unique=True,
            sqlite_where=text("group_id IS NOT NULL"),
            postgresql_where=text("group_id IS NOT NULL"),
        ),
        Index(
            "uq_opening_for_all",
            "slot_id",
            "date",
            unique=True,
            sqlite_where=text("group_id IS NULL"),
            postgresql_where=text("group_id IS NULL"),
        ),
        Index(None, "activity_id", "date"),
        Index(None, "group_id"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    slot_id: Mapped[int]
    group_id: Mapped[int | None]
    date: Mapped[date]


class CapacityPool(Base):
    """A count of places that several slots may draw on: a *journée* takes one in *matin* and in *après-midi*.

    `group_id` empty means every group draws on it. How many places, date by date, stands in `pool_day`.
    """

    __tablename__ = "capacity_pool"
    __table_args__ = (
        UniqueConstraint("activity_id", "code"),
        UniqueConstraint("id", "activity_id"),
        ForeignKeyConstraint(["group_id", "activity_id"], ["age_group.id", "age_group.activity_id"]),
        Index(None, "group_id"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    group_id: Mapped[int | None]
    code: Mapped[Code]
    name: Mapped[Label]


class PoolSlot(Base):
    """A slot that draws on a pool."""

    __tablename__ = "pool_slot"
    __table_args__ = (
        UniqueConstraint("pool_id", "slot_id"),
        ForeignKeyConstraint(["pool_id", "activity_id"], ["capacity_pool.id", "capacity_pool.activity_id"]),
        ForeignKeyConstraint(["slot_id", "activity_id"], ["slot.id", "slot.activity_id"]),
        Index(None, "slot_id"),
    )

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), index=True)
    pool_id: Mapped[int]
    slot_id: Mapped[int]


class PoolDay(Versioned, Base):
    """The size of a pool on a date; the row is the lock two desks meet at. No row means no limit.

    `overfull` marks a day that came in fuller than its size from another program: listed, not failed.
    """

    __tablename__ = "pool_day"
    __table_args__ = (
        UniqueConstraint("pool_id", "date"),
        CheckConstraint("size >= 0", name="size_not_negative"),
        Index(None, "date"),
    )

    pool_id: Mapped[int] = mapped_column(ForeignKey("capacity_pool.id"))
    date: Mapped[date]
    size: Mapped[int] = mapped_column(Integer)
    overfull: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
