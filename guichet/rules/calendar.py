"""School years, holidays and closures as values, and what kind of day a date is (domain.md §4, §13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

WEDNESDAY = 2
SATURDAY = 5
ONE_DAY = timedelta(days=1)


class HolidayKind(StrEnum):
    """What a row of the holiday table stands for."""

    SMALL = "small"
    SUMMER = "summer"
    PUBLIC = "public"


class DayKind(StrEnum):
    """What a date is for the activities; a Wednesday inside school holidays is a holiday, not a Wednesday."""

    SCHOOL_DAY = "school_day"
    WEDNESDAY = "wednesday"
    WEEKEND = "weekend"
    SMALL_HOLIDAYS = "small_holidays"
    SUMMER_HOLIDAYS = "summer_holidays"
    PUBLIC_HOLIDAY = "public_holiday"


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Civil days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a span cannot end ({self.last}) before it starts ({self.first})")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def overlaps(self, other: "DateSpan") -> bool:
        return self.first <= other.last and other.first <= self.last

    def days(self) -> Iterable[date]:
        """Every day of the span, in order."""
        return (self.first + timedelta(days=offset) for offset in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """From the first day of the summer holidays to the last school day (domain.md §1, seed 000)."""

    id: int
    label: str
    span: DateSpan


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """One stretch of school holidays."""

    label: str
    kind: HolidayKind
    span: DateSpan


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which a facility, an activity, or everything (both None) is closed."""

    label: str
    span: DateSpan
    facility_id: int | None = None
    activity_id: int | None = None

    def closes(self, day: date, facility_id: int | None, activity_id: int | None) -> bool:
        return (
            day in self.span
            and self.facility_id in (None, facility_id)
            and self.activity_id in (None, activity_id)
        )


@dataclass(frozen=True)
class Calendar:
    """The town's calendar: all that the deadline and opening rules ask about a date."""

    school_years: tuple[SchoolYear, ...] = ()
    school_holidays: tuple[SchoolHoliday, ...] = ()
    public_holidays: Mapping[date, str] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()

    def school_year(self, day: date) -> SchoolYear | None:
        """The school year that holds `day`, None between two years or where none is seeded."""
        return next((year for year in self.school_years if day in year.span), None)

    def school_holiday(self, day: date) -> SchoolHoliday | None:
        """The school holidays that hold `day`."""
        return next((holiday for holiday in self.school_holidays if day in holiday.span), None)

    def is_working_day(self, day: date) -> bool:
        """A *jour ouvré* (domain.md §4): Monday to Friday, public holidays out; school holidays count."""
        return day.weekday() < SATURDAY and day not in self.public_holidays

    def day_kind(self, day: date) -> DayKind:
        """What `day` is: a public holiday first, then school holidays, then the day of the week."""
        if day in self.public_holidays:
            return DayKind.PUBLIC_HOLIDAY
        holiday = self.school_holiday(day)
        if holiday is not None:
            is_summer = holiday.kind is HolidayKind.SUMMER
            return DayKind.SUMMER_HOLIDAYS if is_summer else DayKind.SMALL_HOLIDAYS
        if day.weekday() >= SATURDAY:
            return DayKind.WEEKEND
        return DayKind.WEDNESDAY if day.weekday() == WEDNESDAY else DayKind.SCHOOL_DAY

    def in_school_holidays(self, day: date) -> bool:
        """Whether `day` lies inside school holidays, be it a public holiday too."""
        return self.school_holiday(day) is not None

    def closure(self, day: date, facility_id: int | None, activity_id: int | None) -> Closure | None:
        """The closure that shuts this activity of this facility on `day`."""
        return next((one for one in self.closures if one.closes(day, facility_id, activity_id)), None)


def monday_of(day: date) -> date:
    """The Monday of the week of `day` (weeks run Monday to Sunday)."""
    return day - timedelta(days=day.weekday())
