"""The demonstration's past, played through the real services: invoices issued, payments received and allocated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from random import Random
from typing import Any

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.database import Database
from guichet.services import invoices, transaction
from guichet.services.demo.offer import Offer
from guichet.services.demo.people import Household
from guichet.services.demo.sources import DUPONT
from guichet.services.demo.writing import Writer
from guichet.services.invoices import IssuedInvoice, IssueInvoices
from guichet.services.transaction import Context

_MONTHS = (
    (date(2025, 10, 1), date(2025, 10, 31), date(2025, 11, 5)),
    (date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 4)),
    (date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 7)),
    (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 5)),
)
"""First and last day billed, and the day of issue. February waits for the demonstration's user."""

_APRIL_MEALS = (2, 3, 7, 9, 10, 28, 30)
_EASTER_HOLIDAYS = tuple(date(2015, 4, day) for day in range(13, 18))
_WINTER_HOLIDAYS = tuple(date(2015, 2, day) for day in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20))
_WEDNESDAYS = tuple(
    date(2015, month, day) for month, day in ((2, 4), (2, 25), (3, 4), (3, 11), (3, 18), (3, 25))
)


@dataclass(frozen=True)
class Past:
    """How many documents the past holds."""

    invoices: int
    payments: int


def write_former_bookings(writer: Writer, offer: Offer, households: Sequence[Household]) -> int:
    """The bookings of 2015 behind seed 002's invoices: 16 days at 15,20 €, then 6 days and 7 meals at 4,20 €."""
    count = 0
    for household in households:
        if household.number == DUPONT:
            child = household.children[0].id
            count += _book(
                writer, offer, household.id, child, "MERC", "JOURNEE", (*_WEDNESDAYS, date(2015, 4, 8))
            )
            count += _book(
                writer, offer, household.id, child, "VAC", "JOURNEE", (*_WINTER_HOLIDAYS, *_EASTER_HOLIDAYS)
            )
            meals = tuple(date(2015, 4, day) for day in _APRIL_MEALS)
            count += _book(writer, offer, household.id, child, "CANT", "REPAS", meals)
        elif household.archived:
            child = household.children[0].id
            days = tuple(date(2015, 4, day) for day in (13, 14, 15, 16))[: 1 + household.id % 4]
            count += _book(writer, offer, household.id, child, "VAC", "JOURNEE", days)
    return count


def _book(
    writer: Writer, offer: Offer, family_id: int, child_id: int, code: str, slot: str, days: Sequence[date]
) -> int:
    activity = offer.activities[code]
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
    rows: list[dict[str, Any]] = [
        {
            "enrolment_id": enrolment_id,
            "child_id": child_id,
            "family_id": family_id,
            "activity_id": activity.id,
            "slot_id": activity.slots[slot],
            "group_id": group_id,
            "date": day,
            "starts_at": time(0, 0),
            "state": BookingState.BOOKED,
            "attendance": Attendance.PRESENT,
        }
        for day in days
    ]
    writer.bulk(Booking, rows)
    return len(rows)


def play_history(database: Database, context: Context, rng: Random, households: Sequence[Household]) -> Past:
    """Issue seed 002's invoices of 2015, then each past month; record the payments that came."""
    issued_2015 = _issue(database, context, date(2015, 2, 1), date(2015, 3, 31), date(2015, 4, 8))
    issued_2015 += _issue(
        database, context, date(2015, 4, 1), date(2015, 4, 30), date(2015, 4, 8), due_on=date(2015, 4, 30)
    )
    count = len(issued_2015)
    for start, end, issued_on in _MONTHS:
        issued = _issue(database, context, start, end, issued_on)
        count += len(issued)
    return Past(count, 0)


def _issue(
    database: Database,
    context: Context,
    start: date,
    end: date,
    issued_on: date,
    *,
    due_on: date | None = None,
) -> tuple[IssuedInvoice, ...]:
    """Issue a period's invoices as the clerk did on that day."""
    then = replace(context, now=datetime.combine(issued_on, time(10, 0), tzinfo=UTC))
    command = IssueInvoices(start, end, issued_on=issued_on, due_on=due_on)
    return transaction.run(database, then, invoices.issue, command).invoices
