"""School years, school holidays and public holidays of the demonstration town, from the two open calendars."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jours_feries_france import JoursFeries
from vacances_scolaires_france import SchoolHolidayDates

from guichet.models.settings import Holiday, HolidayKind, SchoolYear
from guichet.services.demo.writing import Writer

_SUMMER = "Vacances d'été"
_ONE_DAY = timedelta(days=1)
_WEDNESDAY = 2
_SATURDAY = 5


@dataclass(frozen=True)
class TownCalendar:
    """The ids of the school years by label, and the days each kind of activity may open."""

    school_years: Mapping[str, int]
    school_days: frozenset[date]
    wednesdays: frozenset[date]
    holidays: frozenset[date]


def write_calendar(writer: Writer, town: Mapping[str, Any]) -> TownCalendar:
    """Write the calendar of the years the town names, and work out its open days of the current school year."""
    runs = list(_school_holidays(town["zone"], town["holiday_years"]))
    public = {day: name for year in town["holiday_years"] for name, day in JoursFeries.for_year(year).items()}
    writer.add(Holiday, [_school_row(*run) for run in runs])
    writer.add(
        Holiday,
        [
            {"kind": HolidayKind.PUBLIC, "name": name, "starts_on": day, "ends_on": day}
            for day, name in sorted(public.items())
        ],
    )
    writer.add(
        Holiday,
        [
            {
                "kind": HolidayKind(extra["kind"]),
                "name": extra["name"],
                "starts_on": date.fromisoformat(extra["starts_on"]),
                "ends_on": date.fromisoformat(extra["ends_on"]),
            }
            for extra in town["extra_holidays"]
        ],
    )
    years = _write_school_years(writer, town["school_years"], runs)
    off = {day for _name, first, last in runs for day in _days(first, last)}
    off |= {
        day
        for extra in town["extra_holidays"]
        for day in _days(date.fromisoformat(extra["starts_on"]), date.fromisoformat(extra["ends_on"]))
    }
    return _open_days(max(town["school_years"]), years, off, frozenset(public))


def _open_days(
    last_year: int, years: Mapping[str, int], off: set[date], public: frozenset[date]
) -> TownCalendar:
    """Days of the school year under way and of the summer after it."""
    span = list(_days(date(last_year - 1, 9, 1), date(last_year, 8, 31)))
    weekdays = [day for day in span if day.weekday() < _SATURDAY and day not in public]
    return TownCalendar(
        school_years=years,
        school_days=frozenset(day for day in weekdays if day not in off and day.weekday() != _WEDNESDAY),
        wednesdays=frozenset(day for day in weekdays if day not in off and day.weekday() == _WEDNESDAY),
        holidays=frozenset(day for day in weekdays if day in off),
    )


def _school_holidays(zone: str, years: Iterable[int]) -> Iterator[tuple[str, date, date]]:
    """(name, first day, last day) of each stretch; Christmas holidays run over the new year."""
    calendar = SchoolHolidayDates()
    by_name: dict[str, list[date]] = defaultdict(list)
    for year in years:
        for day, holiday in calendar.holidays_for_year_and_zone(year, zone).items():
            by_name[holiday["nom_vacances"]].append(day)
    for name in sorted(by_name):
        first = previous = None
        for day in sorted(by_name[name]):
            if previous is not None and day - previous > _ONE_DAY:
                yield name, first or day, previous
                first = None
            first = first or day
            previous = day
        if first is not None and previous is not None:
            yield name, first, previous


def _school_row(name: str, first: date, last: date) -> dict[str, Any]:
    kind = HolidayKind.SUMMER if name == _SUMMER else HolidayKind.SMALL
    return {"kind": kind, "name": name.replace("'", "’"), "starts_on": first, "ends_on": last}


def _write_school_years(
    writer: Writer, years: Iterable[int], runs: Iterable[tuple[str, date, date]]
) -> dict[str, int]:
    """From the first day of the summer holidays to the eve of the next ones."""
    summers = {first.year: first for name, first, _last in runs if name == _SUMMER}
    rows = [
        {
            "label": f"{year}-{year + 1}",
            "starts_on": summers[year],
            "ends_on": summers[year + 1] - _ONE_DAY if year + 1 in summers else date(year + 1, 7, 3),
        }
        for year in years
    ]
    ids = writer.add(SchoolYear, rows)
    return {str(row["label"]): year_id for row, year_id in zip(rows, ids, strict=True)}


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
