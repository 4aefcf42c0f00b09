"""Values as Noethys keeps them (dates and hours as text, money as floats) turned into ours; pure functions.

Each returns None when the value is absent or cannot be read: `is_blank` tells one from the other.
"""

import math
import re
from datetime import date, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from guichet.rules.money import round_half_up

LARGEST_AMOUNT = 10**11
"""Cents: no town bills a thousand million euros; what is larger is a damaged value."""
LARGEST_WHOLE = 2**31 - 1

_ZERO_DATE = re.compile(r"^0{1,4}[-/]0{1,2}[-/]0{1,2}")
_ISO_DAY = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$")
_FRENCH_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?$")
_COMPACT_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_CLOCK = re.compile(r"^(\d{1,2})\s*[:hH]\s*(\d{2})(?::\d{2}(?:\.\d+)?)?$")
_UNPRINTABLE = {code: None for code in range(32) if code not in (9, 10, 13)} | {127: None}


def as_text(value: Any) -> str:
    """Text without control characters (PostgreSQL refuses NUL) nor spaces around it; "" when absent."""
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).translate(_UNPRINTABLE).strip()


def is_blank(value: Any) -> bool:
    """Whether nothing was entered: NULL, empty text, or the zero date some servers write."""
    text = as_text(value)
    return not text or _ZERO_DATE.match(text) is not None


def as_whole(value: Any) -> int | None:
    """A whole number, also when written as text or as a float without decimals."""
    if type(value) is int:
        return value if abs(value) <= LARGEST_WHOLE else None
    text = as_text(value)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number != number.to_integral_value() or abs(number) > LARGEST_WHOLE:
        return None
    return int(number)


def as_number(value: Any) -> Decimal | None:
    """A decimal number: a float by its shortest writing (12.3 is 12.3), a text with comma or point."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = re.sub(r"[\s\u00a0\u202f€]", "", as_text(value)).replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_cents(value: Any) -> int | None:
    """Money in cents, rounded half-up on the decimal writing of the float: 12.299999 is 1230."""
    number = as_number(value)
    if number is None or abs(number) * 100 > LARGEST_AMOUNT:
        return None
    return round_half_up(number * 100)


def as_day(value: Any) -> date | None:
    """A civil date: ISO with or without leading zeros, with or without an hour behind, or JJ/MM/AAAA."""
    return _day(as_text(value))


@lru_cache(maxsize=10_000)
def _day(text: str) -> date | None:
    if match := _ISO_DAY.match(text) or _COMPACT_DAY.match(text):
        year, month, day = match.groups()
    elif match := _FRENCH_DAY.match(text):
        day, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def as_clock(value: Any) -> time | None:
    """A clock time: « 07:30 », « 7h30 », « 07:30:00 »."""
    match = _CLOCK.match(as_text(value))
    if match is None:
        return None
    hour, minute = int(match.group(1)), int(match.group(2))
    return time(hour, minute) if hour < 24 and minute < 60 else None
