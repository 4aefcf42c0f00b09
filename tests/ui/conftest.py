"""The real window on a real base; any SQL on the GUI thread fails the test."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from sqlalchemy import event
from sqlalchemy.engine import Engine

from guichet.models.database import Database
from guichet.ui.desk import Desk
from guichet.ui.messages import Messages
from guichet.ui.theme import Look, Theme
from tests.conftest import NOW
from tests.ui.support import SqlGuard, actor


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
    theme.deleteLater()


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
    desk = Desk(sqlite_database, actor(), clock)
    yield desk
    desk.close()
    desk.deleteLater()


@pytest.fixture
def window_settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
