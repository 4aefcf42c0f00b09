"""The planning of a family's children over some days: one sign for each child, slot and day (domain.md §3)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.offer import Opening, Slot
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import ItemDecision, Request, RequestItem, RequestState
from guichet.rules.calendar import DayKind
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.planning import BookingSign, Sign, sign_of_booking, sign_of_open_day, sign_of_request
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services import catalogue
from guichet.services.catalogue import Catalogue
from guichet.services.facts_reading import IS_LIVE
from guichet.services.transaction import Context, needs

MOST_DAYS = 62

_DAY_SIGNS = {
    DayKind.PUBLIC_HOLIDAY: Sign.PUBLIC_HOLIDAY,
    DayKind.SMALL_HOLIDAYS: Sign.SMALL_HOLIDAYS,
    DayKind.SUMMER_HOLIDAYS: Sign.SUMMER_HOLIDAYS,
}

Key = tuple[int, int]
Place = tuple[int, int, date]


@dataclass(frozen=True)
class PlanningQuery:
    """A family's children from `first` to `last`, both included, 62 days at most."""

    family_id: int
    first: date
    last: date


@dataclass(frozen=True)
class Cell:
    """What stands for a child, a slot and a day. `rank` in the waiting list, `other_family` where the child's other
    parent booked (seen, to avoid doubles: 004), `request_id` and `reference` of the request that asks for it.
    """

    sign: Sign
    rank: int | None = None
    other_family: str = ""
    request_id: int | None = None
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True)
class PlanningRow:
    """One child in one slot of an activity; a cell a day, None where the slot is not open and nothing stands."""

    child_id: int
    child: str
    activity: str
    slot: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class PlanningDay:
    """A day above the rows, with the holiday or closure of everything that falls on it."""

    day: date
    sign: Sign | None
    label: str


@dataclass(frozen=True)
class Planning:
    """Days across, children and slots down."""

    first: date
    last: date
    days: tuple[PlanningDay, ...]
    rows: tuple[PlanningRow, ...]


@dataclass
class _Found:
    """What was read, by child, slot and day."""

    cells: dict[Place, Cell] = field(default_factory=dict)
    rows: set[Key] = field(default_factory=set)


@needs(Permission.READ_FAMILIES)
def planning(session: Session, context: Context, query: PlanningQuery) -> Planning:
    """The planning in a fixed number of queries. Raises UserError over more than 62 days, or backwards."""
    if not 0 <= (query.last - query.first).days < MOST_DAYS:
        raise UserError("Choisissez une période de deux mois au plus.", field="first")
    offer = catalogue.load(session)
    days = [query.first + timedelta(days=n) for n in range((query.last - query.first).days + 1)]
    children = dict(
        session.execute(
            select(Person.id, Person.first_name)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.family_id == query.family_id, Membership.role == MemberRole.CHILD)
            .order_by(Membership.position, Person.sort_key)
        ).all()
    )
    found = _Found()
    _openings(session, context, query, offer, found)
    _requested(session, context, query, children, found)
    _booked(session, query, children, found)
    _clear_excluded(offer, found)
    order = {child_id: place for place, child_id in enumerate(children)}
    positions = dict(session.execute(select(Slot.id, Slot.position)).all())
    rows = sorted(
        found.rows,
        key=lambda key: (
            order[key[0]],
            offer.activities[offer.slots[key[1]].activity_id].name,
            positions[key[1]],
        ),
    )
    return Planning(
        first=query.first,
        last=query.last,
        days=tuple(_day(offer, day) for day in days),
        rows=tuple(
            PlanningRow(
                child_id=child_id,
                child=children[child_id],
                activity=offer.activities[offer.slots[slot_id].activity_id].name,
                slot=offer.slots[slot_id].name,
                cells=tuple(found.cells.get((child_id, slot_id, day)) for day in days),
            )
            for child_id, slot_id in rows
        ),
    )


def _day(offer: Catalogue, day: date) -> PlanningDay:
    closure = offer.calendar.closure(day, None, None)
    if closure is not None:
        return PlanningDay(day, Sign.CLOSURE, closure.label)
    sign = _DAY_SIGNS.get(offer.calendar.day_kind(day))
    if sign is Sign.PUBLIC_HOLIDAY:
        return PlanningDay(day, sign, offer.calendar.public_holidays[day])
    holiday = offer.calendar.school_holiday(day)
    return PlanningDay(day, sign, holiday.label if holiday is not None and sign is not None else "")


