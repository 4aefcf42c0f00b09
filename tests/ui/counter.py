"""What an agent at the counter does by the keyboard, on the page of requests."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from guichet.models.database import Database
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.window import MainWindow
from tests.ui import desk_town
from tests.ui.support import SqlGuard

CTRL = Qt.KeyboardModifier.ControlModifier


def open_requests(window: MainWindow, qtbot: QtBot) -> RequestsPage:
    """The requests, opened by their key, the cursor on the first."""
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, RequestsPage)
    return shown


def press(qtbot: QtBot, page: RequestsPage, key: Qt.Key, modifier: Any = None) -> None:
    """Press a key where the cursor is, and let the desk finish."""
    widget = QApplication.focusWidget()
    assert isinstance(widget, QWidget), "the cursor is nowhere"
    qtbot.keyClick(widget, key, modifier or Qt.KeyboardModifier.NoModifier)
    settle(page.desk)


def current(page: RequestsPage) -> str:
    """The number of the request under the cursor."""
    row = page.list.table.current_row()
    return row.external_id if row is not None else ""


def states(guard: SqlGuard, database: Database) -> dict[str, str]:
    """The state of each request in the base."""
    found: dict[str, str] = guard.aside(lambda: desk_town.states(database))
    return found
