"""Days on which a place is free while children wait for it: what a director can give at once."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Offer, OfferAnswer
from guichet.models.offer import Activity, AgeGroup, CapacityPool, Facility, PoolDay, PoolSlot
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services.paging import Page, PageQuery
from guichet.services.places import DRAWS_ON_POOL
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class FreedQuery(PageQuery):
    """From today on, by date."""

    sort: str = "date"


@dataclass(frozen=True)
class FreedRow:
    """A pool's day: places free once held offers are counted, and children who wait without an offer."""

    pool_day_id: int
    date: date
    activity_id: int
    activity: str
    facility: str
    group: str
    pool: str
    size: int
    free: int
    waiting: int


@needs(Permission.READ_REQUESTS)
def list_freed(session: Session, context: Context, query: FreedQuery) -> Page[FreedRow]:
    """One page of them: two queries."""
    days = _days(context).subquery()
    orders: dict[str, Any] = {
        "date": PoolDay.date,
        "activity": Activity.name,
        "facility": Facility.name,
        "free": days.c.free,
        "waiting": days.c.waiting,
    }
    order = orders.get(query.sort, PoolDay.date)
    rows = session.execute(
        select(
            PoolDay.id,
            PoolDay.date,
            PoolDay.size,
            CapacityPool.name.label("pool"),
            Activity.id.label("activity_id"),
            Activity.name.label("activity"),
            func.coalesce(Facility.name, "").label("facility"),
            func.coalesce(AgeGroup.name, "").label("group_name"),
            days.c.free,
            days.c.waiting,
        )
        .join(days, days.c.id == PoolDay.id)
        .join(CapacityPool, CapacityPool.id == PoolDay.pool_id)
        .join(Activity, Activity.id == CapacityPool.activity_id)
        .outerjoin(Facility, Facility.id == Activity.facility_id)
        .outerjoin(AgeGroup, AgeGroup.id == CapacityPool.group_id)
        .order_by(
            (order.desc() if query.descending else order.asc()).nulls_last(),
            PoolDay.date,
            Activity.name,
            PoolDay.id,
        )
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(
        tuple(
            FreedRow(
                pool_day_id=row.id,
                date=row.date,
                activity_id=row.activity_id,
                activity=row.activity,
                facility=row.facility,
                group=row.group_name,
                pool=row.pool,
                size=row.size,
                free=int(row.free),
                waiting=int(row.waiting),
            )
            for row in rows
        ),
        count(session, context),
        query.offset,
    )


def count(session: Session, context: Context) -> int:
    """How many days the list holds."""
    return session.execute(select(func.count()).select_from(_days(context).subquery())).scalar_one()


def _days(context: Context) -> Select[*tuple[Any, ...]]:
    """Size less what is booked and what live offers hold, counted as `places` does, where somebody still waits."""
    offered = (
        select(Offer.id)
        .where(
            Offer.booking_id == Booking.id,
            Offer.answer == OfferAnswer.PENDING,
            Offer.expires_at > context.now,
        )
        .correlate(Booking)
        .exists()
    )
    waits = Booking.state == BookingState.WAITING
    taken = func.sum(
        case((or_(Booking.state == BookingState.BOOKED, and_(waits, offered)), Booking.quantity), else_=0)
    )
    waiting = func.sum(case((and_(waits, ~offered), 1), else_=0))
    free = PoolDay.size - taken
    today = paris_day(context.now)
    # Few days have someone waiting: only their bookings are counted.
    waited = (
        select(PoolSlot.pool_id, Booking.date)
        .join(Booking, Booking.slot_id == PoolSlot.slot_id)
        .where(waits, Booking.date >= today)
        .distinct()
        .subquery()
    )
    return (
        select(PoolDay.id, free.label("free"), waiting.label("waiting"))
        .join(waited, and_(waited.c.pool_id == PoolDay.pool_id, waited.c.date == PoolDay.date))
        .join(CapacityPool, CapacityPool.id == PoolDay.pool_id)
        .join(PoolSlot, PoolSlot.pool_id == PoolDay.pool_id)
        .join(Booking, and_(DRAWS_ON_POOL, Booking.date == PoolDay.date))
        .where(Booking.state != BookingState.CANCELLED)
        .group_by(PoolDay.id, PoolDay.size)
        .having(and_(waiting > 0, free > 0))
    )
