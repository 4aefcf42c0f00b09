"""What the portal knows of the demonstration town when it writes its night's file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.offer import Activity, Opening, Slot
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import Request, RequestState
from guichet.rules.text import paris_day
from guichet.services.transaction import Context

_HORIZON = timedelta(days=75)


@dataclass(frozen=True)
class Child:
    """A child as the portal knows it."""

    family: str
    number: str
    birth_date: date


@dataclass(frozen=True)
class Place:
    """A child's enrolment, with a slot it usually takes."""

    child: Child
    activity: str
    slot: str


@dataclass(frozen=True)
class Knowledge:
    """What the portal knows of the town."""

    children: Sequence[Child]
    places: Sequence[Place]
    bookings: Sequence[tuple[Place, date]]
    booked: frozenset[tuple[str, str, str, date]]
    openings: dict[tuple[str, str], Sequence[date]]
    awaited: Sequence[tuple[str, str]]


def learn(session: Session, context: Context) -> Knowledge:
    """Read it: two and a half months of openings and bookings, three weeks of bookings to cancel or miss."""
    today = paris_day(context.now)
    children = {
        (row.family_id, row.person_id): Child(row.family, row.number, row.birth_date)
        for row in session.execute(
            select(
                Membership.family_id,
                Membership.person_id,
                Family.number.label("family"),
                Person.number,
                Person.birth_date,
            )
            .join(Family, Family.id == Membership.family_id)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.role == MemberRole.CHILD, Family.archived.is_(False), Person.number.is_not(None)
            )
            .order_by(Membership.id)
        )
    }
    enrolments = session.execute(
        select(Enrolment.family_id, Enrolment.child_id, Activity.code, Enrolment.typical_week)
        .join(Activity, Activity.id == Enrolment.activity_id)
        .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.ends_on >= today, Activity.modifiable)
        .order_by(Enrolment.id)
    )
    places = [
        Place(children[row.family_id, row.child_id], row.code, row.typical_week[0]["slot"])
        for row in enrolments
        if row.typical_week and (row.family_id, row.child_id) in children
    ]
    booked = session.execute(
        select(Booking.family_id, Booking.child_id, Activity.code, Slot.code.label("slot"), Booking.date)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(Booking.state == BookingState.BOOKED, Booking.date.between(today, today + _HORIZON))
        .order_by(Booking.id)
    ).all()
    soon = today + timedelta(days=21)
    openings: dict[tuple[str, str], list[date]] = {}
    for code, slot, day in session.execute(
        select(Activity.code, Slot.code, Opening.date)
        .join(Activity, Activity.id == Opening.activity_id)
        .join(Slot, Slot.id == Opening.slot_id)
        .where(Opening.date.between(today, today + _HORIZON))
        .order_by(Opening.date)
    ):
        openings.setdefault((code, slot), []).append(day)
    return Knowledge(
        children=list(children.values()),
        places=places,
        bookings=[
            (Place(children[row.family_id, row.child_id], row.code, row.slot), row.date)
            for row in booked
            if row.date <= soon and (row.family_id, row.child_id) in children
        ],
        booked=frozenset(
            (children[row.family_id, row.child_id].number, row.code, row.slot, row.date)
            for row in booked
            if (row.family_id, row.child_id) in children
        ),
        openings=dict(openings),
        awaited=[
            (row.external_id, row.number)
            for row in session.execute(
                select(Request.external_id, Family.number)
                .join(Family, Family.id == Request.family_id)
                .where(Request.state == RequestState.NEEDS_INFO)
                .order_by(Request.id)
            )
        ],
    )
