"""The Families page by keyboard: several families open, what waits, pieces, planning, contacts."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTabBar
from pytestqt.qtbot import QtBot

from guichet.models.bookings import Enrolment
from guichet.models.database import Database
from guichet.models.dossiers import (
    Document,
    DocumentContent,
    DocumentScope,
    DocumentState,
    DocumentType,
    ValidityRule,
)
from guichet.models.offer import Activity
from guichet.models.people import Family, HealthSheet, Person
from guichet.models.settings import Journal
from guichet.rules.permissions import Role
from guichet.services import contacts, transaction
from guichet.services.contacts import ChangeContacts, ContactsQuery
from guichet.services.transaction import Context
from guichet.ui.page import Destination
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.contacts_form import ContactsDialog
from guichet.ui.widgets.details import NOT_KNOWN
from guichet.ui.widgets.family_tabs import MOST_OPEN
from guichet.ui.widgets.uninvoiced import UninvoicedDialog
from guichet.ui.window import MainWindow
from tests.builders import add_family, add_person, book, slot_of
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard, type_text

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n"
)


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    """The counter's morning, with nine families, a piece to check and a health sheet."""

    def build() -> None:
        desk_town.build_with_night(sqlite_database, context, tmp_path)
        with sqlite_database.writing() as session:
            for number in range(1004, 1010):
                adult = add_person(session, f"Vasseur{number}", "Ana")
                add_family(session, str(number), adults=[adult])
            kind = DocumentType(
                code="ASSUR",
                label="Assurance scolaire",
                scope=DocumentScope.CHILD,
                validity=ValidityRule.DURATION,
                validity_days=365,
                required=True,
            )
            session.add(kind)
            session.flush()
            lea = session.query(Person).filter_by(first_name="Léa").one()
            session.add(HealthSheet(child_id=lea.id, allergies="Arachides"))
            document = Document(
                type_id=kind.id,
                family_id=1,
                person_id=lea.id,
                state=DocumentState.RECEIVED,
                name="assurance.pdf",
                media_type="application/pdf",
                size=len(PDF),
                received_at=datetime(2026, 3, 10, 8, tzinfo=UTC),
            )
            session.add(document)
            session.flush()
            session.add(DocumentContent(document_id=document.id, content=PDF))

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    window = open_window(Role.AGENT)
    window.go(Destination("families"))
    settle(window.tools.desk)
    window.activateWindow()
    return window


@pytest.fixture
def page(window: MainWindow) -> FamiliesPage:
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    return page


@pytest.fixture
def press(window: MainWindow, qtbot: QtBot) -> Callable[..., None]:
    """Press a key where the focus is, then wait for what it asked."""

    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.keyClick(QApplication.focusWidget() or window, key, modifier)
        settle(window.tools.desk)

    return press


def search(page: FamiliesPage, text: str, qtbot: QtBot) -> None:
    page.search.setFocus()
    page.search.clear()
    type_text(page.search, text)
    qtbot.wait(200)
    settle(page.desk)


def titles(page: FamiliesPage) -> list[str]:
    return [page.tabs.bar.tabText(place) for place in range(page.tabs.bar.count())]


def rows(sql_guard: SqlGuard, database: Database, kind: type[Any]) -> list[Any]:
    def read() -> list[Any]:
        with database.reading() as session:
            found = session.query(kind).order_by(kind.id).all()
            session.expunge_all()
            return found

    found: list[Any] = sql_guard.aside(read)
    return found


def words(root: Any) -> str:
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root.window()))


def test_arrows_show_families_in_passing_and_enter_keeps_them_open(
    page: FamiliesPage, press: Callable[..., None]
) -> None:
    press(Qt.Key.Key_Return)
    assert page.list.table.hasFocus(), "Enter in the search goes to what was found"
    first = page.view.family_label
    press(Qt.Key.Key_Down)
    second = page.view.family_label
    assert titles(page) == [second] != [first], "the next one takes the place of the one seen in passing"
    press(Qt.Key.Key_Return)
    page.list.table.setFocus()
    press(Qt.Key.Key_Down)
    assert titles(page) == [second, page.view.family_label]
    assert page.tabs.kept == [page.tabs.families[0]]
    press(Qt.Key.Key_D, CTRL)
    assert list(page.tabs.families) == page.tabs.kept


