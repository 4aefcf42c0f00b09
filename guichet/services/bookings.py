"""Writing bookings: lock the children and the pools, check places and doubles under the lock, write.

A place is never given twice: the count is taken after the lock, in the transaction that writes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState, Offer, OfferAnswer
from guichet.rules.ages import GroupChoice
from guichet.rules.capacity import PlacesLeft, find_doubles
from guichet.rules.requests import RefusalCode
from guichet.rules.text import format_date
from guichet.services import catalogue as catalogues
from guichet.services import facts_reading, places
from guichet.services.bulk import insert_rows
from guichet.services.catalogue import Catalogue, PoolInfo, SlotInfo
from guichet.services.facts import BookingFact, Facts
from guichet.services.transaction import Context

_BOOKING: Table = Booking.__table__  # type: ignore[assignment]
_MIDNIGHT = time(0, 0)
_NOT_WRITTEN_YET = 1 << 62


@dataclass(frozen=True)
class Order:
    """A place to take, or (waiting) a turn in the queue. `item_id` is the request's item it answers.

    `past_turn`: an agent gives the place although others wait for it. `group_id` is an agent's choice of group.
    """

    child_id: int
    family_id: int
    slot_id: int
    day: date
    requested_at: datetime
    start: time | None = None
    waiting: bool = False
    item_id: int | None = None
    payment_reference: str | None = None
    group_id: int | None = None
    past_turn: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of an order: the booking, or why not (a refusal's code and a French sentence)."""

    booking_id: int | None
    code: RefusalCode | None = None
    sentence: str = ""

    @property
    def is_done(self) -> bool:
        """Whether there is a booking."""
        return self.booking_id is not None


@dataclass
class _Desk:
    """What a run of orders works on, kept up to date as places go; rows are written together at the end."""

    session: Session
    offer: Catalogue
    facts: Facts
    live: dict[int, list[BookingFact]]
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Planned:
    """An order that fits: `row` is where its booking will stand in the rows to write, `queued` the one it leaves."""

    order: Order
    pools: Sequence[PoolInfo]
    row: int | None = None
    queued: BookingFact | None = None


def hold(
    session: Session, offer: Catalogue, child_ids: Collection[int], moments: Iterable[tuple[int, date]]
) -> None:
    """Hold the children and every pool that these (slot, date) moments may draw on, until the transaction ends."""
    pools = {(pool.id, day) for slot, day in moments for pool in offer.pools_of_slot.get(slot, ())}
    places.lock(session, child_ids, pools)


def book(
    session: Session,
    context: Context,
    orders: Sequence[Order],
    offer: Catalogue | None = None,
    facts: Facts | None = None,
) -> tuple[Outcome, ...]:
    """Take the places, in the order given, each outcome on its own: one that fails does not undo the others.

    A waiting booking of the same item is turned into the booking; its turn counts. Deadlines, dossiers and accounts are
    not looked at here: whoever accepts has seen them. `offer` saves reading it again in a long run; `facts` are those
    that the caller gathered after it took the hold itself.
    """
    groups = book_together(session, context, [[order] for order in orders], offer, facts)
    return tuple(outcome for (outcome,) in groups)


def book_together(
    session: Session,
    context: Context,
    groups: Sequence[Sequence[Order]],
    offer: Catalogue | None = None,
    facts: Facts | None = None,
) -> tuple[tuple[Outcome, ...], ...]:
    """Take the places group by group, in the order given: all of a group, or none of it (the failing order says why)."""
    orders = [order for group in groups for order in group]
    if not orders:
        return tuple(() for _ in groups)
    offer = offer or catalogues.load(session)
    if facts is None:
        children = {order.child_id for order in orders}
        moments = {(order.slot_id, order.day) for order in orders}
        hold(session, offer, children, moments)
        facts = facts_reading.gather(
            session,
            context,
            offer,
            child_ids=children,
            family_ids={order.family_id for order in orders},
            moments=moments,
            child_days={(order.child_id, order.day) for order in orders},
            with_money=False,
        )
    desk = _Desk(session, offer, facts, facts.bookings)
    planned = [_plan_group(desk, context, group) for group in groups]
    ids = insert_rows(session, _BOOKING, desk.rows)
    return tuple(tuple(_done(desk, context, one, ids) for one in group) for group in planned)


