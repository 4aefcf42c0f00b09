"""Composition root of the desktop: base, login, desk, window; and back to the login when the person changes."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from guichet.config import APPLICATION
from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.services import accounts, settings, transaction
from guichet.services.demo import DEMO_ACCOUNTS, DemoAccount
from guichet.services.transaction import Actor, Context
from guichet.ui.desk import Desk
from guichet.ui.desktop import build_window
from guichet.ui.login import LoginDialog
from guichet.ui.messages import CrashDialog, Messages, Notice, Question
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow, Place

START_UP_MILLISECONDS = 30_000


@dataclass(frozen=True)
class Opening:
    """What the desktop is opened with. `login` enters without a password (`--as`), `now` stops the clock (`--now`)."""

    database_url: str
    login: str | None = None
    now: datetime | None = None
    demo_accounts: Sequence[DemoAccount] = DEMO_ACCOUNTS


@dataclass(frozen=True)
class Entrance:
    """What must be known before someone comes in."""

    town: str
    demo_now: datetime | None
    actor: Actor | None


def open_desktop(opening: Opening) -> int:
    """Open the window and stay until it is closed; returns the exit code (0, or 1 when the base cannot be opened)."""
    application, desktop = _made(opening)
    desktop.enter()
    return application.exec()


def open_and_leave(opening: Opening, usable: Callable[[], None]) -> int:
    """Open the window as a person does, call `usable` as soon as its first page shows its data, and close it.

    This is how a start-up is measured. Returns the exit code: 1 when the window never came.
    """
    application, desktop = _made(opening)
    watch = QTimer(application)

    def leave_when_usable() -> None:
        window = desktop.window
        if window is not None and window.current_name and window.isVisible() and window.tools.desk.idle:
            watch.stop()
            window.repaint()
            usable()
            window.close()

    watch.timeout.connect(leave_when_usable)
    watch.start(1)
    QTimer.singleShot(START_UP_MILLISECONDS, application, lambda: application.exit(1))
    desktop.enter()
    return application.exec()


def _made(opening: Opening) -> tuple[QApplication, "Desktop"]:
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101 - an application without windows is not ours
    application.setApplicationName("Guichet")
    application.setQuitOnLastWindowClosed(False)
    messages = Messages(application)
    messages.install_hooks()
    theme = Theme(application, Look.SYSTEM)
    return application, Desktop(opening, theme, messages, application)


class Desktop(QObject):
    """Leads from the login to the window and back."""

    def __init__(self, opening: Opening, theme: Theme, messages: Messages, application: QApplication) -> None:
        super().__init__(application)
        self._opening = opening
        self._theme = theme
        self._messages = messages
        self._application = application
        self._settings = QSettings(APPLICATION, APPLICATION)
        self._door: Desk | None = None
        self.login: LoginDialog | None = None
        self.window: MainWindow | None = None
        self._changing_user = False

    def enter(self) -> None:
        """Open the base and ask who comes in; the wait is in the background."""
        try:
            database = open_database(self._opening.database_url)
        except UserError as error:
            self._stop(error.message)
            return
        door = Desk(database, accounts.system_actor(), self._clock(None), self)
        door.crashed.connect(self._show_crash)
        door.outage.connect(self._ask_again)
        self._door = door
        login = None if self._changing_user else self._opening.login
        door.call(_look_in, login, then=self._welcome, failed=lambda error: self._stop(error.message))

    def _welcome(self, entrance: Entrance) -> None:
        if entrance.actor is not None:
            self._open_window(entrance, entrance.actor)
            return
        assert self._door is not None  # noqa: S101 - what answers is the door itself
        self._door.outage.disconnect(self._ask_again)
        offered = self._opening.demo_accounts if entrance.demo_now is not None else ()
        self.login = LoginDialog(self._door, self._theme, entrance.town, offered)
        self.login.signed_in.connect(lambda actor: self._open_window(entrance, actor))
        self.login.rejected.connect(self._quit)
        self.login.open()

    def _open_window(self, entrance: Entrance, actor: Actor) -> None:
        self._close_door()
        if self.login is not None:
            self.login.deleteLater()
            self.login = None
        database = open_database(self._opening.database_url)
        fixed = entrance.demo_now is not None and self._opening.now is None
        self.window = build_window(
            database,
            actor,
            self._clock(entrance.demo_now),
            Place(entrance.town, _base_name(database), fixed),
            self._theme,
            self._messages,
            self._settings,
        )
        self.window.closed.connect(self._after_window)
        self.window.show()

    def _after_window(self, next_user: bool) -> None:
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
        self._changing_user = next_user
        if next_user:
            self.enter()
        else:
            self._quit()

    def _clock(self, demo_now: datetime | None) -> Callable[[], datetime]:
        stopped = self._opening.now or demo_now
        return (lambda: stopped) if stopped is not None else lambda: datetime.now(UTC)

    def _ask_again(self, problem: EnvironmentProblem) -> None:
        self._messages.ask(
            Question("Guichet", problem.message, "Réessayer", "Fermer"),
            then=self._try_again,
            otherwise=lambda: self._quit(1),
        )

    def _try_again(self) -> None:
        if self._door is not None:
            self._door.retry()

    def _show_crash(self, error: BaseException) -> None:
        self._messages.crash.connect(lambda report: CrashDialog(report).exec())
        self._messages.report_bug(error)
        self._quit(1)

    def _stop(self, sentence: str) -> None:
        self._messages.tell(Notice("Guichet", sentence), then=lambda: self._quit(1))

    def _close_door(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door.deleteLater()
            self._door = None

    def _quit(self, code: int = 0) -> None:
        self._close_door()
        self._application.exit(code)


def _look_in(database: Database, context: Context, login: str | None) -> Entrance:
    schema.refuse_other_than_current(database)
    return transaction.read(database, context, _entrance, login)


def _entrance(session: Any, context: Context, login: str | None) -> Entrance:
    actor = None if login is None else accounts.acting_as(session, context, login)
    return Entrance(settings.town(session).name, settings.demo_now(session), actor)


def _base_name(database: Database) -> str:
    url = database.engine.url
    if database.is_sqlite:
        return f"Base SQLite · {str(url.database).replace(chr(92), '/').rsplit('/', 1)[-1]}"
    return f"Base PostgreSQL · {url.database} sur {url.host or 'ce poste'}"
