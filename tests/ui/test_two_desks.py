"""Two windows at work on one base, on both engines: nobody overwrites anybody, and who comes second is told in words."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database
from guichet.models.money import Invoice
from guichet.models.people import Person
from guichet.rules.permissions import Role
from guichet.services import transaction
from guichet.services.transaction import Context
from guichet.services.verify import verify
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.theme import Theme
from guichet.ui.widgets.contacts_form import ContactsDialog
from guichet.ui.widgets.settings_town import TownSection
from guichet.ui.window import MainWindow
from tests.ui import desk_town
from tests.ui.desk_town import NARROW
from tests.ui.desks import Desks, on_page, sit_at
from tests.ui.settings_support import shown
from tests.ui.support import SqlGuard, type_text
from tests.ui.test_agent_hour import current, go_to
from tests.ui.test_clerk_month import bill_town, check, steps
from tests.ui.test_families_page import words

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desks(
    database_url: Callable[[], URL],
    clock: Callable[[], datetime],
    theme: Theme,
    window_settings: QSettings,
    sql_guard: SqlGuard,
) -> Iterator[Desks]:
    desks = Desks(database_url(), clock, theme, window_settings, sql_guard)
    yield desks
    desks.close()


@pytest.fixture
def counter(desks: Desks, context: Context, tmp_path: Path) -> Desks:
    """The counter's base after its night."""

    def build(base: Database) -> None:
        desk_town.build(base)
        desk_town.bring_night(base, context, tmp_path)

    desks.aside(build)
    return desks


@pytest.fixture
def agents(counter: Desks) -> tuple[MainWindow, MainWindow]:
    return (
        counter.window("anne", "Anne Roux", Role.AGENT, "requests"),
        counter.window("yann", "Yann Morel", Role.AGENT, "requests"),
    )


