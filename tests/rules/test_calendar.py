"""What kind of day a date is, on the school calendar of zone A, 2025-2026."""

from datetime import date

import pytest

from guichet.rules.calendar import (
    Calendar,
    Closure,
    DateSpan,
    DayKind,
    HolidayKind,
    SchoolHoliday,
    SchoolYear,
    monday_of,
)

CALENDAR = Calendar(
    school_years=(SchoolYear(1, "2025-2026", DateSpan(date(2025, 7, 5), date(2026, 7, 3))),),
    school_holidays=(
        SchoolHoliday("Printemps", HolidayKind.SMALL, DateSpan(date(2026, 4, 4), date(2026, 4, 19))),
        SchoolHoliday("Été", HolidayKind.SUMMER, DateSpan(date(2026, 7, 4), date(2026, 8, 31))),
    ),
    public_holidays={date(2026, 4, 6): "Lundi de Pâques", date(2026, 5, 1): "Fête du Travail"},
    closures=(
        Closure("Pont", DateSpan(date(2026, 5, 15), date(2026, 5, 15))),
        Closure("Travaux", DateSpan(date(2026, 6, 1), date(2026, 6, 5)), facility_id=7),
        Closure("Grève", DateSpan(date(2026, 6, 9), date(2026, 6, 9)), activity_id=3),
    ),
)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 3, 17), DayKind.SCHOOL_DAY),
        (date(2026, 3, 18), DayKind.WEDNESDAY),
        (date(2026, 3, 21), DayKind.WEEKEND),
        (date(2026, 4, 8), DayKind.SMALL_HOLIDAYS),  # a Wednesday inside holidays is a holiday
        (date(2026, 4, 6), DayKind.PUBLIC_HOLIDAY),  # inside the holidays too
        (date(2026, 7, 8), DayKind.SUMMER_HOLIDAYS),
        (date(2026, 5, 1), DayKind.PUBLIC_HOLIDAY),
    ],
)
def test_the_kind_of_a_day(day: date, kind: DayKind) -> None:
    assert CALENDAR.day_kind(day) is kind


def test_working_days_are_monday_to_friday_without_public_holidays() -> None:
    week = [date(2026, 4, 6 + offset) for offset in range(7)]
    assert [CALENDAR.is_working_day(day) for day in week] == [False, True, True, True, True, False, False]


def test_a_public_holiday_inside_school_holidays_is_inside_them() -> None:
    assert CALENDAR.in_school_holidays(date(2026, 4, 6))
    assert not CALENDAR.in_school_holidays(date(2026, 5, 1))


def test_the_school_year_runs_from_the_first_summer_day_to_the_last_school_day() -> None:
    first, last = date(2025, 7, 5), date(2026, 7, 3)
    assert CALENDAR.school_year(first) == CALENDAR.school_year(last) == CALENDAR.school_years[0]
    assert CALENDAR.school_year(date(2025, 7, 4)) is None
    assert CALENDAR.school_year(date(2026, 7, 4)) is None


def test_a_closure_shuts_what_it_names_only() -> None:
    assert CALENDAR.closure(date(2026, 5, 15), 1, 2) is not None
    assert CALENDAR.closure(date(2026, 6, 5), 7, 2) is not None
    assert CALENDAR.closure(date(2026, 6, 5), 8, 2) is None
    assert CALENDAR.closure(date(2026, 6, 5), None, 2) is None
    assert CALENDAR.closure(date(2026, 6, 9), 8, 3) is not None
    assert CALENDAR.closure(date(2026, 6, 10), 8, 3) is None


def test_a_week_runs_monday_to_sunday_across_the_year_s_end() -> None:
    assert monday_of(date(2026, 1, 1)) == date(2025, 12, 29)
    assert monday_of(date(2026, 1, 4)) == date(2025, 12, 29)
    assert monday_of(date(2026, 1, 5)) == date(2026, 1, 5)


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        DateSpan(date(2026, 1, 2), date(2026, 1, 1))


def test_spans_share_a_day_when_they_touch() -> None:
    first = DateSpan(date(2026, 1, 1), date(2026, 1, 10))
    assert first.overlaps(DateSpan(date(2026, 1, 10), date(2026, 1, 12)))
    assert not first.overlaps(DateSpan(date(2026, 1, 11), date(2026, 1, 12)))
    assert list(DateSpan(date(2026, 2, 27), date(2026, 3, 1)).days()) == [
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
