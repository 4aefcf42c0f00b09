"""The real window on a real base; any SQL on the GUI thread fails the test."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from guichet.models.database import Database, open_database
from guichet.rules.permissions import Role
from guichet.services.transaction import Actor
from guichet.ui.desk import Desk
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow, Place
from tests.builders import add_family, add_person
from tests.conftest import NOW
from tests.ui.long_town import build_long_town
from tests.ui.support import Opener, SqlGuard, delete_now
from tests.ui.support import actor as someone


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """A window, a dialog or a timer of its own that outlives its test would outlive its page in the program too."""
    before = set(qapp.topLevelWidgets())
    yield
    delete_now()
    left = [widget for widget in qapp.topLevelWidgets() if widget not in before]
    timers = [timer for timer in qapp.findChildren(QTimer) if timer.isActive()]
    for widget in left:
        widget.deleteLater()
    delete_now()
    assert not [type(widget).__name__ for widget in left], "widgets left behind"
    assert not timers, "timers left running"
    assert QThreadPool.globalInstance().activeThreadCount() == 0, "work left running"


@pytest.fixture
def sql_guard() -> Iterator[SqlGuard]:
    guard = SqlGuard()
    event.listen(Engine, "before_cursor_execute", guard.watch)
    yield guard
    event.remove(Engine, "before_cursor_execute", guard.watch)
    assert not guard.violations, "SQL ran on the GUI thread"


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp, Look.LIGHT)
    yield theme
    qapp.setStyleSheet("")
    theme.deleteLater()
    delete_now()


@pytest.fixture
def messages(qapp: QApplication) -> Messages:
    return Messages(qapp)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def desk(
    sqlite_database: Database, clock: Callable[[], datetime], sql_guard: SqlGuard, qapp: QApplication
) -> Iterator[Desk]:
    desk = Desk(sqlite_database, someone(), clock)
    yield desk
    desk.close()
    desk.deleteLater()


@pytest.fixture
def window_settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def town(sqlite_database: Database, sql_guard: SqlGuard) -> Database:
    def build() -> None:
        with sqlite_database.writing() as session:
            mother = add_person(session, "Müller-Lefèvre", "Élodie", mobile_phone="06 12 34 56 78")
            add_family(session, "1001", adults=[mother], children=[add_person(session, "Müller", "Noé")])
            father = add_person(session, "Dupont", "Jean", email="jean.dupont@exemple.fr")
            add_family(session, "1002", adults=[father], children=[add_person(session, "Dupont", "Zoé")])

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def open_window(
    town: Database,
    clock: Callable[[], datetime],
    theme: Theme,
    messages: Messages,
    window_settings: QSettings,
    qtbot: QtBot,
) -> Iterator[Opener]:
    windows: list[MainWindow] = []

    def opener(*roles: Role, actor: Actor | None = None) -> MainWindow:
        place = Place("Valmont", "Base SQLite · ville.db", fixed_day=True)
        window = build_window(town, actor or someone(*roles), clock, place, theme, messages, window_settings)
        windows.append(window)
        window.show()
        qtbot.waitExposed(window)
        settle(window.tools.desk)
        return window

    yield opener
    for window in windows:
        window.close()
        window.deleteLater()
    delete_now()


@pytest.fixture(scope="session")
def long_town_file(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base where every page has something to show, and names that no screen likes; to be copied."""
    folder = tmp_path_factory.mktemp("long-town")
    base = folder / "ville.db"
    shutil.copyfile(_sqlite_template, base)
    database = open_database(make_url("sqlite://").set(database=str(base)))
    build_long_town(database, folder)
    database.dispose()
    return base
