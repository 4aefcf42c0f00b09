"""The signs of the planning (domain.md §3)."""

from datetime import date

import pytest

from guichet.rules.planning import BookingSign, Sign, sign_of_booking, sign_of_open_day, sign_of_request

TODAY = date(2026, 3, 18)


@pytest.mark.parametrize(
    ("booking", "sign"),
    [
        (BookingSign(True, "unknown", True), Sign.WAITING),
        (BookingSign(False, "unknown", True), Sign.BOOKED),
        (BookingSign(False, "present", True), Sign.PRESENT),
        (BookingSign(False, "present", False), Sign.PRESENT_UNBOOKED),
        (BookingSign(False, "absent_excused", True), Sign.ABSENT_EXCUSED),
        (BookingSign(False, "absent_billed", True), Sign.ABSENT_BILLED),
    ],
)
def test_what_was_seen_on_the_day_comes_before_what_was_booked(booking: BookingSign, sign: Sign) -> None:
    assert sign_of_booking(booking) is sign


def test_a_request_shows_what_it_asks_and_whether_it_was_taken_up() -> None:
    assert sign_of_request("bookings", taken=False) is Sign.SENT
    assert sign_of_request("cancellations", taken=False) is Sign.CANCEL_SENT
    assert sign_of_request("cancellations", taken=True) is Sign.CANCEL_PENDING
    assert sign_of_request("absence", taken=True) is Sign.ABSENCE_PENDING
    assert sign_of_request("message", taken=True) is None


def test_an_open_day_is_free_until_its_limit_and_nothing_once_past() -> None:
    assert sign_of_open_day(TODAY, TODAY, bookable=True) is Sign.FREE
    assert sign_of_open_day(TODAY, TODAY, bookable=False) is Sign.CLOSED
    assert sign_of_open_day(date(2026, 3, 17), TODAY, bookable=True) is None
