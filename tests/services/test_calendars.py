"""The town's calendar: no two rows overlap, what is read stands when it is changed, the national one fills what lacks."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.dossiers import Dossier, DossierState
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.calendar import HolidayKind
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import calendars, national_calendar, transaction
from guichet.services.calendars import CalendarView, ClosureRow, HolidayRow, RemoveRow, SaveRow, SchoolYearRow
from guichet.services.national_calendar import FillCalendar
from guichet.services.transaction import Actor, Context
from tests.builders import add_activity, add_family, add_person

YEAR = SchoolYearRow(None, "2025-2026", date(2025, 7, 5), date(2026, 7, 3))
TOUSSAINT = HolidayRow(
    None, HolidayKind.SMALL, "Vacances de la Toussaint", date(2025, 10, 18), date(2025, 11, 2)
)


def view(database: Database, context: Context) -> CalendarView:
    return transaction.read(database, context, calendars.read_calendar, None)


def save(
    database: Database,
    context: Context,
    row: calendars.CalendarRow,
    seen: calendars.CalendarRow | None = None,
) -> int:
    return transaction.run(database, context, calendars.save_row, SaveRow(row, seen))


def test_a_row_is_added_changed_and_taken_away(database: Database, context: Context) -> None:
    save(database, context, YEAR)
    [seen] = view(database, context).school_years
    longer = SchoolYearRow(seen.row_id, " 2025–2026 ", seen.starts_on, date(2026, 7, 5))
    save(database, context, longer, seen)
    [changed] = view(database, context).school_years
    assert (changed.label, changed.ends_on) == ("2025–2026", date(2026, 7, 5))
    transaction.run(database, context, calendars.remove_row, RemoveRow(changed))
    assert view(database, context).school_years == ()


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (YEAR, SchoolYearRow(None, "2026-2027", date(2026, 7, 3), date(2027, 7, 2))),
        (TOUSSAINT, HolidayRow(None, HolidayKind.SUMMER, "Été", date(2025, 11, 2), date(2025, 11, 9))),
        (
            ClosureRow(None, "Travaux", date(2026, 4, 1), date(2026, 4, 9)),
            ClosureRow(None, "Pont", date(2026, 3, 30), date(2026, 4, 1)),
        ),
    ],
)
def test_two_rows_never_share_a_day(
    database: Database, context: Context, first: calendars.CalendarRow, other: calendars.CalendarRow
) -> None:
    save(database, context, first)
    with pytest.raises(UserError, match="chevauchent") as refusal:
        save(database, context, other)
    assert (refusal.value.field, refusal.value.code) == ("starts_on", "overlap")
    assert first.label in refusal.value.message


def test_the_day_after_is_free(database: Database, context: Context) -> None:
    save(database, context, TOUSSAINT)
    after = HolidayRow(None, HolidayKind.SMALL, "Pont", date(2025, 11, 3), date(2025, 11, 3))
    save(database, context, after)
    assert len(view(database, context).school_holidays) == 2


def test_a_public_holiday_may_fall_inside_school_holidays(database: Database, context: Context) -> None:
    save(database, context, TOUSSAINT)
    save(
        database,
        context,
        HolidayRow(None, HolidayKind.PUBLIC, "Toussaint", date(2025, 11, 1), date(2025, 11, 1)),
    )
    assert [row.label for row in view(database, context).public_holidays] == ["Toussaint"]


def test_closures_of_two_sites_may_share_days(database: Database, context: Context) -> None:
    with database.writing() as session:
        activity_id = add_activity(session).id
    days = (date(2026, 4, 1), date(2026, 4, 9))
    save(database, context, ClosureRow(None, "Travaux", *days))
    save(database, context, ClosureRow(None, "Sortie", *days, activity_id=activity_id))
    assert {row.activity_id for row in view(database, context).closures} == {None, activity_id}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (SchoolYearRow(None, "2025-2026", date(2026, 7, 3), date(2025, 7, 5)), "ends_on"),
        (SchoolYearRow(None, "  ", date(2025, 7, 5), date(2026, 7, 3)), "label"),
        (SchoolYearRow(None, "x" * 21, date(2025, 7, 5), date(2026, 7, 3)), "label"),
    ],
)
def test_a_row_has_a_name_and_its_dates_in_order(
    database: Database, context: Context, row: calendars.CalendarRow, field: str
) -> None:
    with pytest.raises(UserError) as refusal:
        save(database, context, row)
    assert refusal.value.field == field


def test_two_years_do_not_bear_the_same_name(database: Database, context: Context) -> None:
    save(database, context, YEAR)
    with pytest.raises(UserError) as refusal:
        save(database, context, SchoolYearRow(None, YEAR.label, date(2027, 7, 5), date(2028, 7, 3)))
    assert refusal.value.field == "label"


def test_a_row_changed_meanwhile_is_not_overwritten(database: Database, context: Context) -> None:
    save(database, context, TOUSSAINT)
    [seen] = view(database, context).school_holidays
    save(
        database, context, HolidayRow(seen.row_id, seen.kind, "Toussaint", seen.starts_on, seen.ends_on), seen
    )
    mine = HolidayRow(seen.row_id, seen.kind, seen.label, seen.starts_on, date(2025, 11, 3))
    with pytest.raises(StaleVersion, match="admin, le 18/03/2026"):
        save(database, context, mine, seen)
    with pytest.raises(StaleVersion):
        transaction.run(database, context, calendars.remove_row, RemoveRow(seen))


def test_a_row_taken_away_meanwhile_is_said_gone(database: Database, context: Context) -> None:
    save(database, context, TOUSSAINT)
    [seen] = view(database, context).school_holidays
    transaction.run(database, context, calendars.remove_row, RemoveRow(seen))
    with pytest.raises(UserError) as refusal:
        save(database, context, seen, seen)
    assert refusal.value.code == "row_gone"


def test_a_year_that_dossiers_name_is_not_taken_away(database: Database, context: Context) -> None:
    year_id = save(database, context, YEAR)
    with database.writing() as session:
        child = add_person(session, birth_date=date(2019, 1, 1))
        family = add_family(session, children=[child])
        session.add(
            Dossier(
                child_id=child.id, family_id=family.id, school_year_id=year_id, state=DossierState.EXPECTED
            )
        )
    [seen] = view(database, context).school_years
    with pytest.raises(UserError, match="Des dossiers portent"):
        transaction.run(database, context, calendars.remove_row, RemoveRow(seen))


def test_the_national_calendar_fills_a_year(database: Database, context: Context) -> None:
    filled = transaction.run(database, context, national_calendar.fill, FillCalendar(2025, "A"))
    calendar = view(database, context)
    assert (filled.year_label, filled.year_added, filled.left) == ("2025-2026", True, ())
    [year] = calendar.school_years
    assert (year.starts_on, year.ends_on) == (date(2025, 7, 5), date(2026, 7, 3))
    found = {row.label: (row.starts_on, row.ends_on, row.kind) for row in calendar.school_holidays}
    assert found["Vacances de la Toussaint"] == (date(2025, 10, 18), date(2025, 11, 2), HolidayKind.SMALL)
    assert found["Vacances d’été"][0] == date(2025, 7, 5)
    assert found["Vacances d’été"][2] is HolidayKind.SUMMER
    assert len(found) == 5
    assert date(2026, 5, 14) in {row.starts_on for row in calendar.public_holidays}


def test_filling_twice_adds_nothing_and_keeps_what_an_agent_wrote(
    database: Database, context: Context
) -> None:
    mine = HolidayRow(None, HolidayKind.SMALL, "Noël de chez nous", date(2025, 12, 22), date(2026, 1, 5))
    save(database, context, mine)
    first = transaction.run(database, context, national_calendar.fill, FillCalendar(2025, "B"))
    before = view(database, context)
    again = transaction.run(database, context, national_calendar.fill, FillCalendar(2025, "B"))
    assert first.left == ("Vacances de Noël (2025)",)
    assert (again.year_added, again.holidays_added, again.public_added) == (False, 0, 0)
    assert view(database, context) == before
    assert before.zone == "B"
    assert "Noël de chez nous" in {row.label for row in before.school_holidays}


@pytest.mark.parametrize(
    ("command", "field"), [(FillCalendar(2025, "Z"), "zone"), (FillCalendar(2190, "A"), "year")]
)
def test_what_the_national_calendar_does_not_know_is_said(
    database: Database, context: Context, command: FillCalendar, field: str
) -> None:
    with pytest.raises(UserError) as refusal:
        transaction.run(database, context, national_calendar.fill, command)
    assert refusal.value.field == field
    assert view(database, context).school_years == ()


def test_a_change_is_journalled_with_before_and_after(database: Database, context: Context) -> None:
    save(database, context, TOUSSAINT)
    [seen] = view(database, context).school_holidays
    save(
        database,
        context,
        HolidayRow(seen.row_id, seen.kind, seen.label, seen.starts_on, date(2025, 11, 3)),
        seen,
    )
    with database.reading() as session:
        entry = session.execute(
            select(Journal.summary, JournalDetail.detail)
            .join(JournalDetail, JournalDetail.journal_id == Journal.id)
            .where(Journal.action == "calendar.change")
        ).one()
    detail = json.loads(entry.detail)
    assert (detail["before"]["ends_on"], detail["after"]["ends_on"]) == ("2025-11-02", "2025-11-03")
    assert entry.summary == "Calendrier\u00a0: Vacances de la Toussaint, du 18/10/2025 au 03/11/2025"


def test_only_an_administrator_changes_the_calendar(database: Database, context: Context) -> None:
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT, Role.FINANCE})), context.now)
    with pytest.raises(PermissionDenied):
        save(database, agent, YEAR)
    with pytest.raises(PermissionDenied):
        transaction.run(database, agent, national_calendar.fill, FillCalendar(2025))
