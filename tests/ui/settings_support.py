"""What the tests of « Paramètres » share: a section shown, keys pressed, dates typed."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from guichet.ui.page import Destination
from guichet.ui.pages.settings import SettingsPage
from guichet.ui.screenshots import settle
from guichet.ui.window import MainWindow
from tests.ui.support import type_text


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
