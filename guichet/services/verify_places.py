"""What verify proves of places: none given twice, no child twice in a slot, no row that points at nothing."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Offer, OfferAnswer
from guichet.models.offer import CapacityPool, PoolDay, PoolSlot
from guichet.rules.text import format_date
from guichet.services.findings import Finding
from guichet.services.places import DRAWS_ON_POOL
from guichet.services.transaction import Context


def places_given_twice(session: Session, context: Context) -> Iterator[Finding]:
    """Live bookings and live offers on a pool's day are at most its size, unless it is listed as overfull."""
    holds_a_place = or_(Booking.state == BookingState.BOOKED, _held_by_offer(context))
    taken = func.sum(Booking.quantity)
    statement = (
        select(CapacityPool.name, PoolDay.id, PoolDay.date, PoolDay.size, taken)
        .join(PoolDay, PoolDay.pool_id == CapacityPool.id)
        .join(PoolSlot, PoolSlot.pool_id == CapacityPool.id)
        .join(Booking, and_(DRAWS_ON_POOL, Booking.date == PoolDay.date))
        .where(~PoolDay.overfull, holds_a_place)
        .group_by(CapacityPool.name, PoolDay.id, PoolDay.date, PoolDay.size)
        .having(taken > PoolDay.size)
    )
    for name, pool_day_id, day, size, count in session.execute(statement):
        yield Finding(
            "place_given_twice",
            f"pool_day:{pool_day_id}",
            f"{name}, le {format_date(day)} : {count} places prises pour {size}.",
        )


def _held_by_offer(context: Context) -> ColumnElement[bool]:
    return and_(
        Booking.state == BookingState.WAITING,
        select(Offer.id)
        .where(
            Offer.booking_id == Booking.id,
            Offer.answer == OfferAnswer.PENDING,
            Offer.expires_at > context.now,
        )
        .exists(),
    )


def children_booked_twice(session: Session, context: Context) -> Iterator[Finding]:
    """No child has two live bookings of the same slot at the same time, whichever family made them."""
    key = (Booking.child_id, Booking.slot_id, Booking.date, Booking.starts_at)
    statement = (
        select(*key).where(Booking.state != BookingState.CANCELLED).group_by(*key).having(func.count() > 1)
    )
    for child_id, slot_id, day, _ in session.execute(statement):
        yield Finding(
            "child_booked_twice",
            f"person:{child_id}",
            f"Un enfant est réservé deux fois sur le même créneau ({slot_id}) le {format_date(day)}.",
        )


def dangling_references(session: Session, context: Context) -> Iterator[Finding]:
    """No row points at a row that is not there (SQLite lets a foreign program write with the check off)."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for table, row_id, target, _ in session.connection().exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding(
            "dangling_reference",
            f"{table}:{row_id}",
            f"Une ligne de {table} désigne une ligne de {target} qui n’existe pas.",
        )