def test_tabs_are_gone_through_and_closed_with_the_keyboard(
    page: FamiliesPage, press: Callable[..., None]
) -> None:
    for family_id in (1, 2, 3):
        page.open(family_id)
    settle(page.desk)
    assert page.view.family_id == 3
    press(Qt.Key.Key_Tab, CTRL)
    assert page.view.family_id == 1, "after the last comes the first"
    press(Qt.Key.Key_Tab, CTRL | SHIFT)
    assert page.view.family_id == 3
    press(Qt.Key.Key_PageUp, CTRL)
    assert page.view.family_id == 2
    press(Qt.Key.Key_W, CTRL)
    assert page.tabs.families == (1, 3)
    assert page.view.family_id == 3, "the one looked at before comes back"
    press(Qt.Key.Key_W, CTRL)
    press(Qt.Key.Key_W, CTRL)
    assert page.tabs.families == ()
    assert page.view.family_id is None
    assert page.here() is None


def test_a_family_already_open_is_not_opened_twice_and_the_least_looked_at_leaves(page: FamiliesPage) -> None:
    page.open(1)
    page.open(2)
    page.open(1)
    assert page.tabs.families == (1, 2)
    assert page.view.family_id == 1
    for family_id in range(3, 10):
        page.open(family_id)
    settle(page.desk)
    assert len(page.tabs.families) == MOST_OPEN
    assert 2 not in page.tabs.families, "the one untouched for longest left, not the first opened"
    assert 1 in page.tabs.families


def test_what_was_open_comes_back_as_here_said_it(page: FamiliesPage, open_window: Opener) -> None:
    page.open(1)
    page.open({"family": 2, "tab": "children"})
    settle(page.desk)
    assert page.crumbs() == ("Durand", "Enfants")
    place = page.here()
    again = open_window(Role.AGENT)
    again.go(Destination("families", place))
    settle(again.tools.desk)
    restored = again.current_page
    assert isinstance(restored, FamiliesPage)
    assert sorted(titles(restored)) == ["Durand", "Martin"]
    assert restored.here()["family"] == 2
    assert restored.crumbs() == ("Durand", "Enfants")
    restored.tabs.previous()
    settle(again.tools.desk)
    assert restored.view.family_label == "Martin"
    assert "1001" in restored.view.number.text(), "read once it was looked at"


def test_back_returns_to_the_family_and_tab_left(window: MainWindow, page: FamiliesPage) -> None:
    window.go(Destination("families", {"family": 1, "tab": "bookings"}))
    settle(window.tools.desk)
    window.go(Destination("requests"))
    settle(window.tools.desk)
    window.go_back()
    settle(window.tools.desk)
    assert window.current_page is page
    assert page.crumbs() == ("Martin", "Réservations")


def test_the_list_is_put_away_and_comes_back(page: FamiliesPage, press: Callable[..., None]) -> None:
    page.open(1)
    settle(page.desk)
    press(Qt.Key.Key_B, CTRL)
    assert page.left.isHidden()
    assert page.view.tabs.tabBar().hasFocus(), "the focus is never on what cannot be seen"
    assert "Ctrl+B" in page.toggle.toolTip()
    press(Qt.Key.Key_F, CTRL)
    assert not page.left.isHidden()
    assert page.search.hasFocus()


def test_escape_goes_from_the_sheet_to_the_list_then_empties_the_search(
    page: FamiliesPage, press: Callable[..., None], qtbot: QtBot
) -> None:
    search(page, "martin", qtbot)
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Return)
    assert page.view.tabs.tabBar().hasFocus()
    press(Qt.Key.Key_Escape)
    assert page.list.table.hasFocus()
    press(Qt.Key.Key_Escape)
    assert page.search.text() == ""
    assert page.list.model.total == 9


