"""PostgreSQL goes away under an agent's hands: the window turns on, nothing typed is lost, each act applies once."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select, text
from sqlalchemy.engine import URL

from guichet.models.database import Database
from guichet.models.requests import Outbox
from guichet.models.settings import ProcessedCommand
from guichet.rules.permissions import Role
from guichet.services.transaction import Context
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.theme import Theme
from guichet.ui.window import MainWindow
from tests.loopback_proxy import LoopbackProxy, Wire
from tests.ui import desk_town
from tests.ui.desks import Desks, on_page, sit_at
from tests.ui.support import SqlGuard, type_text

REASON = "Il manque l’assurance"


@pytest.fixture
def proxy(pg_url: Callable[[], URL]) -> Iterator[tuple[LoopbackProxy, URL]]:
    url = pg_url()
    assert url.port is not None
    wire = LoopbackProxy(url.port)
    yield wire, url
    wire.close()


@pytest.fixture
def counter(
    proxy: tuple[LoopbackProxy, URL],
    clock: Callable[[], datetime],
    theme: Theme,
    window_settings: QSettings,
    sql_guard: SqlGuard,
    context: Context,
    tmp_path: Path,
) -> Iterator[Desks]:
    """The counter's base after its night; its windows reach it over the wire, the test's own look does not."""
    wire, url = proxy
    desks = Desks(url, clock, theme, window_settings, sql_guard)

    def build(base: Database) -> None:
        desk_town.build(base)
        desk_town.bring_night(base, context, tmp_path)

    desks.aside(build)
    desks.url = url.set(port=wire.port)
    yield desks
    desks.close()


@pytest.fixture
def window(counter: Desks) -> MainWindow:
    return counter.window("anne", "Anne Roux", Role.AGENT, "requests")


@pytest.fixture
def wire(proxy: tuple[LoopbackProxy, URL]) -> LoopbackProxy:
    return proxy[0]


def written(desks: Desks) -> tuple[int, int, str]:
    """How many commands were applied, how many answers are to leave, and the state of D-1."""

    def read(base: Database) -> tuple[int, int, str]:
        with base.reading() as session:
            commands = session.scalar(select(func.count()).select_from(ProcessedCommand)) or 0
            answers = session.scalar(select(func.count()).select_from(Outbox)) or 0
            return commands, answers, desk_town.states(base)["D-1"]

    found = desks.aside(read)
    assert isinstance(found, tuple)
    return found


def refuse(window: MainWindow, qtbot: QtBot) -> RequestsPage:
    """Type a refusal of the first request, up to the key that sends it."""
    page = on_page(window, RequestsPage)
    sit_at(page.list.table)
    qtbot.keyClick(page.list.table, Qt.Key.Key_R)
    type_text(page.bar.text, REASON)
    return page


def told(window: MainWindow) -> bool:
    """Whether the banner stands and nothing is still trying."""
    return window.banner.isVisible() and window.tools.desk.idle


class Beat:
    """Counts how often the window's event loop comes round while it stands."""

    def __init__(self, window: MainWindow) -> None:
        self.beats = 0
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._count)
        self._timer.start(20)

    def _count(self) -> None:
        self.beats += 1

    def stop(self) -> int:
        self._timer.stop()
        return self.beats


def test_a_server_that_refuses_keeps_what_was_typed_and_the_act_applies_once(
    window: MainWindow, counter: Desks, wire: LoopbackProxy, qtbot: QtBot
) -> None:
    page = refuse(window, qtbot)
    before = written(counter)
    wire.turn(Wire.DOWN)
    qtbot.keyClick(page.bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: told(window), timeout=20_000)
    assert "Rien n’a été perdu" in window.banner.text.text()
    assert window.tools.desk.unsaved >= 1
    assert written(counter) == before
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)  # still away
    qtbot.waitUntil(lambda: told(window), timeout=20_000)
    wire.turn(Wire.UP)
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.tools.desk.unsaved == 0 and window.tools.desk.idle, timeout=20_000)
    counter.settle()
    assert not window.banner.isVisible()
    commands, answers, state = written(counter)
    assert state == "refused"
    assert commands - before[0] == 1
    assert answers - before[1] == 1, "one answer leaves"


def test_backends_that_the_server_ends_are_replaced_without_a_word(
    window: MainWindow, counter: Desks, qtbot: QtBot
) -> None:
    page = refuse(window, qtbot)

    def end_the_others(base: Database) -> int:
        with base.writing() as session:
            ended = session.scalars(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
            return len(ended)

    assert counter.aside(end_the_others)
    qtbot.keyClick(page.bar.text, Qt.Key.Key_Return)
    counter.settle()
    assert not window.banner.isVisible()
    assert written(counter)[2] == "refused"


def test_a_server_that_never_answers_does_not_stop_the_window(
    window: MainWindow, counter: Desks, wire: LoopbackProxy, qtbot: QtBot
) -> None:
    page = refuse(window, qtbot)
    wire.turn(Wire.SILENT)
    qtbot.keyClick(page.bar.text, Qt.Key.Key_Return)
    beat = Beat(window)
    sit_at(page.list.filter)
    type_text(page.list.filter, "Durand")
    assert page.list.filter.text() == "Durand", "keys are taken while the base is silent"
    qtbot.waitUntil(window.banner.isVisible, timeout=60_000)
    assert beat.stop() > 100, "the window went on turning all the while"
    wire.turn(Wire.UP)
    qtbot.waitUntil(lambda: window.tools.desk.idle, timeout=60_000)
    assert window.banner.isVisible()
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.tools.desk.unsaved == 0 and window.tools.desk.idle, timeout=60_000)
    counter.settle()
    assert written(counter)[2] == "refused"
