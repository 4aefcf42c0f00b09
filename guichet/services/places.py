"""Places left, counted from bookings and live offers; and the lock that two desks meet at.

One count serves screens and handlers alike (domain.md §9): size − booked − held offers − waiting ahead.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import BindParameter, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Offer, OfferAnswer
from guichet.models.offer import CapacityPool, PoolDay, PoolSlot
from guichet.models.people import Person
from guichet.rules.capacity import PlacesLeft, PoolCount, places_left
from guichet.services.catalogue import PoolInfo

PoolKey = tuple[int, date]


@dataclass
class Counts:
    """What each pool holds on each date; kept up to date by whoever books, so that places are recomputed as it goes."""

    sizes: Mapping[PoolKey, int]
    booked: dict[PoolKey, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[PoolKey, int] = field(default_factory=lambda: defaultdict(int))
    waiting: dict[PoolKey, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))

    def left(
        self, pools: Iterable[PoolInfo], day: date, *, since: tuple[datetime, int] | None = None
    ) -> PlacesLeft:
        """Places left for a booking on these pools; `since` is where one who already waits stands in the queue.

        Who comes anew has everybody who waits ahead of them.
        """
        counted = []
        for pool in pools:
            key = (pool.id, day)
            waiting = self.waiting.get(key, ())
            ahead = len(waiting) if since is None else sum(1 for place in waiting if place < since)
            counted.append(
                PoolCount(
                    pool.id,
                    self.sizes.get(key),
                    self.booked.get(key, 0),
                    self.held.get(key, 0),
                    ahead,
                    pool.name,
                )
            )
        return places_left(counted)

    def room(self, pools: Iterable[PoolInfo], day: date) -> PlacesLeft:
        """Places left when nobody's turn is respected: what an agent may still give by hand, with a reason."""
        bare = replace(self, waiting={})
        return bare.left(pools, day)

    def add(self, pools: Iterable[PoolInfo], day: date) -> None:
        """One more booking on these pools."""
        for pool in pools:
            self.booked[pool.id, day] += 1

    def give_back(self, pools: Iterable[PoolInfo], day: date) -> None:
        """One booking less on these pools."""
        for pool in pools:
            self.booked[pool.id, day] -= 1

    def add_waiting(self, pools: Iterable[PoolInfo], day: date, place: tuple[datetime, int]) -> None:
        """One more child waiting for these pools."""
        for pool in pools:
            self.waiting[pool.id, day].append(place)

    def release_held(self, pools: Iterable[PoolInfo], day: date) -> None:
        """One place less held: who it was held for is about to take it."""
        for pool in pools:
            self.held[pool.id, day] = max(0, self.held.get((pool.id, day), 0) - 1)

    def remove_waiting(self, pools: Iterable[PoolInfo], day: date, place: tuple[datetime, int]) -> None:
        """One child less waiting."""
        for pool in pools:
            queue = self.waiting.get((pool.id, day), [])
            if place in queue:
                queue.remove(place)


def lock(session: Session, child_ids: Collection[int], pools: Collection[PoolKey]) -> None:
    """Hold the children and the pools' days until the transaction ends, in id order so that no two desks cross.

    On SQLite the writing transaction already holds the whole base (BEGIN IMMEDIATE).
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    if child_ids:
        session.execute(
            select(Person.id)
            .where(Person.id.in_(child_ids))
            .order_by(Person.id)
            .with_for_update(key_share=True)
        ).all()
    if pools:
        session.execute(
            select(PoolDay.id)
            .where(
                PoolDay.pool_id.in_({pool for pool, _ in pools}), PoolDay.date.in_({day for _, day in pools})
            )
            .order_by(PoolDay.id)
            .with_for_update()
        ).all()


DRAWS_ON_POOL = and_(
    Booking.slot_id == PoolSlot.slot_id,
    or_(CapacityPool.group_id.is_(None), CapacityPool.group_id == Booking.group_id),
)
"""A booking that takes from a pool: on one of its slots, and of its group where the pool is kept for one."""

_POOLS: BindParameter[int] = bindparam("pools", expanding=True)
_DAYS: BindParameter[date] = bindparam("days", expanding=True)
_DRAWN = (
    select(PoolSlot.pool_id, Booking.date)
    .select_from(PoolSlot)
    .join(CapacityPool, CapacityPool.id == PoolSlot.pool_id)
    .join(Booking, DRAWS_ON_POOL)
    .where(PoolSlot.pool_id.in_(_POOLS), Booking.date.in_(_DAYS))
)
# Built once: composing these costs more than running them, and every decision counts.
_SIZES = select(PoolDay.pool_id, PoolDay.date, PoolDay.size).where(
    PoolDay.pool_id.in_(_POOLS), PoolDay.date.in_(_DAYS)
)
_BOOKED = (
    _DRAWN.add_columns(func.sum(Booking.quantity))
    .where(Booking.state == BookingState.BOOKED)
    .group_by(PoolSlot.pool_id, Booking.date)
)
_WAITING = _DRAWN.add_columns(
    func.coalesce(Booking.requested_at, Booking.created_at),
    Booking.id,
    Booking.quantity,
    exists().where(
        Offer.booking_id == Booking.id,
        Offer.answer == OfferAnswer.PENDING,
        Offer.expires_at > bindparam("now"),
    ),
).where(Booking.state == BookingState.WAITING)


def count(session: Session, pools: Collection[PoolKey], now: datetime) -> Counts:
    """Count bookings, live offers and who waits, on these pools and dates: three queries, whatever their number."""
    if not pools:
        return Counts(sizes={})
    asked = {"pools": list({pool for pool, _ in pools}), "days": list({day for _, day in pools})}
    counts = Counts(sizes={(pool, day): size for pool, day, size in session.execute(_SIZES, asked)})
    for pool, day, number in session.execute(_BOOKED, asked):
        counts.booked[pool, day] = number
    for pool, day, since, booking_id, quantity, held in session.execute(_WAITING, asked | {"now": now}):
        if held:
            counts.held[pool, day] += quantity
        else:
            counts.waiting[pool, day].append((since, booking_id))
    return counts
