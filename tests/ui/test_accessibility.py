"""Every page, without a mouse and without seeing colours: names, tab order, nothing out of reach, nothing too wide."""

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.services.transaction import Context
from guichet.ui.desktop import PAGES
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    """A base where every page has something to show."""

    def build() -> None:
        desk_town.build(sqlite_database)
        desk_town.bring_night(sqlite_database, context, tmp_path)

    sql_guard.aside(build)
    return sqlite_database


PAGE_NAMES = [page.name for page in PAGES]
CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)


def controls(root: QWidget) -> list[QWidget]:
    """What a person acts on: shown, enabled, taking the focus, and not the inside of another control."""
    found = [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and widget.isVisibleTo(root.window())
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    return [
        widget
        for widget in found
        if not isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox | QLineEdit)
    ]


def opened(window: MainWindow, page: str) -> QWidget:
    window.go(Destination(page))
    settle(window.tools.desk)
    window.current_page.show_example()
    settle(window.tools.desk)
    return window.current_page


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_every_control_has_a_name(open_window: Opener, page: str) -> None:
    window = open_window(Role.ADMINISTRATOR)
    shown = opened(window, page)
    acted_on = controls(shown)
    assert acted_on
    nameless = [widget for widget in acted_on if not spoken_name(widget) and not isinstance(widget, QTabBar)]
    assert not nameless


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_tab_reaches_every_control_and_comes_back(open_window: Opener, qtbot: QtBot, page: str) -> None:
    window = open_window(Role.ADMINISTRATOR)
    shown = opened(window, page)
    window.activateWindow()
    wanted = set(controls(shown))
    start = window.current_page.first_focus()
    start.setFocus()
    reached: list[QWidget] = []
    for _ in range(300):
        focused = QApplication.focusWidget()
        if focused is None or focused in reached:
            break
        reached.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    unreached = {widget for widget in wanted if widget not in reached and widget.focusProxy() not in reached}
    assert not {spoken_name(widget) for widget in unreached}


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_tab_goes_as_the_eye_does(open_window: Opener, page: str) -> None:
    """Among the controls of one row of a page, the focus never goes back to the left."""
    window = open_window(Role.ADMINISTRATOR)
    shown = opened(window, page)
    chain = [widget for widget in focus_chain(window) if widget in set(controls(shown))]
    for before, after in pairwise(chain):
        if before.parentWidget() is after.parentWidget() and same_row(before, after):
            assert before.x() < after.x(), f"{spoken_name(after)} comes after {spoken_name(before)}"


@pytest.mark.parametrize(("scale", "width", "height"), [(100, 1280, 720), (150, 1600, 900)])
def test_the_window_fits_the_desk_it_is_used_on(
    open_window: Opener, theme: Theme, scale: int, width: int, height: int
) -> None:
    theme.apply(Look.LIGHT, scale)
    window = open_window(Role.ADMINISTRATOR)
    for page in PAGE_NAMES:
        opened(window, page)
        smallest = window.minimumSizeHint()
        assert (smallest.width() <= width, smallest.height() <= height) == (True, True), (page, smallest)


def spoken_name(widget: QWidget) -> str:
    """What a screen reader says of it."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface else ""


def focus_chain(window: QWidget) -> list[QWidget]:
    chain, widget = [window], window.nextInFocusChain()
    while widget is not window:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def same_row(first: QWidget, second: QWidget) -> bool:
    return abs(first.geometry().center().y() - second.geometry().center().y()) < first.height() // 2
