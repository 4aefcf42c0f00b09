"""From the start of the program to its end: the door, the window, another person, the way out."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from sqlalchemy.engine import URL

from guichet.app import Desktop, Opening
from guichet.models.database import open_database
from guichet.rules.permissions import Role
from guichet.services import accounts, settings, transaction
from guichet.services.transaction import Context
from guichet.ui.login import LoginDialog
from guichet.ui.messages import Messages
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from tests.conftest import NOW
from tests.ui.support import SqlGuard, type_text

PASSWORD = "Riviere2026"


@pytest.fixture
def address(sqlite_url: Callable[[], URL], context: Context, sql_guard: SqlGuard) -> str:
    """A base with two accounts."""
    url = sqlite_url()

    def build() -> None:
        database = open_database(url)
        for login, name, role in (
            ("camille", "Camille Roux", Role.AGENT),
            ("claire", "Claire Montagnac", Role.FINANCE),
        ):
            account = accounts.NewAccount(login, name, frozenset({role}), PASSWORD)
            transaction.run(database, context, accounts.create, account)
        transaction.run(database, context, settings.change, {"town.name": "Valbrise"})
        database.dispose()

    sql_guard.aside(build)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def start(
    qapp: QApplication, theme: Theme, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Opening], tuple[Desktop, list[int]]]]:
    started: list[Desktop] = []

    def starter(opening: Opening) -> tuple[Desktop, list[int]]:
        codes: list[int] = []
        monkeypatch.setattr(qapp, "exit", codes.append)
        desktop = Desktop(opening, theme, messages, qapp)
        started.append(desktop)
        desktop.enter()
        return desktop, codes

    yield starter
    for desktop in started:
        if desktop.window is not None:
            desktop.window.close()
        desktop.deleteLater()


def enter(desktop: Desktop, qtbot: QtBot, login: str) -> None:
    qtbot.waitUntil(lambda: desktop.login is not None and desktop.login.isVisible())
    dialog = desktop.login
    assert isinstance(dialog, LoginDialog)
    type_text(dialog.login, login)
    type_text(dialog.password, PASSWORD)
    dialog.enter.click()
    qtbot.waitUntil(lambda: desktop.window is not None)


def test_one_comes_in_works_gives_the_place_to_another_and_leaves(
    address: str, start: Callable[[Opening], tuple[Desktop, list[int]]], qtbot: QtBot
) -> None:
    desktop, codes = start(Opening(address))
    enter(desktop, qtbot, "camille")
    assert desktop.window is not None
    assert "Camille Roux" in desktop.window.header.user.text()
    assert desktop.window.place.town == "Valbrise"
    desktop.window.change_user()
    enter(desktop, qtbot, "claire")
    assert "Claire Montagnac" in desktop.window.header.user.text()
    assert not codes
    desktop.window.close()
    assert codes == [0]


def test_the_look_a_person_chose_comes_back_with_them(
    address: str, start: Callable[[Opening], tuple[Desktop, list[int]]], qtbot: QtBot, theme: Theme
) -> None:
    desktop, _ = start(Opening(address))
    enter(desktop, qtbot, "camille")
    assert desktop.window is not None
    by_name = {action.text(): action for action in desktop.window.header.user.menu().actions()}
    by_name["Sombre"].trigger()
    by_name["Texte à 125\u00a0%"].trigger()
    settle(desktop.window.tools.desk)
    desktop.window.change_user()
    theme.apply(Look.LIGHT, 100)
    enter(desktop, qtbot, "claire")
    settle(desktop.window.tools.desk)
    assert (theme.look, theme.scale) == (Look.LIGHT, 100)
    desktop.window.change_user()
    enter(desktop, qtbot, "camille")
    settle(desktop.window.tools.desk)
    assert (theme.look, theme.scale) == (Look.DARK, 125)


def test_as_login_enters_without_asking_and_now_stops_the_clock(
    address: str, start: Callable[[Opening], tuple[Desktop, list[int]]], qtbot: QtBot
) -> None:
    opening = Opening(address, login="claire", now=NOW)
    desktop, _ = start(opening)
    qtbot.waitUntil(lambda: desktop.window is not None)
    assert desktop.window is not None
    assert desktop.window.header.today.text() == "mercredi 18/03/2026"
    assert desktop.window.tools.desk.clock() == NOW


def test_the_clock_runs_on_a_real_base(
    address: str, start: Callable[[Opening], tuple[Desktop, list[int]]], qtbot: QtBot
) -> None:
    desktop, _ = start(Opening(address, login="claire"))
    qtbot.waitUntil(lambda: desktop.window is not None)
    assert desktop.window is not None
    assert desktop.window.tools.desk.clock() > datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    assert not desktop.window.place.fixed_day


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login": "nobody"}, "compte actif"),
        ({"database_url": "mysql://poste/base"}, "SQLite ou PostgreSQL"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_sentence(
    address: str,
    start: Callable[[Opening], tuple[Desktop, list[int]]],
    qtbot: QtBot,
    change: dict[str, str],
    said: str,
) -> None:
    sentences: list[str] = []

    def read_and_close() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            sentences.append(box.text())
            box.accept()
        else:
            QTimer.singleShot(10, read_and_close)

    QTimer.singleShot(0, read_and_close)
    _, codes = start(replace(Opening(address), **change))
    qtbot.waitUntil(lambda: bool(codes))
    assert codes == [1]
    assert said in sentences[0]