def press(window: MainWindow, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    widget = window.focusWidget() or window
    qtbot.keyClick(widget, key, modifier or Qt.KeyboardModifier.NoModifier)


def states(desks: Desks) -> dict[str, str]:
    found = desks.aside(desk_town.states)
    assert isinstance(found, dict)
    return found


def test_the_second_agent_sees_who_holds_a_request_and_overwrites_nothing(
    agents: tuple[MainWindow, MainWindow], counter: Desks, qtbot: QtBot
) -> None:
    anne, yann = agents
    first, second = (on_page(window, RequestsPage) for window in agents)
    assert (current(first), current(second)) == ("D-1", "D-1")
    sit_at(first.list.table)
    press(anne, qtbot, Qt.Key.Key_P)
    counter.settle()
    sit_at(second.list.table)
    press(yann, qtbot, Qt.Key.Key_F5)
    counter.settle()
    assert second.view.head.holder.text().startswith("Prise en charge par Anne Roux")

    sit_at(first.list.table)
    press(anne, qtbot, Qt.Key.Key_A)
    counter.settle()
    assert states(counter)["D-1"] == "accepted"
    sit_at(second.list.table)  # Yann's screen is older than Anne's decision
    press(yann, qtbot, Qt.Key.Key_R)
    type_text(second.bar.text, "Il manque l’assurance")
    press(yann, qtbot, Qt.Key.Key_Return)
    counter.settle()
    assert states(counter)["D-1"] == "accepted"
    assert "Anne Roux a traité cette demande" in second.bar.error.text() + yann.notice.text.text()


def test_the_last_place_accepted_at_both_desks_at_once_is_given_once(
    agents: tuple[MainWindow, MainWindow], counter: Desks, qtbot: QtBot, context: Context
) -> None:
    anne, yann = agents
    first, second = (on_page(window, RequestsPage) for window in agents)
    sit_at(second.list.table)
    go_to(qtbot, second, "D-2")
    assert (current(first), current(second)) == ("D-1", "D-2")
    press(yann, qtbot, Qt.Key.Key_A)  # neither has heard of the other
    sit_at(first.list.table)
    press(anne, qtbot, Qt.Key.Key_A)
    counter.settle()
    assert anne.notice.isVisible() != yann.notice.isVisible(), "one of them is told"
    told = anne if anne.notice.isVisible() else yann
    assert "place" in told.notice.text.text() or "complet" in told.notice.text.text().lower()
    found = states(counter)
    assert sorted((found["D-1"], found["D-2"])) == ["accepted", "pending"]

    def taken(base: Database) -> int:
        with base.reading() as session:
            live = select(func.count()).where(Booking.date == NARROW, Booking.state == BookingState.BOOKED)
            return session.scalar(live) or 0

    assert counter.aside(taken) == 1
    other = second if told is yann else first
    assert current(other) == ("D-2" if told is yann else "D-1"), "who was refused has the request again"
    sit_at(other.list.table)
    press(told, qtbot, Qt.Key.Key_F5)
    counter.settle()
    gates = [pill.accessibleName() for pill in other.view.head.gates.values()]
    assert any("Complet" in gate for gate in gates), gates
    assert counter.aside(lambda base: transaction.read(base, context, verify).clean)


def test_contacts_typed_at_both_desks_keep_both_changes(
    counter: Desks, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    windows = (
        counter.window("anne", "Anne Roux", Role.AGENT, "families"),
        counter.window("yann", "Yann Morel", Role.AGENT, "families"),
    )
    dialogs: list[ContactsDialog] = []
    for window in windows:
        page = on_page(window, FamiliesPage)
        page.open(1)
        counter.settle()
        page.view.edit_contacts(1)
        counter.settle()
        dialog = page.view.findChild(ContactsDialog)
        assert dialog is not None
        dialogs.append(dialog)
    first, second = dialogs
    sit_at(first.email)
    type_text(first.email, "anne@exemple.fr")
    qtbot.keyClick(first.email, Qt.Key.Key_S, CTRL)
    counter.settle()
    sit_at(second.mobile)
    type_text(second.mobile, "0639980102")
    qtbot.keyClick(second.mobile, Qt.Key.Key_S, CTRL)
    counter.settle()
    said = " ".join(label.text() for label in second.findChildren(QLabel) if label.isVisible())
    assert "Anne Roux" in said
    assert (second.mobile.value, second.email.text()) == ("06 39 98 01 02", "anne@exemple.fr")
    sit_at(second.mobile)
    qtbot.keyClick(second.mobile, Qt.Key.Key_S, CTRL)
    counter.settle()

    def kept(base: Database) -> tuple[str | None, str | None]:
        with base.reading() as session:
            person = session.get_one(Person, 1)
            return person.email, person.mobile_phone

    assert counter.aside(kept) == ("anne@exemple.fr", "06 39 98 01 02")
    shown_first = on_page(windows[0], FamiliesPage)
    sit_at(shown_first.view.tabs.tabBar())
    press(windows[0], qtbot, Qt.Key.Key_F5)
    counter.settle()
    assert "06 39 98 01 02" in words(shown_first.view)


def test_the_second_administrator_does_not_undo_what_the_first_one_changed(
    desks: Desks, qtbot: QtBot
) -> None:
    windows = (
        desks.window("anne", "Anne Roux", Role.ADMINISTRATOR),
        desks.window("yann", "Yann Morel", Role.ADMINISTRATOR),
    )
    sections: list[TownSection] = []
    for window in windows:
        section = shown(window, "town").section
        assert isinstance(section, TownSection)
        sections.append(section)
    desks.settle()
    first, second = sections
    for section, field, text in ((first, "phone", "04 79 00 00 01"), (second, "email", "mairie@exemple.fr")):
        sit_at(section.fields[field])
        type_text(section.fields[field], text)
        qtbot.keyClick(section.fields[field], Qt.Key.Key_S, CTRL)
        desks.settle()
    assert second.form.values()["email"] == "mairie@exemple.fr", "what was typed stays"
    said = [label.text() for label in second.form.findChildren(QLabel) if label.isVisibleTo(second)]
    assert any("Relisez ce qui est affiché" in text for text in said), said
    first.reload()
    desks.settle()
    assert (first.form.values()["phone"], first.form.values()["email"]) == ("04 79 00 00 01", "")


def test_a_month_issued_at_one_desk_while_the_other_previews_it_is_issued_once(
    desks: Desks, qtbot: QtBot
) -> None:
    desks.aside(bill_town)
    windows = (
        desks.window("anne", "Anne Roux", Role.FINANCE, "billing"),
        desks.window("yann", "Yann Morel", Role.FINANCE, "billing"),
    )
    first, second = (on_page(window, BillingPage) for window in windows)
    for page in (first, second):
        sit_at(page.issue.period.month)
        check(page, qtbot, "février 2026")
    second.issue.show_step("preview")
    first.issue.show_step("issue")
    desks.settle()
    sit_at(first.issue.issue.issue)
    qtbot.keyClick(first.issue.issue.issue, Qt.Key.Key_Space)
    desks.settle()
    assert first.issue.issue.report.isVisible()
    second.issue.show_step("issue")
    sit_at(second.issue.issue.issue)
    qtbot.keyClick(second.issue.issue.issue, Qt.Key.Key_Space)
    desks.settle()
    assert "anne" in second.issue.issue.error.text().lower()
    assert steps(second)[3] == "2\u00a0émises", "the base says so at once"

    def issued(base: Database) -> list[int]:
        with base.reading() as session:
            return list(session.scalars(select(Invoice.total_cents).order_by(Invoice.id)))

    assert desks.aside(issued) == [4000, 2000]
