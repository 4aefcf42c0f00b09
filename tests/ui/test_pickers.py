"""Choosing a family and someone of it, by keyboard alone, on a real base."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout
from pytestqt.qtbot import QtBot

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.ui.drafts import Drafts
from guichet.ui.screenshots import settle
from guichet.ui.widgets.fields import Form, button
from guichet.ui.widgets.pickers import NOT_CHOSEN, ChosenFamily, FamilyPicker, PersonField
from guichet.ui.window import MainWindow
from tests.builders import add_family, add_person
from tests.ui.support import Opener, SqlGuard, type_text


@pytest.fixture
def town(sqlite_database: Database, sql_guard: SqlGuard) -> Database:
    """Two families Dupont, and a dozen Martin."""

    def build() -> None:
        with sqlite_database.writing() as session:
            for number, first_name, children in (
                ("1001", "Jean", ["Zoé", "Noé"]),
                ("1002", "Élodie", ["Léa"]),
            ):
                adult = add_person(session, "Dupont", first_name)
                add_family(
                    session,
                    number,
                    adults=[adult],
                    children=[add_person(session, "Dupont", name) for name in children],
                )
            for place in range(12):
                add_family(session, f"20{place:02d}", adults=[add_person(session, "Martin", f"Paul{place}")])

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.ADMINISTRATOR)


class Chooser(QDialog):
    """A form that begins with a family."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.family = FamilyPicker(window.tools, self)
        self.person = PersonField(window.tools, "child", self)
        self.form = Form(self, keys_in=self)
        self.form.add("family", "&Famille", self.family, required=True)
        self.form.add("person", "&Enfant", self.person, required=True)
        self.form.finish(button("Choisir", self))
        QVBoxLayout(self).addWidget(self.form)
        self.family.changed.connect(self._offer)

    def _offer(self) -> None:
        chosen = self.family.value
        self.person.show_family(None if chosen is None else chosen.family_id)


@pytest.fixture
def chooser(window: MainWindow, qtbot: QtBot) -> Iterator[Chooser]:
    made = Chooser(window)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.family.setFocus()
    yield made
    made.close()
    made.deleteLater()


def shown(chooser: Chooser) -> list[str]:
    return [chooser.family.list.item(row).text() for row in range(chooser.family.list.count())]


def look_for(chooser: Chooser, words: str, qtbot: QtBot) -> None:
    type_text(chooser.family, words)
    qtbot.waitUntil(chooser.family.list.isVisible)


def test_a_family_is_typed_pointed_at_and_chosen(chooser: Chooser, window: MainWindow, qtbot: QtBot) -> None:
    look_for(chooser, "elodie dup", qtbot)
    assert len(shown(chooser)) == 1
    assert "1002" in shown(chooser)[0]
    assert chooser.family.value is None, "found is not chosen"
    qtbot.keyClick(chooser.family, Qt.Key.Key_Down)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Return)
    assert not chooser.family.list.isVisible()
    assert chooser.family.value.number == "1002"
    assert chooser.family.accessibleDescription() == "famille numéro 1002"
    settle(window.tools.desk)
    assert chooser.person.count() == 1
    assert chooser.person.currentText().startswith("Léa Dupont"), "an only child needs no choosing"
    assert chooser.form.check()


def test_arrows_go_through_what_was_found_and_never_past_it(chooser: Chooser, qtbot: QtBot) -> None:
    look_for(chooser, "dupont", qtbot)
    for key, row in ((Qt.Key.Key_Down, 0), (Qt.Key.Key_Down, 1), (Qt.Key.Key_Down, 1), (Qt.Key.Key_Up, 0)):
        qtbot.keyClick(chooser.family, key)
        assert chooser.family.list.currentRow() == row


def test_more_families_than_shown_are_told_and_cannot_be_chosen_unseen(
    chooser: Chooser, qtbot: QtBot
) -> None:
    look_for(chooser, "martin", qtbot)
    assert shown(chooser)[-1] == "et 4\u00a0autres\u00a0: précisez."
    for _ in range(20):
        qtbot.keyClick(chooser.family, Qt.Key.Key_Down)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Return)
    assert chooser.family.value is not None
    assert chooser.family.value.number == "2007"


def test_nothing_found_is_said(chooser: Chooser, qtbot: QtBot) -> None:
    look_for(chooser, "zzz", qtbot)
    (line,) = shown(chooser)
    assert line.startswith("Aucune famille ne correspond")
    qtbot.keyClick(chooser.family, Qt.Key.Key_Down)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Return)
    assert chooser.family.value is None


def test_a_name_typed_and_not_chosen_is_refused(chooser: Chooser, qtbot: QtBot) -> None:
    """Two families may share a name: the program does not choose between them."""
    type_text(chooser.family, "dupont")
    qtbot.keyClick(chooser.family, Qt.Key.Key_Tab)
    assert chooser.family.accessibleDescription() == NOT_CHOSEN
    assert not chooser.form.check()
    assert chooser.family.hasFocus()


def test_escape_closes_the_list_before_the_form(chooser: Chooser, qtbot: QtBot) -> None:
    look_for(chooser, "dupont", qtbot)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Escape)
    assert not chooser.family.list.isVisible()
    assert chooser.isVisible()
    qtbot.keyClick(chooser.family, Qt.Key.Key_Escape)
    assert not chooser.isVisible()


def test_typing_again_undoes_the_choice(chooser: Chooser, window: MainWindow, qtbot: QtBot) -> None:
    chooser.family.set_value(ChosenFamily(1, "1001", "Dupont"))
    assert chooser.family.value is not None
    type_text(chooser.family, "x")
    assert chooser.family.value is None
    settle(window.tools.desk)
    assert chooser.person.count() == 0


def test_a_chosen_family_comes_back_from_a_draft(chooser: Chooser, window: MainWindow, qtbot: QtBot) -> None:
    drafts = Drafts()
    chooser.form.keep_draft(drafts, "booking", "Réservation")
    look_for(chooser, "1001", qtbot)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Down)
    qtbot.keyClick(chooser.family, Qt.Key.Key_Return)
    chosen = chooser.family.value
    settle(window.tools.desk)
    chooser.person.setCurrentIndex(1)
    second = chooser.person.currentText()
    again = Chooser(window)
    again.form.keep_draft(drafts, "booking", "Réservation")
    assert again.family.value == chosen
    settle(window.tools.desk)
    assert (again.person.count(), again.person.currentText()) == (2, second)
    again.deleteLater()