def _plan_group(desk: _Desk, context: Context, group: Sequence[Order]) -> list[_Planned | Outcome]:
    planned: list[_Planned | Outcome] = [_plan(desk, context, order) for order in group]
    if len(group) == 1 or not any(isinstance(one, Outcome) for one in planned):
        return planned
    for one in reversed(planned):
        if isinstance(one, _Planned):
            _forget(desk, one)
    return [one if isinstance(one, Outcome) else Outcome(None) for one in planned]


def _done(desk: _Desk, context: Context, one: _Planned | Outcome, ids: Sequence[int]) -> Outcome:
    if isinstance(one, Outcome):
        return one
    if one.queued is not None:
        _leave_queue(desk, context, one.order, one.queued)
        return Outcome(one.queued.id)
    return Outcome(ids[one.row or 0])


def _plan(desk: _Desk, context: Context, order: Order) -> _Planned | Outcome:
    slot = desk.offer.slots[order.slot_id]
    activity = desk.offer.activities[slot.activity_id]
    enrolment = desk.facts.enrolment(order.child_id, order.family_id, activity.id, order.day)
    if enrolment is None:
        return Outcome(
            None,
            RefusalCode.AUTRE,
            f"L’enfant n’a pas d’inscription active à « {activity.name} » le {format_date(order.day)} : "
            "inscrivez-le d’abord.",
        )
    queued = _queued(desk, order)
    double = _double(desk, order, queued)
    if double is not None:
        return Outcome(None, RefusalCode.DOUBLON, double)
    choice = desk.facts.group(order.child_id, activity, order.day, order.group_id or enrolment.group_id)
    if choice.problem is not None:
        return _no_group(choice, activity.name)
    group_id = choice.group.id if choice.group is not None else None
    pools = desk.offer.pools_for(slot.id, group_id)
    if not order.waiting:
        left = _left(desk, context, order, pools, queued)
        if not left.is_free:
            sentence = f"Plus de place le {format_date(order.day)} : {left.why}."
            return Outcome(None, RefusalCode.COMPLET, sentence)
    if queued is not None:
        return _plan_leaving(desk, order, queued, pools)
    return _plan_row(desk, order, slot, enrolment.id, group_id, pools)


def _queued(desk: _Desk, order: Order) -> BookingFact | None:
    """The waiting booking that this item made earlier."""
    if order.item_id is None:
        return None
    found = desk.live.get(order.child_id, ())
    return next((one for one in found if one.waiting and one.item_id == order.item_id), None)


def _double(desk: _Desk, order: Order, queued: BookingFact | None) -> str | None:
    others = [one.live for one in desk.live.get(order.child_id, ()) if queued is None or one.id != queued.id]
    doubles = find_doubles(order.slot_id, order.day, order.start or _MIDNIGHT, others, desk.offer.exclusive)
    if not doubles:
        return None
    slot = desk.offer.slots[doubles[0].booking.slot_id]
    who = "l’autre famille" if doubles[0].booking.family_id != order.family_id else "cette famille"
    return f"L’enfant est déjà réservé le {format_date(order.day)} sur « {slot.name} » par {who}."


def _no_group(choice: GroupChoice, activity: str) -> Outcome:
    code = RefusalCode.AGE if choice.problem in ("age", "class") else RefusalCode.AUTRE
    return Outcome(
        None,
        code,
        f"Aucun groupe de « {activity} » ne convient à l’enfant : choisissez le groupe, ou complétez sa fiche.",
    )


def _left(
    desk: _Desk, context: Context, order: Order, pools: Sequence[PoolInfo], queued: BookingFact | None
) -> PlacesLeft:
    counts = desk.facts.counts
    if queued is not None and _holds_offer(desk.session, context, queued.id):
        counts.release_held(pools, order.day)  # the place held for this very child is the one it takes
        return counts.room(pools, order.day)
    if order.past_turn:
        return counts.room(pools, order.day)
    since = (order.requested_at, queued.id) if queued is not None else None
    return counts.left(pools, order.day, since=since)


