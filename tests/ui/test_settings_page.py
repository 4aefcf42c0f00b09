"""« Paramètres », with the keyboard, on a real base: what is typed, saved, refused, kept as a draft, and told to the second."""

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTabBar, QWidget

from guichet.models.database import Database
from guichet.rules.errors import UserError
from guichet.rules.permissions import Role
from guichet.services import (
    accounts,
    calendars,
    settings,
    town_settings,
    transaction,
    users,
)
from guichet.services.accounts import Credentials, NewAccount
from guichet.services.calendars import CalendarView, ClosureRow, SaveRow, SchoolYearRow
from guichet.services.town_settings import ChangeTown
from guichet.services.transaction import Context
from guichet.ui.messages import Confirmation
from guichet.ui.page import Destination
from guichet.ui.pages.settings import SECTIONS
from guichet.ui.screenshots import settle
from guichet.ui.widgets.settings_calendar import CalendarSection
from guichet.ui.widgets.settings_section import SettingsSection
from guichet.ui.widgets.settings_town import TownSection
from guichet.ui.widgets.settings_users import UsersSection
from guichet.ui.window import MainWindow
from tests.ui.audit import controls, name_of
from tests.ui.settings_support import add_wednesday, as_administrator, press, save_by_key, shown
from tests.ui.support import Opener, SqlGuard, answer_next_question, type_text

PASSWORD = "Guichet2026"


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return as_administrator(open_window)


@pytest.fixture
def wednesday(town: Database, sql_guard: SqlGuard) -> int:
    return add_wednesday(town, sql_guard)


def town_of(database: Database, guard: SqlGuard, context: Context) -> settings.Town:
    found: settings.Town = guard.aside(
        lambda: transaction.read(database, context, town_settings.read_town, None)
    )
    return found


def town_section(window: MainWindow) -> TownSection:
    section = shown(window, "town").section
    assert isinstance(section, TownSection)
    return section


def users_section(window: MainWindow) -> UsersSection:
    section = shown(window, "users").section
    assert isinstance(section, UsersSection)
    return section


@pytest.fixture
def zoe(town: Database, context: Context, sql_guard: SqlGuard) -> None:
    def build() -> None:
        for login, roles in (("chef", {Role.ADMINISTRATOR}), ("zoe", {Role.AGENT})):
            account = NewAccount(login, login.title(), frozenset(roles), PASSWORD)
            transaction.run(town, context, accounts.create, account)

    sql_guard.aside(build)


@pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.name)
def test_every_control_of_every_section_has_a_name_and_is_reached_by_tab(
    zoe: None, wednesday: int, window: MainWindow, kind: type[SettingsSection]
) -> None:
    page = shown(window, kind.name)
    for _ in range(2):
        nameless = [widget for widget in controls(page) if not name_of(widget)]
        assert not [widget for widget in nameless if not isinstance(widget, QTabBar)]
        page.list.setFocus()
        reached: set[QWidget] = set()
        for _ in range(120):
            focused = QApplication.focusWidget()
            if focused is None or focused in reached:
                break
            reached.add(focused)
            QTest.keyClick(focused, Qt.Key.Key_Tab)
        missed = [one for one in controls(page) if one not in reached and one.focusProxy() not in reached]
        assert not [name_of(widget) for widget in missed]
        page.show_example()
        settle(window.tools.desk)


def test_only_an_administrator_sees_the_settings(open_window: Opener) -> None:
    assert "settings" not in open_window(Role.AGENT, Role.FINANCE).entries


