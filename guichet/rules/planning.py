"""The signs of the planning (domain.md §3): what stands for a child, a slot and a day. The screen gives their letters."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Sign(StrEnum):
    """One entry of the legend."""

    FREE = "free"
    CLOSED = "closed"
    REQUESTED = "requested"
    SENT = "sent"
    BOOKED = "booked"
    WAITING = "waiting"
    CANCEL_REQUESTED = "cancel_requested"
    CANCEL_SENT = "cancel_sent"
    CANCEL_PENDING = "cancel_pending"
    REFUSED = "refused"
    PRESENT = "present"
    PRESENT_UNBOOKED = "present_unbooked"
    ABSENT_EXCUSED = "absent_excused"
    ABSENT_BILLED = "absent_billed"
    CLOSURE = "closure"
    PUBLIC_HOLIDAY = "public_holiday"
    SMALL_HOLIDAYS = "small_holidays"
    SUMMER_HOLIDAYS = "summer_holidays"
    CONTRACT = "contract"
    OUT_OF_CONTRACT = "out_of_contract"
    LEAVE = "leave"
    ABSENCE_PENDING = "absence_pending"
    ENROLMENT_PENDING = "enrolment_pending"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class BookingSign:
    """What decides the sign of a booking: `waiting` or booked, the attendance seen, whether it was booked beforehand."""

    waiting: bool
    attendance: str
    booked_beforehand: bool


_ATTENDED = {
    "absent_excused": Sign.ABSENT_EXCUSED,
    "absent_billed": Sign.ABSENT_BILLED,
}
_ASKED = {
    "bookings": (Sign.SENT, Sign.SENT),
    "cancellations": (Sign.CANCEL_SENT, Sign.CANCEL_PENDING),
    "absence": (Sign.ABSENCE_PENDING, Sign.ABSENCE_PENDING),
}


def sign_of_booking(booking: BookingSign) -> Sign:
    """The sign of a live booking; what was seen on the day comes before what was booked."""
    if booking.waiting:
        return Sign.WAITING
    if booking.attendance == "present":
        return Sign.PRESENT if booking.booked_beforehand else Sign.PRESENT_UNBOOKED
    return _ATTENDED.get(booking.attendance, Sign.BOOKED)


def sign_of_request(kind: str, *, taken: bool) -> Sign | None:
    """The sign of a date that an open request asks and nobody decided; None for a kind that has no dates.

    `taken`: an agent took the request up.
    """
    signs = _ASKED.get(kind)
    return None if signs is None else signs[taken]


def sign_of_open_day(day: date, today: date, *, bookable: bool) -> Sign | None:
    """The sign of an open date without booking: free while a family may still book it, else closed; none once it is past."""
    if day < today:
        return None
    return Sign.FREE if bookable else Sign.CLOSED
