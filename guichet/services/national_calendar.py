"""Filling the town's calendar from the national ones: school holidays of its zone, public holidays (domain.md §13).

The national calendar knows neither the Ascension bridge nor what a town adds: what is already written stays as it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from jours_feries_france import JoursFeries
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

from guichet.models.settings import Holiday, HolidayKind, SchoolYear
from guichet.rules.calendar import ONE_DAY, DateSpan
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import journal, settings
from guichet.services.settings_guard import hold_settings
from guichet.services.transaction import Context, needs

ZONES = ("A", "B", "C")
PUBLIC_ZONES: tuple[str, ...] = tuple(JoursFeries.ZONES)
_SUMMER = "Vacances d'été"


@dataclass(frozen=True)
class FillCalendar:
    """Fill the school year that starts in the summer of `year`."""

    year: int
    zone: str = "A"
    public_zone: str = "Métropole"
    command_id: str = ""


@dataclass(frozen=True)
class Filled:
    """What was added, and the names of what was left because other dates are already written there."""

    year_label: str
    year_added: bool
    holidays_added: int
    public_added: int
    left: tuple[str, ...]


@needs(Permission.ADMINISTER)
def fill(session: Session, context: Context, command: FillCalendar) -> Filled:
    """Add the school year, its school holidays and its public holidays that are missing; nothing written is changed.

    The year runs from the first day of the summer holidays to the eve of the next ones (seed 000). Raises UserError
    for a zone that does not exist or a year the national calendar does not know yet.
    """
    span = _year_span(command)
    hold_settings(session)
    label = f"{command.year}-{command.year + 1}"
    year_added, left = _add_year(session, label, span)
    holidays, clashing = _add_school_holidays(session, command.zone, span)
    public = _add_public_holidays(session, command.public_zone, span)
    zones = {"calendar.zone": command.zone, "calendar.public_zone": command.public_zone}
    if settings.several(session, *zones) != zones:
        settings.change(session, context, zones)
    filled = Filled(label, year_added, holidays, public, (*left, *clashing))
    journal.record(
        session,
        context,
        action="calendar.fill",
        subject=("calendar", None),
        summary=f"Calendrier {label} complété depuis le calendrier national, zone {command.zone}",
        detail={"after": {"holidays": holidays, "public": public, "year": year_added, "left": left}},
    )
    return filled


def school_holidays(zone: str, span: DateSpan) -> Iterator[tuple[str, DateSpan]]:
    """Each stretch of school holidays of the zone that starts within the span, by date.

    Raises UserError for a year the national calendar does not know.
    """
    by_name: dict[str, list[date]] = defaultdict(list)
    for year in range(span.first.year, span.last.year + 1):
        try:
            days = _national().holidays_for_year_and_zone(year, zone)
        except UnsupportedYearException:
            raise _unknown(year) from None
        for day, holiday in days.items():
            by_name[holiday["nom_vacances"]].append(day)
    runs = [(name, run) for name, days in by_name.items() for run in _runs(sorted(days))]
    for name, run in sorted(runs, key=lambda found: found[1].first):
        if run.first in span:
            yield name, run


def _year_span(command: FillCalendar) -> DateSpan:
    if command.zone not in ZONES:
        raise UserError(f"Choisissez une zone parmi {', '.join(ZONES)}.", field="zone")
    if command.public_zone not in PUBLIC_ZONES:
        raise UserError(f"Choisissez un territoire parmi {', '.join(PUBLIC_ZONES)}.", field="public_zone")
    first, last = _summer(command.year, command.zone), _summer(command.year + 1, command.zone) - ONE_DAY
    return DateSpan(first, last)


def _summer(year: int, zone: str) -> date:
    """The first day of the summer holidays of the year. Raises UserError beyond what the calendar knows."""
    try:
        days = _national().holidays_for_year_zone_and_name(year, zone, _SUMMER)
    except UnsupportedYearException:
        raise _unknown(year) from None
    if not days:
        raise _unknown(year)
    first: date = min(days)
    return first


def _unknown(year: int) -> UserError:
    return UserError(
        f"Le calendrier national ne donne pas encore les vacances de {year} : saisissez les dates à la main.",
        field="year",
        code="year_unknown",
    )


def _runs(days: list[date]) -> Iterator[DateSpan]:
    first = previous = days[0]
    for day in days[1:]:
        if day - previous > ONE_DAY:
            yield DateSpan(first, previous)
            first = day
        previous = day
    yield DateSpan(first, previous)


def _add_year(session: Session, label: str, span: DateSpan) -> tuple[bool, list[str]]:
    clashing = session.execute(
        select(SchoolYear.label).where(
            (SchoolYear.label == label)
            | ((SchoolYear.starts_on <= span.last) & (SchoolYear.ends_on >= span.first))
        )
    ).scalars()
    names = list(clashing)
    if names:
        return False, [name for name in names if name != label]
    session.execute(insert(SchoolYear).values(label=label, starts_on=span.first, ends_on=span.last))
    return True, []


def _add_school_holidays(session: Session, zone: str, span: DateSpan) -> tuple[int, list[str]]:
    written = [
        (row.name, DateSpan(row.starts_on, row.ends_on))
        for row in session.scalars(select(Holiday).where(Holiday.kind != HolidayKind.PUBLIC))
    ]
    added, left = [], []
    for name, run in school_holidays(zone, span):
        label = name.replace("'", "’")
        there = [known for known in written if known[1].overlaps(run)]
        if not there:
            kind = HolidayKind.SUMMER if name == _SUMMER else HolidayKind.SMALL
            added.append({"kind": kind, "name": label, "starts_on": run.first, "ends_on": run.last})
        elif all(known[1] != run for known in there):
            left.append(f"{label} ({run.first.year})")
    if added:
        session.execute(insert(Holiday), added)
    return len(added), left


def _add_public_holidays(session: Session, zone: str, span: DateSpan) -> int:
    written = set(session.scalars(select(Holiday.starts_on).where(Holiday.kind == HolidayKind.PUBLIC)))
    missing = [
        {"kind": HolidayKind.PUBLIC, "name": name.replace("'", "’"), "starts_on": day, "ends_on": day}
        for year in range(span.first.year, span.last.year + 1)
        for name, day in JoursFeries.for_year(year, zone).items()
        if day not in written
    ]
    if missing:
        session.execute(insert(Holiday), missing)
    return len(missing)


@lru_cache(maxsize=1)
def _national() -> SchoolHolidayDates:
    return SchoolHolidayDates()
