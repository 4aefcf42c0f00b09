"""The town's calendar: school years, school holidays, public holidays, closures (domain.md §13). Each act is journalled.

None of these rows carries a version: a change names the row as it was read, and is refused when it is no longer so.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Dossier
from guichet.models.offer import Activity, Facility
from guichet.models.settings import Closure, Holiday, SchoolYear
from guichet.models.settings import HolidayKind as StoredKind
from guichet.rules.calendar import DateSpan, HolidayKind
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import journal, settings
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.transaction import Context, needs

LONGEST_YEAR_LABEL = 20
LONGEST_LABEL = 240


class CalendarPart(StrEnum):
    """Which table of the calendar a row belongs to."""

    SCHOOL_YEAR = "school_year"
    HOLIDAY = "holiday"
    CLOSURE = "closure"


@dataclass(frozen=True)
class SchoolYearRow:
    """A school year, first and last day included. `row_id` None: a new one."""

    row_id: int | None
    label: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class HolidayRow:
    """A stretch of school holidays, or a public holiday, first and last day included. `row_id` None: a new one."""

    row_id: int | None
    kind: HolidayKind
    label: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class ClosureRow:
    """Days of closure of a facility, an activity, or (both None) of everything. `row_id` None: a new one."""

    row_id: int | None
    label: str
    starts_on: date
    ends_on: date
    facility_id: int | None = None
    activity_id: int | None = None


CalendarRow = SchoolYearRow | HolidayRow | ClosureRow


@dataclass(frozen=True)
class Choice:
    """A facility or an activity, as a closure names it."""

    row_id: int
    name: str


@dataclass(frozen=True)
class CalendarView:
    """The whole calendar, each part by date, latest first; what a closure may name; the zones of the national one."""

    zone: str
    public_zone: str
    school_years: tuple[SchoolYearRow, ...]
    school_holidays: tuple[HolidayRow, ...]
    public_holidays: tuple[HolidayRow, ...]
    closures: tuple[ClosureRow, ...]
    facilities: tuple[Choice, ...]
    activities: tuple[Choice, ...]


@dataclass(frozen=True)
class SaveRow:
    """A row as it should be, and as it was read (None: it is new)."""

    row: CalendarRow
    seen: CalendarRow | None = None
    command_id: str = ""


@dataclass(frozen=True)
class RemoveRow:
    """A row to take away, as it was read."""

    seen: CalendarRow
    command_id: str = ""


@needs(Permission.ADMINISTER)
def read_calendar(session: Session, context: Context, query: None = None) -> CalendarView:
    """The calendar as it stands, in a fixed number of queries."""
    zones = settings.several(session, "calendar.zone", "calendar.public_zone")
    years = session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on.desc()))
    holidays = [
        _holiday_row(row)
        for row in session.scalars(select(Holiday).order_by(Holiday.starts_on.desc(), Holiday.name))
    ]
    closures = session.scalars(select(Closure).order_by(Closure.starts_on.desc(), Closure.id))
    facilities = session.execute(select(Facility.id, Facility.name).order_by(Facility.name))
    activities = session.execute(
        select(Activity.id, Activity.name).where(Activity.archived.is_(False)).order_by(Activity.name)
    )
    return CalendarView(
        zone=str(zones["calendar.zone"]),
        public_zone=str(zones["calendar.public_zone"]),
        school_years=tuple(_year_row(row) for row in years),
        school_holidays=tuple(row for row in holidays if row.kind is not HolidayKind.PUBLIC),
        public_holidays=tuple(row for row in holidays if row.kind is HolidayKind.PUBLIC),
        closures=tuple(_closure_row(row) for row in closures),
        facilities=tuple(Choice(row.id, row.name) for row in facilities),
        activities=tuple(Choice(row.id, row.name) for row in activities),
    )


@needs(Permission.ADMINISTER)
def save_row(session: Session, context: Context, command: SaveRow) -> int:
    """Add or change a school year, holidays or a closure; return its id.

    Raises UserError for dates in the wrong order or that overlap another row, StaleVersion when it changed meanwhile.
    """
    wanted = _checked(command.row)
    hold_settings(session)
    part = part_of(wanted)
    stored = None if wanted.row_id is None else _stored(session, part, wanted.row_id)
    if wanted.row_id is not None:
        _refuse_changed(session, part, wanted.row_id, stored, command.seen)
    match wanted:
        case SchoolYearRow():
            _refuse_overlap(wanted, _years(session, wanted.label, wanted.row_id), "l’année scolaire")
        case HolidayRow():
            _refuse_overlap(wanted, _holidays_alike(session, wanted), "les vacances")
        case ClosureRow():
            _refuse_overlap(wanted, _closures_alike(session, wanted), "la fermeture")
    row_id = _write(session, wanted)
    journal.record(
        session,
        context,
        action=f"calendar.{'add' if stored is None else 'change'}",
        subject=(part.value, row_id),
        summary=f"Calendrier : {wanted.label}, du {format_date(wanted.starts_on)} au {format_date(wanted.ends_on)}",
        detail={"before": None if stored is None else asdict(stored), "after": asdict(wanted)},
    )
    return row_id


@needs(Permission.ADMINISTER)
def remove_row(session: Session, context: Context, command: RemoveRow) -> None:
    """Take a row away. Raises UserError for a school year that dossiers name, StaleVersion when it changed meanwhile."""
    hold_settings(session)
    seen = command.seen
    part = part_of(seen)
    if seen.row_id is None:
        raise UserError("Cette ligne n’est pas encore enregistrée.", code="row_gone")
    stored = _stored(session, part, seen.row_id)
    _refuse_changed(session, part, seen.row_id, stored, seen)
    if isinstance(seen, SchoolYearRow):
        used = session.execute(
            select(Dossier.id).where(Dossier.school_year_id == seen.row_id).limit(1)
        ).first()
        if used is not None:
            raise UserError(
                f"Des dossiers portent sur l’année {seen.label} : elle ne peut plus être retirée, seulement corrigée.",
                code="row_used",
            )
    session.delete(session.get_one(_TABLES[part], seen.row_id))
    session.flush()  # a row put back in the same transaction must not meet this one
    journal.record(
        session,
        context,
        action="calendar.remove",
        subject=(part.value, seen.row_id),
        summary=f"Calendrier : {seen.label} retiré ({format_date(seen.starts_on)} → {format_date(seen.ends_on)})",
        detail={"before": asdict(seen), "after": None},
    )


def part_of(row: CalendarRow) -> CalendarPart:
    """Which part of the calendar a row belongs to."""
    match row:
        case SchoolYearRow():
            return CalendarPart.SCHOOL_YEAR
        case HolidayRow():
            return CalendarPart.HOLIDAY
        case ClosureRow():
            return CalendarPart.CLOSURE


_TABLES: dict[CalendarPart, type[SchoolYear] | type[Holiday] | type[Closure]] = {
    CalendarPart.SCHOOL_YEAR: SchoolYear,
    CalendarPart.HOLIDAY: Holiday,
    CalendarPart.CLOSURE: Closure,
}


def _checked(row: CalendarRow) -> CalendarRow:
    label = " ".join(row.label.split())
    longest = LONGEST_YEAR_LABEL if isinstance(row, SchoolYearRow) else LONGEST_LABEL
    if not label:
        raise UserError("Donnez un nom à ces dates, par exemple « Vacances de la Toussaint ».", field="label")
    if len(label) > longest:
        raise UserError(f"Ce nom est trop long : {longest} caractères au plus.", field="label")
    if row.ends_on < row.starts_on:
        raise UserError(
            f"Le dernier jour ({format_date(row.ends_on)}) est avant le premier ({format_date(row.starts_on)}).",
            field="ends_on",
        )
    return replace(row, label=label)


def _refuse_overlap(wanted: CalendarRow, others: Iterable[CalendarRow], what: str) -> None:
    span = DateSpan(wanted.starts_on, wanted.ends_on)
    for other in others:
        if other.row_id != wanted.row_id and span.overlaps(DateSpan(other.starts_on, other.ends_on)):
            raise UserError(
                f"Ces dates chevauchent {what} « {other.label} », du {format_date(other.starts_on)} "
                f"au {format_date(other.ends_on)} : corrigez l’une ou l’autre.",
                field="starts_on",
                code="overlap",
            )


def _years(session: Session, label: str, row_id: int | None) -> list[SchoolYearRow]:
    """Every school year. Raises UserError when another one bears this label."""
    rows = [_year_row(row) for row in session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on))]
    if any(row.label == label and row.row_id != row_id for row in rows):
        raise UserError(f"L’année « {label} » existe déjà : donnez un autre nom.", field="label")
    return rows


def _holidays_alike(session: Session, wanted: HolidayRow) -> list[HolidayRow]:
    """What holidays may not overlap: the other school holidays; for a public holiday, the same one."""
    public = Holiday.kind == StoredKind.PUBLIC
    if wanted.kind is HolidayKind.PUBLIC:
        found = select(Holiday).where(public, Holiday.name == wanted.label)
    else:
        found = select(Holiday).where(~public)
    return [_holiday_row(row) for row in session.scalars(found.order_by(Holiday.starts_on))]


def _closures_alike(session: Session, wanted: ClosureRow) -> list[ClosureRow]:
    """The other closures of the same facility and activity."""
    return [
        _closure_row(row)
        for row in session.scalars(
            select(Closure)
            .where(
                Closure.facility_id.is_not_distinct_from(wanted.facility_id),
                Closure.activity_id.is_not_distinct_from(wanted.activity_id),
            )
            .order_by(Closure.starts_on)
        )
    ]


def _refuse_changed(
    session: Session, part: CalendarPart, row_id: int, stored: CalendarRow | None, seen: CalendarRow | None
) -> None:
    if stored is None:
        raise UserError("Cette ligne a été retirée à un autre poste : actualisez la liste.", code="row_gone")
    refuse_stale(session, (part.value, row_id), "Cette ligne du calendrier", unchanged=stored == seen)


def _stored(session: Session, part: CalendarPart, row_id: int) -> CalendarRow | None:
    row = session.get(_TABLES[part], row_id)
    match row:
        case SchoolYear():
            return _year_row(row)
        case Holiday():
            return _holiday_row(row)
        case Closure():
            return _closure_row(row)
    return None


def _write(session: Session, wanted: CalendarRow) -> int:
    row: SchoolYear | Holiday | Closure
    match wanted:
        case SchoolYearRow():
            row = session.get_one(SchoolYear, wanted.row_id) if wanted.row_id else SchoolYear()
            row.label = wanted.label
        case HolidayRow():
            row = session.get_one(Holiday, wanted.row_id) if wanted.row_id else Holiday()
            row.kind, row.name = StoredKind(wanted.kind.value), wanted.label
        case ClosureRow():
            row = session.get_one(Closure, wanted.row_id) if wanted.row_id else Closure()
            row.reason = wanted.label
            row.facility_id, row.activity_id = wanted.facility_id, wanted.activity_id
    row.starts_on, row.ends_on = wanted.starts_on, wanted.ends_on
    session.add(row)
    session.flush()  # the journal names the row
    return row.id


def _year_row(row: SchoolYear) -> SchoolYearRow:
    return SchoolYearRow(row.id, row.label, row.starts_on, row.ends_on)


def _holiday_row(row: Holiday) -> HolidayRow:
    return HolidayRow(row.id, HolidayKind(row.kind.value), row.name, row.starts_on, row.ends_on)


def _closure_row(row: Closure) -> ClosureRow:
    return ClosureRow(row.id, row.reason, row.starts_on, row.ends_on, row.facility_id, row.activity_id)