def test_what_waits_is_said_above_the_tabs_and_opens_its_own(
    page: FamiliesPage, press: Callable[..., None]
) -> None:
    page.open(1)
    settle(page.desk)
    said = [button.text() for button in page.view.alerts.buttons]
    assert said == ["1\u00a0pièce à contrôler\u00a0: Assurance scolaire", "1\u00a0demande à traiter"]
    assert all(not button.icon().isNull() for button in page.view.alerts.buttons)
    page.view.alerts.buttons[1].setFocus()
    press(Qt.Key.Key_Space)
    assert page.view.current_tab == "requests"
    page.view.alerts.buttons[0].setFocus()
    press(Qt.Key.Key_Space)
    assert page.view.current_tab == "pieces"
    page.open(5)
    settle(page.desk)
    assert page.view.alerts.isHidden(), "a family without anything waiting has no strip"


def test_a_piece_is_shown_inside_and_marked_invalid_with_its_reason(
    page: FamiliesPage, press: Callable[..., None], town: Database, sql_guard: SqlGuard
) -> None:
    page.open({"family": 1, "tab": "pieces"})
    settle(page.desk)
    panel = page.view.part("pieces").piece
    panel.open.setFocus()
    press(Qt.Key.Key_Space)
    assert panel.file.currentWidget() is panel.file.pdf
    assert panel.file.pdf.data == PDF
    assert [one.action for one in rows(sql_guard, town, Journal)].count("health.read") == 1
    panel.invalid.setFocus()
    press(Qt.Key.Key_Space)
    assert "pourquoi" in words(panel)
    type_text(panel.reason, "Illisible")
    panel.invalid.setFocus()
    press(Qt.Key.Key_Space)
    (document,) = rows(sql_guard, town, Document)
    assert (document.state, document.reason) == (DocumentState.INVALID, "Illisible")
    assert not [button for button in page.view.alerts.buttons if "contrôler" in button.text()]
    panel.valid.setFocus()
    press(Qt.Key.Key_Space)
    (document,) = rows(sql_guard, town, Document)
    assert (document.state, document.valid_until) == (DocumentState.VALID, date(2027, 3, 9))
    assert "camille" in words(panel)


@pytest.mark.parametrize(("content", "shown"), [(b"MZ\x90\x00programme", "words"), (None, "picture")])
def test_a_file_is_shown_by_what_it_is_never_by_its_name(
    page: FamiliesPage,
    press: Callable[..., None],
    town: Database,
    sql_guard: SqlGuard,
    tmp_path: Path,
    content: bytes | None,
    shown: str,
) -> None:
    if content is None:
        picture = QImage(40, 40, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.red)
        picture.save(str(tmp_path / "p.png"))
        content = (tmp_path / "p.png").read_bytes()

    def replace() -> None:
        with town.writing() as session:
            session.query(DocumentContent).one().content = content

    sql_guard.aside(replace)
    page.open({"family": 1, "tab": "pieces"})
    settle(page.desk)
    panel = page.view.part("pieces").piece
    panel.open.setFocus()
    press(Qt.Key.Key_Space)
    assert panel.file.currentWidget() is getattr(panel.file, shown)


def test_health_is_read_on_demand_and_the_reading_is_journalled(
    page: FamiliesPage, press: Callable[..., None], town: Database, sql_guard: SqlGuard
) -> None:
    page.open({"family": 1, "tab": "children"})
    settle(page.desk)
    (card,) = page.view.part("children").cards
    assert "Arachides" not in words(card)
    assert not [one for one in rows(sql_guard, town, Journal) if one.action == "health.read"]
    card.read_health.setFocus()
    press(Qt.Key.Key_Space)
    assert "Arachides" in words(card)
    (entry,) = [one for one in rows(sql_guard, town, Journal) if one.action == "health.read"]
    assert (entry.subject_kind, entry.subject_id) == ("person", card.child.person_id)


def test_health_has_no_button_for_who_may_not_read_it(open_window: Opener) -> None:
    window = open_window(Role.FINANCE)
    window.go(Destination("families", {"family": 1, "tab": "children"}))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    (card,) = page.view.part("children").cards
    assert not hasattr(card, "read_health")


