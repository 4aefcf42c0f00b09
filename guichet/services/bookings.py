"""Writing bookings: lock the children and the pools, check places and doubles under the lock, write.

A place is never given twice: the count is taken after the lock, in the transaction that writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState, Offer, OfferAnswer
from guichet.rules.ages import AgeGroup, GroupChoice
from guichet.rules.capacity import PlacesLeft, find_doubles
from guichet.rules.requests import RefusalCode
from guichet.rules.text import format_date
from guichet.services import catalogue as catalogues
from guichet.services import facts as fact_readers
from guichet.services import places
from guichet.services.bulk import insert_rows
from guichet.services.catalogue import Catalogue, PoolInfo, SlotInfo
from guichet.services.facts import BookingFact, Facts
from guichet.services.transaction import Context

_BOOKING: Table = Booking.__table__  # type: ignore[assignment]
_MIDNIGHT = time(0, 0)


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
        return self.booking_id is not None


@dataclass
class _Desk:
    """What a run of orders works on, kept up to date as places go."""

    session: Session
    offer: Catalogue
    facts: Facts
    live: dict[int, list[BookingFact]]


def book(
    session: Session, context: Context, orders: Sequence[Order], offer: Catalogue | None = None
) -> tuple[Outcome, ...]:
    """Take the places, in the order given, each outcome on its own: one that fails does not undo the others.

    A waiting booking of the same item is turned into the booking; its turn counts. Deadlines, dossiers and accounts are
    not looked at here: whoever accepts has seen them. `offer` saves reading it again in a long run.
    """
    if not orders:
        return ()
    offer = offer or catalogues.load(session)
    children = {order.child_id for order in orders}
    places.lock(session, children, ())
    facts = fact_readers.gather(
        session,
        context,
        offer,
        child_ids=children,
        family_ids={order.family_id for order in orders},
        moments={(order.slot_id, order.day) for order in orders},
        with_money=False,
    )
    # Counted again now that the pools are held: another desk may have booked since the first look.
    pools = places.keys_for(
        offer, [(order.slot_id, group.id, order.day) for order in orders for group in _groups(offer, order)]
    ) | places.keys_for(offer, [(order.slot_id, None, order.day) for order in orders])
    places.lock(session, (), pools)
    facts.counts = places.count(session, pools, context.now)
    desk = _Desk(session, offer, facts, {child: list(found) for child, found in facts.bookings.items()})
    return tuple(_take(desk, context, order) for order in orders)


def _groups(offer: Catalogue, order: Order) -> Sequence[AgeGroup]:
    return offer.activities[offer.slots[order.slot_id].activity_id].groups


def _take(desk: _Desk, context: Context, order: Order) -> Outcome:
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
            return Outcome(
                None, RefusalCode.COMPLET, f"Plus de place le {format_date(order.day)} : {left.why}."
            )
    if queued is not None:
        return _leave_queue(desk, context, order, queued, pools)
    booking_id = _insert(desk, order, slot, enrolment.id, group_id)
    _count(desk, order, booking_id, pools)
    return Outcome(booking_id)


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


def _leave_queue(
    desk: _Desk, context: Context, order: Order, queued: BookingFact, pools: Sequence[PoolInfo]
) -> Outcome:
    if order.waiting:
        return Outcome(queued.id)
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
    desk.facts.counts.add(pools, order.day)
    desk.facts.counts.remove_waiting(pools, order.day, (order.requested_at, queued.id))
    return Outcome(queued.id)


def _insert(desk: _Desk, order: Order, slot: SlotInfo, enrolment_id: int, group_id: int | None) -> int:
    row = {
        "enrolment_id": enrolment_id,
        "child_id": order.child_id,
        "family_id": order.family_id,
        "activity_id": slot.activity_id,
        "slot_id": slot.id,
        "group_id": group_id,
        "date": order.day,
        "starts_at": order.start or _MIDNIGHT,
        "state": BookingState.WAITING if order.waiting else BookingState.BOOKED,
        "requested_at": order.requested_at,
        "payment_reference": order.payment_reference,
        "request_item_id": order.item_id,
    }
    (booking_id,) = insert_rows(desk.session, _BOOKING, [row])
    return booking_id


def _count(desk: _Desk, order: Order, booking_id: int, pools: Sequence[PoolInfo]) -> None:
    if order.waiting:
        desk.facts.counts.add_waiting(pools, order.day, (order.requested_at, booking_id))
    else:
        desk.facts.counts.add(pools, order.day)
    desk.live.setdefault(order.child_id, []).append(
        BookingFact(
            booking_id,
            0,
            order.family_id,
            order.child_id,
            order.slot_id,
            None,
            order.day,
            order.start or _MIDNIGHT,
            order.waiting,
            Attendance.UNKNOWN,
            order.item_id,
        )
    )


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
