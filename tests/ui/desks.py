"""Several windows at once, each with its own desk and its own connections to one base, on either engine."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy.engine import URL

from guichet.models.database import Database, open_database
from guichet.models.settings import UserAccount
from guichet.rules.permissions import Role
from guichet.services.transaction import Actor
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.page import Destination, Page
from guichet.ui.screenshots import settle
from guichet.ui.theme import Theme
from guichet.ui.window import MainWindow, Place
from tests.ui.support import SqlGuard, delete_now

Shown = TypeVar("Shown", bound=Page)


def account(database: Database, login: str, name: str, role: Role) -> Actor:
    """Someone of the town hall, with an account of their own."""
    with database.writing() as session:
        row = UserAccount(login=login, display_name=name, password_hash="x", roles=[role.value])
        session.add(row)
        session.flush()
        return Actor(login, name, frozenset({role}), user_id=row.id, workstation=f"poste-{login}")


class Desks:
    """A base, and the windows opened on it: `crashed` holds the bugs that any of them reported."""

    def __init__(
        self, url: URL, clock: Callable[[], datetime], theme: Theme, settings: QSettings, guard: SqlGuard
    ) -> None:
        self.url = url
        self.base = open_database(url)
        self.crashed: list[object] = []
        self._clock, self._theme, self._settings, self._guard = clock, theme, settings, guard
        self._windows: list[MainWindow] = []

    def aside(self, work: Callable[[Database], object]) -> object:
        """The test's own reading or writing of the base."""
        return self._guard.aside(lambda: work(self.base))

    def window(self, login: str, name: str, role: Role, page: str = "") -> MainWindow:
        """A new window, every question in it answered yes, on a page when one is named."""
        actor = self._guard.aside(lambda: account(self.base, login, name, role))
        messages = Messages(QApplication.instance())
        messages.asker = lambda _question, _parent, then, _otherwise: then()
        messages.crash.connect(self.crashed.append)
        place = Place("Valmont", "Base commune", fixed_day=True)
        base = open_database(self.url)
        window = build_window(base, actor, self._clock, place, self._theme, messages, self._settings)
        self._windows.append(window)
        window.show()
        settle(window.tools.desk)
        if page:
            window.go(Destination(page))
            settle(window.tools.desk)
        return window

    def settle(self) -> None:
        """Let every window finish what it asked."""
        for _ in range(2):
            for window in self._windows:
                settle(window.tools.desk)

    def close(self) -> None:
        """Leave every window, whatever is still typed in it."""
        for window in self._windows:
            window._leave_anyway()
            window.deleteLater()
        delete_now()
        self.base.dispose()
        assert not self.crashed, "a bug was reported"


def on_page(window: MainWindow, kind: type[Shown]) -> Shown:
    """The page shown, of the kind it must be."""
    page = window.current_page
    assert isinstance(page, kind)
    return page


def sit_at(widget: QWidget) -> None:
    """Go and sit at the desk of this widget, the cursor on it: keys go to the window that is active."""
    widget.window().activateWindow()
    assert QTest.qWaitForWindowActive(widget.window()), "the window does not come to the front"
    widget.setFocus()