def test_the_month_is_walked_and_turned_with_the_keys_and_a_request_opens(
    window: MainWindow, page: FamiliesPage, press: Callable[..., None], town: Database, sql_guard: SqlGuard
) -> None:
    def add_booking() -> None:
        with town.writing() as session:
            enrolment = session.query(Enrolment).filter_by(family_id=1).one()
            activity = session.get_one(Activity, enrolment.activity_id)
            book(session, enrolment, slot_of(session, activity, "JOURNEE"), date(2026, 3, 25))

    sql_guard.aside(add_booking)
    page.open({"family": 1, "tab": "bookings"})
    settle(page.desk)
    tab = page.view.part("bookings")
    tab.grid.setFocus()
    assert tab.words.text().startswith("mer.\u00a018/03/2026"), "the cursor starts on today"
    for _ in range(7):
        press(Qt.Key.Key_Right)
    assert tab.words.text().endswith("\u00a0: Réservé")
    press(Qt.Key.Key_PageDown)
    assert tab.period.text() == "avril\u00a02026"
    place = (desk_town.WIDE - date(2026, 4, 1)).days
    tab.grid.setCurrentIndex(tab.grid.planning.index(0, place))
    assert "Envoyé, en attente de la mairie" in tab.words.text()
    assert "demande D-1" in tab.words.text()
    tab.week.setFocus()
    press(Qt.Key.Key_Space)
    assert tab.grid.planning.columnCount() == 7
    assert tab.words.text().startswith("mer.\u00a008/04/2026"), "the day looked at stays"
    tab.month.setFocus()
    press(Qt.Key.Key_Space)
    tab.grid.setCurrentIndex(tab.grid.planning.index(0, place))
    tab.grid.setFocus()
    press(Qt.Key.Key_Return)
    assert window.current_name == "requests"


def test_nothing_of_a_family_stays_under_the_next_one_s_name(
    page: FamiliesPage, press: Callable[..., None]
) -> None:
    press(Qt.Key.Key_Return)
    page.view.show_tab("children")
    settle(page.desk)
    (card,) = page.view.part("children").cards
    name = card.child.first_name
    page.list.table.setFocus()
    page.list.table.select(1)
    assert name not in words(page.view), "before the next one is even read"
    settle(page.desk)
    press(Qt.Key.Key_Down)
    assert page.view.current_tab == "children", "the tab looked at stays"


def test_the_planning_s_model_keeps_its_word(
    page: FamiliesPage, qtmodeltester: Any, press: Callable[..., None]
) -> None:
    page.open({"family": 1, "tab": "bookings"})
    settle(page.desk)
    press(Qt.Key.Key_F5)
    grid = page.view.part("bookings").grid
    for _ in range(2):
        grid.turned.emit(1)
        settle(page.desk)
        qtmodeltester.check(grid.planning)


def test_the_not_invoiced_lines_open_from_the_balance(page: FamiliesPage, press: Callable[..., None]) -> None:
    page.open(1)
    settle(page.desk)
    assert page.view.balance[1].text() == "0,00\u00a0€"
    page.view.head.uninvoiced.setFocus()
    press(Qt.Key.Key_Space)
    dialog = page.view.findChild(UninvoicedDialog)
    assert dialog is not None
    assert "Total\u00a0: 0,00\u00a0€" in words(dialog)
    assert "Tout ce qui a été consommé est facturé." in words(dialog)
    dialog.accept()


def test_contacts_are_changed_checked_and_seen_at_once(
    page: FamiliesPage, press: Callable[..., None], town: Database, sql_guard: SqlGuard
) -> None:
    page.open(1)
    settle(page.desk)
    page.view.household.cards[0].edit.setFocus()
    press(Qt.Key.Key_Space)
    dialog = page.view.findChild(ContactsDialog)
    assert dialog is not None
    type_text(dialog.mobile, "12")
    press(Qt.Key.Key_S, CTRL)
    assert "téléphone" in words(dialog), "said beside the field"
    dialog.mobile.clear()
    type_text(dialog.mobile, "0639980102")
    press(Qt.Key.Key_S, CTRL)
    assert "06 39 98 01 02" in words(page.view)
    assert not page.tools.drafts.pending