def _openings(
    session: Session, context: Context, query: PlanningQuery, offer: Catalogue, found: _Found
) -> None:
    """Open dates of the activities in which this family has enrolled its children, free or too late."""
    rows = session.execute(
        select(Enrolment.child_id, Opening.slot_id, Opening.date)
        .join(Opening, Opening.activity_id == Enrolment.activity_id)
        .where(
            Enrolment.family_id == query.family_id,
            Enrolment.state == EnrolmentState.ACTIVE,
            Opening.date.between(query.first, query.last),
            Opening.date.between(Enrolment.starts_on, Enrolment.ends_on),
            or_(
                Opening.group_id.is_(None),
                Enrolment.group_id.is_(None),
                Opening.group_id == Enrolment.group_id,
            ),
        )
        .distinct()
    )
    today = paris_day(context.now)
    for child_id, slot_id, day in rows:
        slot = offer.slots[slot_id]
        activity = offer.activities[slot.activity_id]
        found.rows.add((child_id, slot_id))
        closure = offer.calendar.closure(day, activity.facility_id, activity.id)
        if closure is not None:
            found.cells[child_id, slot_id, day] = Cell(Sign.CLOSURE, reason=closure.label)
            continue
        book, _, _ = offer.limits(slot, day, None)
        sign = sign_of_open_day(day, today, bookable=book.allows(context.now))
        if sign is not None:
            found.cells[child_id, slot_id, day] = Cell(sign)


def _requested(
    session: Session, context: Context, query: PlanningQuery, children: Iterable[int], found: _Found
) -> None:
    """Dates that open requests ask, and those that were refused: by this family alone, for those who read requests."""
    if not context.may(Permission.READ_REQUESTS):
        return
    rows = session.execute(
        select(RequestItem, Request)
        .join(Request, Request.id == RequestItem.request_id)
        .where(
            Request.family_id == query.family_id,
            Request.state != RequestState.SUPERSEDED,
            Request.child_id.in_(children),
            RequestItem.date.between(query.first, query.last),
            or_(
                and_(RequestItem.decision.is_(None), Request.state.in_(OPEN_STATES)),
                RequestItem.decision == ItemDecision.REFUSED,
            ),
        )
        .order_by(Request.submitted_at, Request.id)
    )
    for item, request in rows:
        if item.decision is ItemDecision.REFUSED:
            sign: Sign | None = Sign.REFUSED if request.kind.value == "bookings" else None
        else:
            sign = sign_of_request(request.kind.value, taken=request.state is not RequestState.PENDING)
        if sign is None or request.child_id is None or item.slot_id is None or item.date is None:
            continue
        found.rows.add((request.child_id, item.slot_id))
        found.cells[request.child_id, item.slot_id, item.date] = Cell(
            sign, request_id=request.id, reference=request.external_id, reason=item.decision_text or ""
        )


def _booked(session: Session, query: PlanningQuery, children: Iterable[int], found: _Found) -> None:
    """Live bookings, whichever family made them; a change still asked for shows over the booking it would change."""
    rows = session.execute(
        select(Booking, Family.number)
        .join(Family, Family.id == Booking.family_id)
        .where(
            Booking.child_id.in_(children),
            IS_LIVE,
            Booking.date.between(query.first, query.last),
        )
        .order_by(Booking.date, Booking.starts_at)
    ).all()
    waiting = [booking for booking, _ in rows if booking.state is BookingState.WAITING]
    ranks = _ranks(session, waiting)
    for booking, number in rows:
        place = (booking.child_id, booking.slot_id, booking.date)
        found.rows.add(place[:2])
        asked = found.cells.get(place)
        if asked is not None and asked.sign in _OVER_A_BOOKING:
            continue
        found.cells[place] = Cell(
            sign_of_booking(
                BookingSign(
                    booking.state is BookingState.WAITING,
                    booking.attendance.value,
                    booking.booked_beforehand,
                )
            ),
            rank=ranks.get(booking.id),
            other_family=number if booking.family_id != query.family_id else "",
        )


def _clear_excluded(offer: Catalogue, found: _Found) -> None:
    """A morning is not free for a child who comes the whole day."""
    taken = [place for place, cell in found.cells.items() if cell.sign not in _NOT_TAKEN]
    for child_id, slot_id, day in taken:
        for other in offer.exclusive.get(slot_id, ()):
            beside = found.cells.get((child_id, other, day))
            if beside is not None and beside.sign in _NOT_TAKEN:
                del found.cells[child_id, other, day]


_NOT_TAKEN = frozenset({Sign.FREE, Sign.CLOSED, Sign.CLOSURE, Sign.REFUSED})
_OVER_A_BOOKING = frozenset(
    {Sign.CANCEL_REQUESTED, Sign.CANCEL_SENT, Sign.CANCEL_PENDING, Sign.ABSENCE_PENDING}
)


def _ranks(session: Session, waiting: list[Booking]) -> dict[int, int]:
    """The place of each waiting booking in its slot, day and group, from 1: by the instant it was asked."""
    if not waiting:
        return {}
    moments = {(booking.slot_id, booking.date) for booking in waiting}
    queue: dict[tuple[int, date, int | None], int] = defaultdict(int)
    ranks = {}
    for row in session.execute(
        select(Booking.id, Booking.slot_id, Booking.date, Booking.group_id)
        .where(tuple_(Booking.slot_id, Booking.date).in_(moments), Booking.state == BookingState.WAITING)
        .order_by(Booking.requested_at, Booking.id)
    ):
        key = (row.slot_id, row.date, row.group_id)
        queue[key] += 1
        ranks[row.id] = queue[key]
    return ranks