def test_the_arrows_go_from_section_to_section(window: MainWindow) -> None:
    town_form = town_section(window).fields
    page = shown(window, "town")
    page.list.setFocus()
    press(window, Qt.Key.Key_Down)
    assert page.section is not page.sections["town"]
    press(window, Qt.Key.Key_Up)
    assert page.section is page.sections["town"]
    press(window, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is town_form["name"]
    press(window, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is page.list


def test_the_town_is_typed_seen_in_the_letterhead_and_saved_by_a_key(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = town_section(window)
    name = section.fields["name"]
    name.selectAll()
    type_text(name, "Commune de Saint-Étienne-lès-Côtes")
    assert "Commune de Saint-Étienne-lès-Côtes" in section.preview_text.text()
    save_by_key(window, name)
    assert town_of(town, sql_guard, context).name == "Commune de Saint-Étienne-lès-Côtes"
    assert not section.form.dirty
    assert not window.tools.drafts.pending


def test_a_wrong_siret_is_said_beside_its_field_and_nothing_is_lost(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = town_section(window)
    before = town_of(town, sql_guard, context)
    type_text(section.fields["siret"], "21310990300013")
    save_by_key(window, section.fields["name"])
    assert section.fields["siret"].property("invalid") is True
    assert "SIRET" in section.fields["siret"].accessibleDescription()
    assert QApplication.focusWidget() is section.fields["siret"]
    assert section.form.values()["siret"] == "21310990300013"
    assert town_of(town, sql_guard, context) == before


def test_what_is_typed_survives_leaving_the_page_and_can_be_given_up(window: MainWindow) -> None:
    section = town_section(window)
    type_text(section.fields["phone"], "04 79")
    assert list(window.tools.drafts.pending) == ["Commune"]
    window.go(Destination("attestations"))
    settle(window.tools.desk)
    section = town_section(window)
    section.reload()
    settle(window.tools.desk)
    assert section.form.values()["phone"] == "04 79"
    section.form.discard.click()
    assert section.form.values()["phone"] == ""
    assert not window.tools.drafts.pending


def test_the_second_administrator_is_told_and_keeps_what_was_typed(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = town_section(window)
    type_text(section.fields["phone"], "04 79 00 00 02")
    seen = town_of(town, sql_guard, context)
    other = ChangeTown(replace(seen, name="Commune de Valmont"), seen)
    sql_guard.aside(lambda: transaction.run(town, context, town_settings.change_town, other))
    section.reload()
    settle(window.tools.desk)
    save_by_key(window, section.fields["name"])
    assert town_of(town, sql_guard, context) == replace(seen, name="Commune de Valmont")
    assert section.form.values()["phone"] == "04 79 00 00 02"
    said = [label.text() for label in section.form.findChildren(QLabel) if label.isVisibleTo(section)]
    assert any("Relisez ce qui est affiché" in text for text in said)
    section.form.discard.click()
    assert section.form.values()["name"] == "Commune de Valmont"


def test_an_account_is_opened_from_the_keyboard(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = users_section(window)
    section.add.click()
    type_text(section.display_name, "Zoé Prat")
    type_text(section.login, "Zoe")
    box = section.roles.boxes[Role.FINANCE]
    box.setFocus()
    press(window, Qt.Key.Key_Space)
    type_text(section.new_password, "court")
    save_by_key(window, section.display_name)
    assert "au moins 8 caractères" in section.password_error.text()
    section.new_password.selectAll()
    type_text(section.new_password, PASSWORD)
    save_by_key(window, section.display_name)
    actor = sql_guard.aside(lambda: accounts.sign_in(town, context, Credentials("zoe", PASSWORD)))
    assert (actor.display_name, actor.roles) == ("Zoé Prat", {Role.FINANCE})
    assert section.card.title.text() == "Zoé Prat (zoe)"
    assert section.new_password.text() == ""


def test_an_account_is_disabled_after_a_question_and_enabled_again(
    zoe: None, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = users_section(window)
    choose(section, _user(town, context, sql_guard, "zoe"))
    asked = answer_next_question(yes=True)
    section.toggle.click()
    settle(window.tools.desk)
    assert "Zoe ne pourra plus entrer" in asked[0]
    assert not _user(town, context, sql_guard, "zoe").active
    section.toggle.click()
    settle(window.tools.desk)
    assert _user(town, context, sql_guard, "zoe").active


def test_the_last_administrator_stays(
    zoe: None, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = users_section(window)
    choose(section, _user(town, context, sql_guard, "chef"))
    section.roles.boxes[Role.AGENT].setChecked(True)
    section.roles.boxes[Role.ADMINISTRATOR].setChecked(False)
    save_by_key(window, section.display_name)
    assert _user(town, context, sql_guard, "chef").roles == {Role.ADMINISTRATOR}
    assert section.form.dirty


def test_a_new_password_is_given_and_leaves_the_screen(
    zoe: None, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = users_section(window)
    choose(section, _user(town, context, sql_guard, "zoe"))
    type_text(section.new_password, "Nouveau2027")
    section.give.click()
    settle(window.tools.desk)
    assert section.new_password.text() == ""
    assert (
        sql_guard.aside(lambda: accounts.sign_in(town, context, Credentials("zoe", "Nouveau2027"))).login
        == "zoe"
    )
    with pytest.raises(UserError):
        sql_guard.aside(lambda: accounts.sign_in(town, context, Credentials("zoe", PASSWORD)))


def _user(database: Database, context: Context, guard: SqlGuard, login: str) -> users.UserRow:
    found: users.UserRow = guard.aside(lambda: transaction.read(database, context, users.find_user, login))
    return found


def choose(section: UsersSection, user: users.UserRow) -> None:
    place = section.table.paged.position(user.user_id)
    assert place is not None
    section.table.select(place)


def test_the_national_calendar_fills_a_year_and_a_bridge_is_added_by_hand(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = shown(window, "calendar").section
    assert isinstance(section, CalendarSection)
    section.year.setCurrentIndex(section.year.findData(2025))
    section.fill.click()
    settle(window.tools.desk)
    assert [row.label for row in section.years.table.paged.rows] == ["2025-2026"]
    section.tabs.setCurrentWidget(section.holidays)
    section.holidays.add.click()
    type_text(section.holidays.label, "Pont de l’Ascension")
    type_text(section.holidays.starts_on, "14/05/2026")
    type_text(section.holidays.ends_on, "17/05/2026")
    save_by_key(window, section.holidays.label)
    view = calendar_of(town, context, sql_guard)
    assert ("Pont de l’Ascension", date(2026, 5, 14), date(2026, 5, 17)) in {
        (row.label, row.starts_on, row.ends_on) for row in view.school_holidays
    }
    chosen = section.holidays.table.current_row()
    assert chosen is not None
    assert chosen.label == "Pont de l’Ascension"
    assert not window.tools.drafts.pending


def test_dates_that_overlap_are_refused_beside_the_first_day(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    row = SchoolYearRow(None, "2025-2026", date(2025, 7, 5), date(2026, 7, 3))
    sql_guard.aside(lambda: transaction.run(town, context, calendars.save_row, SaveRow(row)))
    section = shown(window, "calendar").section
    assert isinstance(section, CalendarSection)
    section.years.add.click()
    type_text(section.years.label, "2026-2027")
    type_text(section.years.starts_on, "03/07/2026")
    type_text(section.years.ends_on, "02/07/2027")
    save_by_key(window, section.years.label)
    assert (
        "chevauchent l’année scolaire «\u00a02025-2026\u00a0»"
        in section.years.starts_on.accessibleDescription()
    )
    assert len(calendar_of(town, context, sql_guard).school_years) == 1
    assert list(window.tools.drafts.pending) == ["Nouvelle année scolaire"]


def test_a_row_taken_away_can_be_put_back(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    row = ClosureRow(None, "Travaux", date(2026, 4, 1), date(2026, 4, 9))
    sql_guard.aside(lambda: transaction.run(town, context, calendars.save_row, SaveRow(row)))
    section = shown(window, "calendar").section
    assert isinstance(section, CalendarSection)
    section.tabs.setCurrentWidget(section.closures)
    section.closures.table.select(0)
    said: list[Confirmation] = []
    window.tools.messages.toast.connect(said.append)
    section.closures.remove.click()
    settle(window.tools.desk)
    assert calendar_of(town, context, sql_guard).closures == ()
    undo = said[-1].undo
    assert undo is not None
    undo()
    settle(window.tools.desk)
    assert [one.label for one in calendar_of(town, context, sql_guard).closures] == ["Travaux"]


def calendar_of(database: Database, context: Context, guard: SqlGuard) -> CalendarView:
    found: CalendarView = guard.aside(
        lambda: transaction.read(database, context, calendars.read_calendar, None)
    )
    return found