def test_what_is_typed_survives_closing_the_form(page: FamiliesPage, press: Callable[..., None]) -> None:
    page.open(1)
    settle(page.desk)
    page.view.edit_contacts(1)
    settle(page.desk)
    dialog = page.view.findChild(ContactsDialog)
    assert dialog is not None
    type_text(dialog.town, "Ailleurs")
    press(Qt.Key.Key_Escape)
    page.view.edit_contacts(1)
    settle(page.desk)
    (again,) = [one for one in page.view.findChildren(ContactsDialog) if one.isVisible()]
    assert again.town.text().endswith("Ailleurs")
    again.form.discard()
    again.reject()


def test_the_second_agent_is_told_and_loses_nothing(
    page: FamiliesPage, press: Callable[..., None], town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    page.open(1)
    settle(page.desk)
    page.view.edit_contacts(1)
    settle(page.desk)
    dialog = page.view.findChild(ContactsDialog)
    assert dialog is not None

    def other_desk() -> None:
        found = transaction.read(town, context, contacts.read, ContactsQuery(1, 1))
        other = ChangeContacts("autre-poste", 1, 1, found.version, email="autre@exemple.fr")
        transaction.run(town, context, contacts.change, other)

    sql_guard.aside(other_desk)
    type_text(dialog.mobile, "0639980102")
    press(Qt.Key.Key_S, CTRL)
    assert dialog.isVisible()
    assert "modifiées par admin" in words(dialog)
    assert dialog.mobile.value == "06 39 98 01 02", "what was typed stays"
    assert dialog.email.text() == "autre@exemple.fr", "what the other desk wrote is shown"
    press(Qt.Key.Key_S, CTRL)

    def now() -> tuple[str, str]:
        found = transaction.read(town, context, contacts.read, ContactsQuery(1, 1))
        return found.mobile_phone, found.email

    assert sql_guard.aside(now) == ("06 39 98 01 02", "autre@exemple.fr")


def test_what_is_not_known_is_said_so(page: FamiliesPage) -> None:
    page.open(5)
    settle(page.desk)
    assert NOT_KNOWN in words(page.view)


def test_no_two_controls_on_screen_share_an_alt_letter(page: FamiliesPage) -> None:
    page.open(1)
    settle(page.desk)
    for key, _ in page.view.tab_titles:
        page.view.show_tab(key)
        settle(page.desk)
        bars = [bar for bar in page.findChildren(QTabBar) if bar.isVisible()]
        texts = [bar.tabText(n) for bar in bars for n in range(bar.count()) if bar.isTabVisible(n)]
        texts += [one.text() for one in page.findChildren(QAbstractButton) if one.isVisible()]
        texts += [
            one.text() for one in page.findChildren(QLabel) if one.isVisible() and one.buddy() is not None
        ]
        letters = [found[1].lower() for text in texts for found in re.finditer(r"&(\w)", text)]
        assert len(letters) == len(set(letters)) >= 8, (key, sorted(letters))


def test_long_names_and_streets_fit_the_smallest_desk(
    window: MainWindow, page: FamiliesPage, town: Database, sql_guard: SqlGuard
) -> None:
    name = "de La Tour-du-Pin-Chambly de La Charce-Montmorency"

    def rename() -> None:
        with town.writing() as session:
            family = session.get_one(Family, 1)
            family.label = f"{name} et {name}"
            family.address = "128 ter impasse de l’Ancienne-Manufacture\n73200 Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson"
            for person in session.query(Person):
                person.last_name = name
                person.email = "prenom-compose.de-la-tour-du-pin-chambly@messagerie.exemple.fr"

    sql_guard.aside(rename)
    window.resize(1280, 720)
    page.open(1)
    for key in ("household", "children", "pieces", "bookings", "journal"):
        page.view.show_tab(key)
        settle(page.desk)
        assert window.minimumSizeHint().width() <= 1280, key
        area = page.view.rect()
        for label in page.view.findChildren(QLabel):
            if label.isVisible():
                right = label.mapTo(page.view, label.rect().bottomRight()).x()
                assert right <= area.right(), f"{label.text()} is cut"


def test_a_sheet_costs_the_same_few_queries_whatever_the_family(
    page: FamiliesPage, sql_guard: SqlGuard
) -> None:
    costs = []
    for family_id in (1, 2, 5):
        before = sql_guard.statements
        page.open(family_id)
        settle(page.desk)
        costs.append(sql_guard.statements - before)
    assert costs[0] == costs[1]
    assert max(costs) <= 40
