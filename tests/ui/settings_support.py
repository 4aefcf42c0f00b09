"""What the tests of « Paramètres » share: a section shown, keys pressed, dates typed."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.ui.page import Destination
from guichet.ui.pages.settings import SettingsPage
from guichet.ui.screenshots import settle
from guichet.ui.window import MainWindow
from tests.builders import add_activity
from tests.ui.support import Opener, SqlGuard, type_text


def shown(window: MainWindow, section: str) -> SettingsPage:
    window.go(Destination("settings", {"section": section}))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, SettingsPage)
    return page


def press(
    window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)
    settle(window.tools.desk)


def save_by_key(window: MainWindow, field: QWidget) -> None:
    window.activateWindow()
    field.setFocus()
    press(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


def type_date(field: QLineEdit, text: str) -> None:
    field.selectAll()
    type_text(field, text)


def as_administrator(open_window: Opener) -> MainWindow:
    opened: MainWindow = open_window(Role.ADMINISTRATOR)
    opened.activateWindow()
    return opened


def add_wednesday(town: Database, guard: SqlGuard) -> int:
    """An activity on Wednesdays; its id."""

    def build() -> int:
        with town.writing() as session:
            return add_activity(session, "mercredi").id

    made: int = guard.aside(build)
    return made