def _holds_offer(session: Session, context: Context, booking_id: int) -> bool:
    live = select(Offer.id).where(
        Offer.booking_id == booking_id, Offer.answer == OfferAnswer.PENDING, Offer.expires_at > context.now
    )
    return session.execute(live).first() is not None


def _plan_leaving(
    desk: _Desk, order: Order, queued: BookingFact, pools: Sequence[PoolInfo]
) -> _Planned | Outcome:
    if order.waiting:
        return Outcome(queued.id)
    desk.facts.counts.add(pools, order.day)
    desk.facts.counts.remove_waiting(pools, order.day, (order.requested_at, queued.id))
    return _Planned(order, pools, queued=queued)


def _leave_queue(desk: _Desk, context: Context, order: Order, queued: BookingFact) -> None:
    desk.session.execute(
        update(Booking)
        .where(Booking.id == queued.id)
        .values(state=BookingState.BOOKED, version=Booking.version + 1)
    )
    desk.session.execute(
        update(Offer)
        .where(Offer.booking_id == queued.id, Offer.answer == OfferAnswer.PENDING)
        .values(answer=OfferAnswer.ACCEPTED, answered_at=context.now)
    )


def _plan_row(
    desk: _Desk,
    order: Order,
    slot: SlotInfo,
    enrolment_id: int,
    group_id: int | None,
    pools: Sequence[PoolInfo],
) -> _Planned:
    start = order.start or _MIDNIGHT
    desk.rows.append(
        {
            "enrolment_id": enrolment_id,
            "child_id": order.child_id,
            "family_id": order.family_id,
            "activity_id": slot.activity_id,
            "slot_id": slot.id,
            "group_id": group_id,
            "date": order.day,
            "starts_at": start,
            "state": BookingState.WAITING if order.waiting else BookingState.BOOKED,
            "requested_at": order.requested_at,
            "payment_reference": order.payment_reference,
            "request_item_id": order.item_id,
        }
    )
    row = len(desk.rows) - 1
    if order.waiting:
        desk.facts.counts.add_waiting(pools, order.day, _turn(order, row))
    else:
        desk.facts.counts.add(pools, order.day)
    desk.live.setdefault(order.child_id, []).append(
        BookingFact(
            0,
            enrolment_id,
            order.family_id,
            order.child_id,
            slot.id,
            group_id,
            order.day,
            start,
            order.waiting,
            Attendance.UNKNOWN,
            order.item_id,
        )
    )
    return _Planned(order, pools, row=row)


def _forget(desk: _Desk, planned: _Planned) -> None:
    """Give back what was just planned: the last row, its place, its trace among the child's bookings."""
    order = planned.order
    if planned.row is None:
        raise ValueError("a booking that leaves the queue is decided on its own")
    desk.rows.pop()
    desk.live[order.child_id].pop()
    if order.waiting:
        desk.facts.counts.remove_waiting(planned.pools, order.day, _turn(order, planned.row))
    else:
        desk.facts.counts.give_back(planned.pools, order.day)


def _turn(order: Order, row: int) -> tuple[datetime, int]:
    """A place in the queue behind every booking that is written already."""
    return order.requested_at, _NOT_WRITTEN_YET + row


@dataclass(frozen=True)
class Moment:
    """One of a family's bookings of a child, named as the family does."""

    child_id: int
    family_id: int
    slot_id: int
    day: date
    start: time | None = None


def find(session: Session, moment: Moment) -> Booking | None:
    """The live booking of this family at that moment, held until the transaction ends."""
    return session.scalars(
        select(Booking)
        .where(
            Booking.child_id == moment.child_id,
            Booking.family_id == moment.family_id,
            Booking.slot_id == moment.slot_id,
            Booking.date == moment.day,
            Booking.starts_at == (moment.start or _MIDNIGHT),
            Booking.state != BookingState.CANCELLED,
        )
        .with_for_update()
    ).one_or_none()


def release(booking: Booking, at: datetime) -> None:
    """Cancel a booking: its place is free at once."""
    booking.state = BookingState.CANCELLED
    booking.attendance = Attendance.UNKNOWN
    booking.cancelled_at = at
