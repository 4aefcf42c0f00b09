"""The scalar types of the exchange format: strict, bounded, and the same in Python and in the JSON Schema."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
_FIRST_INSTANT, _LAST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
_INSTANT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$"


def _parse_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("bad_date", "une date s’écrit AAAA-MM-JJ")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("bad_date", "cette date n’existe pas au calendrier") from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise PydanticCustomError("bad_date", "une date doit être comprise entre 1900 et 2100")
    return day


def _parse_time(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise PydanticCustomError("bad_time", "une heure s’écrit HH:MM")
    return time.fromisoformat(value)


def parse_instant(value: Any) -> datetime:
    """Read an instant with its offset (RFC 3339, seconds written) as aware UTC, between 2000 and 2100.

    Raises PydanticCustomError of type `bad_instant`, with a French sentence, otherwise.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError("bad_instant", "un instant s’écrit AAAA-MM-JJTHH:MM:SS+HH:MM")
    if match[2] is None:
        raise PydanticCustomError("bad_instant", "l’instant n’a pas de décalage horaire (Z ou +HH:MM)")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("bad_instant", "cet instant n’existe pas") from None
    if not _FIRST_INSTANT <= instant < _LAST_INSTANT:
        raise PydanticCustomError("bad_instant", "un instant doit être compris entre 2000 et 2100")
    return instant


Day = Annotated[date, BeforeValidator(_parse_day)]
ClockTime = Annotated[
    time,
    BeforeValidator(_parse_time),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _INSTANT_PATTERN}),
]
Cents = Annotated[int, Field(ge=0, le=1_000_000_000)]
PositiveCents = Annotated[int, Field(ge=1, le=1_000_000_000)]
Identifier = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=120, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Line = Annotated[str, StringConstraints(max_length=250)]
Prose = Annotated[str, StringConstraints(max_length=10_000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]


class WireModel(BaseModel):
    """An object of the exchange: no unknown member, no conversion of types, no content in error messages."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
