"""Until when a family may book, cancel or declare an absence (domain.md §4).

The instant that counts is the family's submission. A limit is inclusive: exactly 13:00:00 is in time. Rules speak of Paris
wall-clock time; limits are kept in UTC, so that comparing them is right on the days the clocks change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from guichet.rules.calendar import ONE_DAY, Calendar, monday_of
from guichet.rules.text import PARIS, format_date, format_time

END_OF_DAY = time(23, 59, 59, 999999)
LONGEST_NOTICE_DAYS = 366
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


class RuleKind(StrEnum):
    """The kinds of deadline that an activity's row may hold."""

    WEEK_BEFORE = "week_before"
    WORKING_DAYS = "working_days"
    HOURS_BEFORE = "hours_before"
    WINDOW = "window"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """One rule; the fields that a kind does not use stay at their defaults.

    week_before: `weekday` (0 = Monday) and `at` of the week before the service date.
    working_days: `days` working days, request day and service day counted or not; `at` None means the end of that day.
    hours_before: `hours` elapsed hours before the slot starts (before the day starts where the slot has no hour).
    window: the registration window of the activity and period. never: no such act. always: no limit.
    """

    kind: RuleKind
    weekday: int = 0
    at: time | None = None
    days: int = 0
    hours: int = 0
    count_request_day: bool = True
    count_service_day: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("a weekday runs from 0 (Monday) to 6 (Sunday)")
        if not 0 <= self.days <= LONGEST_NOTICE_DAYS or self.hours < 0:
            raise ValueError("a notice is not negative and not longer than a year")


ALWAYS = DeadlineRule(RuleKind.ALWAYS)
NEVER = DeadlineRule(RuleKind.NEVER)


@dataclass(frozen=True, slots=True)
class Window:
    """A registration window, both instants included (aware); None leaves that side open."""

    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limit:
    """When an act is possible: from `opens_at` to `closes_at`, both included, in UTC; None means no bound on that side.

    `never` says that the act does not exist; `undefined` that the rule is a window and that no window is entered.
    """

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    never: bool = False
    undefined: bool = False

    def is_late(self, submitted_at: datetime) -> bool:
        return self.closes_at is not None and submitted_at.astimezone(UTC) > self.closes_at

    def is_early(self, submitted_at: datetime) -> bool:
        return self.opens_at is not None and submitted_at.astimezone(UTC) < self.opens_at

    def allows(self, submitted_at: datetime) -> bool:
        """Whether a request submitted at this aware instant is in time."""
        return not (self.never or self.undefined or self.is_late(submitted_at) or self.is_early(submitted_at))


NO_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """The three limits of an activity."""

    book: DeadlineRule = ALWAYS
    cancel: DeadlineRule = ALWAYS
    absence: DeadlineRule = ALWAYS


def rules_on(
    day: date, calendar: Calendar, own: DeadlineRules, in_holidays: DeadlineRules | None
) -> DeadlineRules:
    """The rules that hold on `day`: inside school holidays the holiday activity's, where the activity names one.

    domain.md §4: a Wednesday inside school holidays follows the line of the holiday activity.
    """
    if in_holidays is not None and calendar.in_school_holidays(day):
        return in_holidays
    return own


def paris_instant(day: date, at: time) -> datetime:
    """The UTC instant of a Paris wall-clock time; of the two 02:30 of an October night the later, to the family's good."""
    return datetime.combine(day, at.replace(fold=1), tzinfo=PARIS).astimezone(UTC)


def limit(
    rule: DeadlineRule,
    service_date: date,
    calendar: Calendar,
    *,
    slot_start: time | None = None,
    window: Window | None = None,
) -> Limit:
    """When the act that `rule` governs is possible for a service on `service_date`."""
    match rule.kind:
        case RuleKind.ALWAYS:
            return NO_LIMIT
        case RuleKind.NEVER:
            return Limit(never=True)
        case RuleKind.WEEK_BEFORE:
            day = monday_of(service_date) + timedelta(days=rule.weekday - 7)
            return Limit(closes_at=paris_instant(day, rule.at or END_OF_DAY))
        case RuleKind.WORKING_DAYS:
            day = _last_request_day(rule, service_date, calendar)
            return Limit(closes_at=paris_instant(day, rule.at or END_OF_DAY))
        case RuleKind.HOURS_BEFORE:
            start = paris_instant(service_date, slot_start or time(0))
            return Limit(closes_at=start - timedelta(hours=rule.hours))
        case RuleKind.WINDOW:
            if window is None:
                return Limit(undefined=True)
            return Limit(opens_at=_utc(window.opens_at), closes_at=_utc(window.closes_at))


def stricter(first: Limit, second: Limit) -> Limit:
    """What both limits allow: a moved date obeys the stricter of the two (domain.md §4)."""
    opens = [at for at in (first.opens_at, second.opens_at) if at is not None]
    closes = [at for at in (first.closes_at, second.closes_at) if at is not None]
    return Limit(
        opens_at=max(opens, default=None),
        closes_at=min(closes, default=None),
        never=first.never or second.never,
        undefined=first.undefined or second.undefined,
    )


def no_longer_cancellable(booking: Limit, cancelling: Limit, submitted_at: datetime) -> bool:
    """Whether a booking asked at this instant is in time yet can already not be cancelled (domain.md §4)."""
    return booking.allows(submitted_at) and (cancelling.never or cancelling.is_late(submitted_at))


def describe_limit(one: Limit) -> str:
    """The limit as a French phrase, « jeudi 02/04/2026 à 13:00 »; the end of a day is said as such."""
    if one.never:
        return "jamais"
    if one.undefined:
        return "fenêtre d’inscription non définie"
    parts = []
    if one.opens_at is not None:
        parts.append(f"à partir du {_describe_instant(one.opens_at)}")
    if one.closes_at is not None:
        parts.append(f"jusqu’au {_describe_instant(one.closes_at)}")
    return " ".join(parts) or "sans limite"


def _describe_instant(instant: datetime) -> str:
    local = instant.astimezone(PARIS)
    moment = "fin de journée" if local.time() == END_OF_DAY else f"à {format_time(local.time())}"
    return f"{WEEKDAYS[local.weekday()]} {format_date(local.date())} {moment}"


def _last_request_day(rule: DeadlineRule, service_date: date, calendar: Calendar) -> date:
    """The latest day from which at least `rule.days` working days are counted up to the service date.

    « 3 jours ouvrés » for a Friday, both ends counted, is Wednesday: Wednesday, Thursday, Friday (seed 003).
    """
    missing = rule.days - int(rule.count_service_day and calendar.is_working_day(service_date))
    counted_last = service_date
    while missing > 0:
        counted_last -= ONE_DAY
        missing -= int(calendar.is_working_day(counted_last))
    if rule.count_request_day:
        return counted_last
    return counted_last - ONE_DAY if rule.days else counted_last


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)
