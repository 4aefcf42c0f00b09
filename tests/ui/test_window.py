"""The window: what each role sees, keys, outages that lose nothing, and closing."""

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.ui.desktop import PAGES
from guichet.ui.page import Destination
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.screenshots import settle
from guichet.ui.theme import Theme
from tests.ui.support import Opener, answer_next_question, type_text


def test_an_administrator_sees_every_page_and_reaches_it_by_its_key(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.ADMINISTRATOR)
    assert list(window.entries) == [page.name for page in PAGES]
    for number, page in enumerate(PAGES, start=1):
        key = Qt.Key(Qt.Key.Key_0 + number)
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window.current_name == page.name
        settle(window.tools.desk)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_only_what_it_may_use(open_window: Opener, role: Role) -> None:
    window = open_window(role)
    expected = [page.name for page in PAGES if window.tools.may(page.permission)]
    assert list(window.entries) == expected


def test_a_page_that_the_role_may_not_open_is_refused_in_words(open_window: Opener) -> None:
    window = open_window(Role.PORTAL)
    window.go(Destination("families", 1))
    assert window.notice.isVisible()
    assert "compte" in window.notice.text.text()


def test_the_header_says_who_acts_where_and_which_day_it_is(open_window: Opener) -> None:
    window = open_window(Role.AGENT)
    assert "Camille Roux" in window.header.user.text()
    assert "Agent du guichet" in window.header.user.accessibleName()
    assert window.header.today.text() == "mercredi 18/03/2026"
    assert any("date de démonstration" in label.text() for label in window.statusBar().findChildren(QLabel))
    assert "Valmont" in window.windowTitle()


def test_a_cut_base_shows_the_banner_keeps_what_was_typed_and_retry_finishes(
    open_window: Opener, qtbot: QtBot, town: Database
) -> None:
    window = open_window(Role.AGENT)
    window.go(Destination("families"))
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    settle(window.tools.desk)
    shown = len(page.list.model.rows_at_hand())

    def cut(*arguments: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))

    event.listen(town.engine, "before_cursor_execute", cut)
    type_text(page.search, "dupont")
    qtbot.waitUntil(window.banner.isVisible)
    assert page.search.text() == "dupont"
    assert len(page.list.model.rows_at_hand()) == shown, "what was read stays on screen"
    event.remove(town.engine, "before_cursor_execute", cut)
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [row.label for row in page.list.model.rows_at_hand()] == ["Dupont"])
    assert not window.banner.isVisible()
    assert page.search.text() == "dupont"


def test_the_window_keeps_its_size_for_the_next_time(open_window: Opener, window_settings: QSettings) -> None:
    window = open_window(Role.AGENT)
    window.resize(window.width(), 640)
    window.close()
    again = open_window(Role.AGENT)
    assert again.height() == 640
    assert window_settings.allKeys() == ["window/geometry"]


def test_leaving_with_an_act_that_waits_is_asked_first(
    open_window: Opener, qtbot: QtBot, town: Database
) -> None:
    window = open_window(Role.AGENT)

    def fails(session: object, context: object, command: object) -> None:
        raise OperationalError("INSERT", {}, Exception("server closed the connection"))

    with qtbot.waitSignal(window.tools.desk.outage):
        window.tools.desk.execute(fails, None, changes=frozenset())
    asked = answer_next_question(yes=False)
    assert not window.close()
    qtbot.waitUntil(lambda: bool(asked))
    assert window.isVisible()
    answer_next_question(yes=True)
    with qtbot.waitSignal(window.closed):
        window.close()
    assert "pas encore enregistrées" in asked[0]


def test_text_size_and_palette_can_be_changed_in_the_window(open_window: Opener, theme: Theme) -> None:
    window = open_window(Role.AGENT)
    row_height = window.page("families").list.table.verticalHeader().defaultSectionSize()
    by_name = {action.text(): action for action in window.header.user.menu().actions()}
    by_name["Sombre"].trigger()
    assert theme.dark
    by_name["Texte à 150\u00a0%"].trigger()
    assert window.page("families").list.table.verticalHeader().defaultSectionSize() > 1.3 * row_height
