"""Deadlines: the two towns' tables, the border instants, the nights the clocks change, and what must hold for any rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.calendar import Calendar, DateSpan, HolidayKind, SchoolHoliday
from guichet.rules.deadlines import (
    ALWAYS,
    NEVER,
    DeadlineRule,
    DeadlineRules,
    Limit,
    RuleKind,
    Window,
    describe_limit,
    limit,
    no_longer_cancellable,
    rules_on,
    stricter,
)
from guichet.rules.text import PARIS

CALENDAR = Calendar(
    school_holidays=(
        SchoolHoliday("Printemps", HolidayKind.SMALL, DateSpan(date(2026, 4, 4), date(2026, 4, 19))),
    ),
    public_holidays={
        date(2026, 4, 6): "Lundi de Pâques",
        date(2026, 5, 1): "Fête du Travail",
        date(2026, 5, 8): "Victoire 1945",
        date(2026, 5, 14): "Ascension",
    },
)
THURSDAY_13 = DeadlineRule(RuleKind.WEEK_BEFORE, weekday=3, at=time(13))
MONDAY_13 = DeadlineRule(RuleKind.WEEK_BEFORE, weekday=0, at=time(13))
THREE_WORKING_DAYS = DeadlineRule(RuleKind.WORKING_DAYS, days=3)
ALBERTVILLE_WEDNESDAY = DeadlineRules(book=THURSDAY_13, cancel=MONDAY_13)
ALBERTVILLE_HOLIDAYS = DeadlineRules(book=DeadlineRule(RuleKind.WINDOW), cancel=MONDAY_13)


def paris(year: int, month: int, day: int, hour: int = 0, minute: int = 0, micro: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, 0, micro, tzinfo=PARIS)


def test_albertville_books_until_thursday_13_of_the_week_before() -> None:
    for service in (date(2026, 3, 23), date(2026, 3, 25), date(2026, 3, 29)):
        found = limit(THURSDAY_13, service, CALENDAR)
        assert found.allows(paris(2026, 3, 19, 12, 59))
        assert found.allows(paris(2026, 3, 19, 13, 0))
        assert not found.allows(paris(2026, 3, 19, 13, 0, 1))


def test_what_is_booked_between_monday_and_thursday_can_no_longer_be_cancelled() -> None:
    book = limit(THURSDAY_13, date(2026, 3, 25), CALENDAR)
    cancel = limit(MONDAY_13, date(2026, 3, 25), CALENDAR)
    assert not no_longer_cancellable(book, cancel, paris(2026, 3, 16, 13, 0))
    assert no_longer_cancellable(book, cancel, paris(2026, 3, 16, 13, 0, 1))
    assert no_longer_cancellable(book, cancel, paris(2026, 3, 19, 13, 0))
    assert not no_longer_cancellable(book, cancel, paris(2026, 3, 19, 13, 0, 1))  # too late to book anyway


def test_the_limit_stands_on_a_public_holiday() -> None:
    # Service on Wednesday 20 May 2026: the Thursday before is Ascension, and the portal never closes.
    assert limit(THURSDAY_13, date(2026, 5, 20), CALENDAR).closes_at == paris(2026, 5, 14, 13)


def test_a_wednesday_inside_school_holidays_follows_the_holiday_activity() -> None:
    ordinary = rules_on(date(2026, 3, 25), CALENDAR, ALBERTVILLE_WEDNESDAY, ALBERTVILLE_HOLIDAYS)
    holiday = rules_on(date(2026, 4, 8), CALENDAR, ALBERTVILLE_WEDNESDAY, ALBERTVILLE_HOLIDAYS)
    assert ordinary is ALBERTVILLE_WEDNESDAY
    assert holiday is ALBERTVILLE_HOLIDAYS
    assert rules_on(date(2026, 4, 8), CALENDAR, ALBERTVILLE_WEDNESDAY, None) is ALBERTVILLE_WEDNESDAY


def test_les_deux_alpes_friday_means_wednesday_at_the_latest() -> None:
    found = limit(THREE_WORKING_DAYS, date(2026, 3, 27), CALENDAR)
    assert found.allows(paris(2026, 3, 25, 23, 59))
    assert not found.allows(paris(2026, 3, 26, 0, 0))


@pytest.mark.parametrize(
    ("service", "last_request_day"),
    [
        (date(2026, 3, 23), date(2026, 3, 19)),  # Monday ← Thursday: Thursday, Friday, Monday
        (date(2026, 3, 25), date(2026, 3, 23)),  # Wednesday ← Monday
        (date(2026, 4, 7), date(2026, 4, 2)),  # Tuesday after Easter Monday: Thursday, Friday, Tuesday
        (date(2026, 5, 15), date(2026, 5, 12)),  # Friday after Ascension: Tuesday, Wednesday, Friday
        (date(2026, 3, 28), date(2026, 3, 25)),  # a Saturday is no working day: Wednesday, Thursday, Friday
    ],
)
def test_three_working_days_over_week_ends_and_public_holidays(service: date, last_request_day: date) -> None:
    found = limit(THREE_WORKING_DAYS, service, CALENDAR)
    assert found.closes_at is not None
    assert found.closes_at.astimezone(PARIS).date() == last_request_day


@pytest.mark.parametrize(
    ("request_counts", "service_counts", "last_request_day"),
    [
        (True, True, date(2026, 3, 25)),
        (True, False, date(2026, 3, 24)),
        (False, True, date(2026, 3, 24)),
        (False, False, date(2026, 3, 23)),
    ],
)
def test_which_days_count_is_data(request_counts: bool, service_counts: bool, last_request_day: date) -> None:
    rule = DeadlineRule(
        RuleKind.WORKING_DAYS,
        days=3,
        at=time(10),
        count_request_day=request_counts,
        count_service_day=service_counts,
    )
    found = limit(rule, date(2026, 3, 27), CALENDAR)
    assert found.closes_at == datetime.combine(last_request_day, time(10), tzinfo=PARIS)


def test_hours_before_are_elapsed_hours_also_when_the_clocks_change() -> None:
    rule = DeadlineRule(RuleKind.HOURS_BEFORE, hours=48)
    spring = limit(rule, date(2026, 3, 30), CALENDAR, slot_start=time(8))  # clocks changed on Sunday 29
    assert spring.closes_at == datetime(2026, 3, 28, 6, 0, tzinfo=UTC)  # 07:00 in Paris, still winter time
    plain = limit(rule, date(2026, 3, 20), CALENDAR, slot_start=time(8))
    assert plain.closes_at == paris(2026, 3, 18, 8)
    whole_day = limit(DeadlineRule(RuleKind.HOURS_BEFORE, hours=1), date(2026, 3, 20), CALENDAR)
    assert whole_day.closes_at == paris(2026, 3, 19, 23)


def test_a_limit_at_an_hour_that_does_not_exist_or_exists_twice_is_still_one_instant() -> None:
    # Sunday 29 March 2026: 02:30 does not exist; Sunday 25 October 2026: it exists twice, the later one counts.
    missing = limit(DeadlineRule(RuleKind.WEEK_BEFORE, weekday=6, at=time(2, 30)), date(2026, 4, 1), CALENDAR)
    assert missing.closes_at == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    twice = limit(DeadlineRule(RuleKind.WEEK_BEFORE, weekday=6, at=time(2, 30)), date(2026, 10, 28), CALENDAR)
    assert twice.closes_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_offset_of_the_family_s_clock_does_not_matter() -> None:
    found = limit(THURSDAY_13, date(2026, 7, 8), CALENDAR)  # Thursday 2 July, 13:00 summer time = 11:00 UTC
    assert found.allows(datetime(2026, 7, 2, 11, 0, tzinfo=UTC))
    assert not found.allows(datetime(2026, 7, 2, 11, 0, 1, tzinfo=UTC))


def test_a_registration_window_has_two_ends_both_included() -> None:
    window = Window(paris(2026, 3, 2, 9), paris(2026, 3, 13, 17))
    found = limit(DeadlineRule(RuleKind.WINDOW), date(2026, 4, 8), CALENDAR, window=window)
    assert not found.allows(paris(2026, 3, 2, 8, 59))
    assert found.is_early(paris(2026, 3, 2, 8, 59))
    assert found.allows(paris(2026, 3, 2, 9))
    assert found.allows(paris(2026, 3, 13, 17))
    assert found.is_late(paris(2026, 3, 13, 17, 0, 1))


def test_a_window_that_nobody_entered_is_told_apart() -> None:
    found = limit(DeadlineRule(RuleKind.WINDOW), date(2026, 4, 8), CALENDAR)
    assert found.undefined
    assert not found.allows(paris(2026, 1, 1))


def test_never_and_always() -> None:
    assert not limit(NEVER, date(2026, 4, 8), CALENDAR).allows(paris(2020, 1, 1))
    assert limit(ALWAYS, date(2026, 4, 8), CALENDAR).allows(paris(2040, 1, 1))


def test_a_moved_date_obeys_the_stricter_of_the_two() -> None:
    cancel_old = limit(MONDAY_13, date(2026, 3, 25), CALENDAR)
    book_new = limit(THURSDAY_13, date(2026, 4, 1), CALENDAR)
    assert stricter(cancel_old, book_new).closes_at == paris(2026, 3, 16, 13)
    assert not stricter(limit(NEVER, date(2026, 3, 25), CALENDAR), book_new).allows(paris(2026, 1, 1))


def test_limits_are_said_in_french() -> None:
    assert (
        describe_limit(limit(THURSDAY_13, date(2026, 4, 8), CALENDAR)) == "jusqu’au jeudi 02/04/2026 à 13:00"
    )
    by_day = limit(THREE_WORKING_DAYS, date(2026, 3, 27), CALENDAR)
    assert describe_limit(by_day) == "jusqu’au mercredi 25/03/2026 fin de journée"
    assert describe_limit(Limit(never=True)) == "jamais"
    assert describe_limit(Limit()) == "sans limite"


@pytest.mark.parametrize("wrong", [{"weekday": 7}, {"days": -1}, {"days": 1000}, {"hours": -1}])
def test_a_rule_that_makes_no_sense_is_not_built(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"weekday|notice"):
        DeadlineRule(RuleKind.WORKING_DAYS, **wrong)


days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
clock = st.times().map(lambda moment: moment.replace(tzinfo=None))
instants = st.builds(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    st.integers(0, 2 * 365 * 86_400),
)
week_before = st.builds(
    DeadlineRule, st.just(RuleKind.WEEK_BEFORE), weekday=st.integers(0, 6), at=st.none() | clock
)
working_days = st.builds(
    DeadlineRule,
    st.just(RuleKind.WORKING_DAYS),
    days=st.integers(0, 15),
    at=st.none() | clock,
    count_request_day=st.booleans(),
    count_service_day=st.booleans(),
)
hours_before = st.builds(DeadlineRule, st.just(RuleKind.HOURS_BEFORE), hours=st.integers(0, 400))
any_rule = st.one_of(week_before, working_days, hours_before)


@given(any_rule, days, st.none() | clock)
def test_the_limit_itself_is_in_time_and_the_next_microsecond_is_late(
    rule: DeadlineRule, service: date, start: time | None
) -> None:
    found = limit(rule, service, CALENDAR, slot_start=start)
    assert found.closes_at is not None
    assert found.allows(found.closes_at)
    assert found.allows(found.closes_at.astimezone(PARIS))
    assert not found.allows(found.closes_at + timedelta(microseconds=1))


@given(week_before, days)
def test_a_week_before_limit_falls_in_the_week_before_on_its_weekday(
    rule: DeadlineRule, service: date
) -> None:
    found = limit(rule, service, CALENDAR)
    assert found.closes_at is not None
    day = (found.closes_at - timedelta(hours=1)).astimezone(PARIS).date()  # a missing hour slides by one
    spread = {day, found.closes_at.astimezone(PARIS).date()}
    assert any((service - one).days == service.weekday() - rule.weekday + 7 for one in spread)


def _counted(rule: DeadlineRule, request_day: date, service: date) -> int:
    """Working days between the two, by counting each day in turn."""
    count = 0
    for offset in range((service - request_day).days + 1):
        day = request_day + timedelta(days=offset)
        if day == request_day and not rule.count_request_day:
            continue
        if day == service and not rule.count_service_day:
            continue
        count += CALENDAR.is_working_day(day)
    return count


@given(
    working_days.filter(lambda rule: rule.days > 0).map(lambda rule: replace(rule, at=None)),
    st.dates(date(2026, 3, 1), date(2026, 6, 30)),
    st.integers(1, 40),
)
def test_working_days_agree_with_counting_them_one_by_one(
    rule: DeadlineRule, service: date, ahead: int
) -> None:
    request_day = service - timedelta(days=ahead)
    found = limit(rule, service, CALENDAR)
    assert found.closes_at is not None
    last_day = found.closes_at.astimezone(PARIS).date()
    assert (request_day <= last_day) == (_counted(rule, request_day, service) >= rule.days)


@given(any_rule, any_rule, days, days, instants)
def test_what_the_stricter_limit_allows_both_allow(
    first: DeadlineRule, second: DeadlineRule, one_day: date, other_day: date, at: datetime
) -> None:
    one, other = limit(first, one_day, CALENDAR), limit(second, other_day, CALENDAR)
    assert stricter(one, other).allows(at) == (one.allows(at) and other.allows(at))
    assert stricter(one, other) == stricter(other, one)


@given(any_rule, days, instants, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_an_earlier_request_is_never_later(
    rule: DeadlineRule, service: date, at: datetime, before: timedelta
) -> None:
    found = limit(rule, service, CALENDAR)
    if found.allows(at):
        assert found.allows(at.astimezone(UTC) - before)
