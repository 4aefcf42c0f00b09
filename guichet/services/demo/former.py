"""The bookings of 2015 behind the invoices of seed 002: 16 days at 15,20 €, then 6 days and 7 meals at 4,20 €."""

from collections.abc import Sequence
from datetime import date, time

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.services.demo.offer import Offer
from guichet.services.demo.people import Household
from guichet.services.demo.sources import DUPONT
from guichet.services.demo.writing import Writer

_WEDNESDAYS = tuple(
    date(2015, month, day) for month, day in ((2, 4), (2, 25), (3, 4), (3, 11), (3, 18), (3, 25), (4, 8))
)
_WINTER_HOLIDAYS = tuple(date(2015, 2, day) for day in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20))
_SPRING_HOLIDAYS = tuple(date(2015, 4, day) for day in (13, 14, 15, 16, 17))
_MEALS = tuple(date(2015, 4, day) for day in (2, 3, 7, 9, 10, 28, 30))


def write_former_bookings(writer: Writer, offer: Offer, households: Sequence[Household]) -> int:
    """Write them, and some days of April for each former family; returns how many bookings."""
    count = 0
    for household in households:
        child = household.children[0].id
        if household.number == DUPONT:
            count += _book(writer, offer, household.id, child, ("MERC", "JOURNEE"), _WEDNESDAYS)
            count += _book(
                writer, offer, household.id, child, ("VAC", "JOURNEE"), (*_WINTER_HOLIDAYS, *_SPRING_HOLIDAYS)
            )
            count += _book(writer, offer, household.id, child, ("CANT", "REPAS"), _MEALS)
        elif household.archived:
            days = _SPRING_HOLIDAYS[: 1 + household.id % 4]
            count += _book(writer, offer, household.id, child, ("VAC", "JOURNEE"), days)
    return count


def _book(
    writer: Writer,
    offer: Offer,
    family_id: int,
    child_id: int,
    service: tuple[str, str],
    days: Sequence[date],
) -> int:
    activity = offer.activities[service[0]]
    group_id = activity.groups[-1].id if activity.groups else None
    enrolment_id = writer.add_one(
        Enrolment,
        child_id=child_id,
        family_id=family_id,
        activity_id=activity.id,
        group_id=group_id,
        starts_on=date(2014, 9, 2),
        ends_on=date(2015, 7, 3),
        state=EnrolmentState.ACTIVE,
    )
    writer.add(
        Booking,
        [
            {
                "enrolment_id": enrolment_id,
                "child_id": child_id,
                "family_id": family_id,
                "activity_id": activity.id,
                "slot_id": activity.slots[service[1]],
                "group_id": group_id,
                "date": day,
                "starts_at": time(0, 0),
                "state": BookingState.BOOKED,
                "attendance": Attendance.PRESENT,
            }
            for day in days
        ],
    )
    return len(days)
