"""Every page with data on PostgreSQL, as an administrator sees it: no SQL error, no bug reported."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QTabBar
from sqlalchemy.engine import URL

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.services.demo import build, day
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Theme
from tests.ui.desks import Desks
from tests.ui.support import SqlGuard


def test_every_page_and_tab_opens_on_postgresql(
    pg_url: Callable[[], URL],
    clock: Callable[[], datetime],
    theme: Theme,
    window_settings: QSettings,
    sql_guard: SqlGuard,
    tmp_path: Path,
) -> None:
    desks = Desks(pg_url(), clock, theme, window_settings, sql_guard)

    def town(base: Database) -> None:
        build.build(base, families=12, seed=1)
        day.import_night(base, tmp_path, requests=24, seed=1)

    desks.aside(town)
    window = desks.window("anne", "Anne Roux", Role.ADMINISTRATOR)
    for name in window.entries:
        window.go(Destination(name))
        settle(window.tools.desk)
        window.current_page.show_example()
        settle(window.tools.desk)
        for bar in window.current_page.findChildren(QTabBar):
            for place in range(bar.count() if bar.isVisible() else 0):
                bar.setCurrentIndex(place)
                settle(window.tools.desk)
        assert not window.banner.isVisible(), name
        assert not desks.crashed, name
    desks.close()
