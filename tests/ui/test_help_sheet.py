"""The help sheet: every key of the window and of the page, found by typing, and the way to the manual."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from guichet.rules.permissions import Role
from guichet.ui.actions import Action, spoken_key
from guichet.ui.manual import ManualSection
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.widgets.help_sheet import EVERYWHERE, LISTS, HelpSheet
from tests.ui.support import Opener, type_text

PAGE = (Action("Accepter", lambda: None, "A"), Action("Sans touche", lambda: None))
WINDOW = (Action("Quitter", lambda: None, "Ctrl+Q"),)
SECTION = ManualSection("agent#demandes", "Demandes", "## Demandes\n\nAccepter prend une touche.")


class Bench:
    """A sheet over a bare window."""

    def __init__(self, theme: Theme, qtbot: QtBot) -> None:
        self.read = 0
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(900, 700)
        self.sheet = HelpSheet(
            theme, lambda: WINDOW, lambda: ("Demandes", PAGE), lambda: SECTION, self.manual, self.window
        )
        self.window.show()
        qtbot.waitExposed(self.window)

    def manual(self) -> None:
        self.read += 1


@pytest.fixture
def bench(theme: Theme, qtbot: QtBot) -> Bench:
    return Bench(theme, qtbot)


def lines(sheet: HelpSheet) -> list[str]:
    model = sheet.keys.entries
    return [str(model.data(model.index(row))) for row in range(model.rowCount())]


def test_it_lists_the_keys_of_the_page_then_those_of_the_window_and_of_lists(bench: Bench) -> None:
    bench.sheet.open_over()
    shown = lines(bench.sheet)
    assert shown[:2] == ["Sur cette page\u00a0: Demandes", "Accepter"]
    assert "Sans touche" not in shown
    assert shown.index("Quitter") > shown.index("Partout")
    assert {label for label, _ in (*EVERYWHERE, *LISTS)} <= set(shown)


def test_it_is_searched_by_words_and_by_keys(bench: Bench, qtbot: QtBot) -> None:
    bench.sheet.open_over()
    type_text(bench.sheet.field, "cocher ligne")
    assert lines(bench.sheet) == ["Dans les listes", "Cocher ou décocher la ligne"]
    bench.sheet.field.setText("ctrl q")
    assert lines(bench.sheet) == ["Partout", "Quitter"]
    bench.sheet.field.setText("zzz")
    assert lines(bench.sheet) == []
    assert bench.sheet.nothing.isVisible()
    bench.sheet.field.clear()
    assert not bench.sheet.nothing.isVisible()


def test_the_manual_is_one_button_away_and_escape_leaves(bench: Bench, qtbot: QtBot) -> None:
    bench.sheet.open_over()
    qtbot.keyClick(bench.sheet.field, Qt.Key.Key_Escape)
    assert not bench.sheet.isVisible()
    bench.sheet.open_over()
    qtbot.mouseClick(bench.sheet.read, Qt.MouseButton.LeftButton)
    assert bench.read == 1
    assert not bench.sheet.isVisible()


def test_tab_goes_round_inside(bench: Bench, qtbot: QtBot) -> None:
    bench.sheet.open_over()
    seen = []
    for _ in range(6):
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert all(bench.sheet.panel.isAncestorOf(widget) for widget in seen)
    assert seen[0] is seen[5]
    assert {
        bench.sheet.field,
        bench.sheet.keys,
        bench.sheet.manual_text,
        bench.sheet.read,
        bench.sheet.leave,
    } == set(seen)


def test_every_key_is_one_that_qt_knows_and_is_told_once(bench: Bench) -> None:
    for label, key in (*EVERYWHERE, *LISTS):
        assert QKeySequence(key).toString(), label
    keys = [key for _, key in (*EVERYWHERE, *LISTS)]
    assert len(keys) == len(set(keys))


def test_f1_opens_it_on_every_page_and_escape_gives_the_keyboard_back(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.ADMINISTRATOR)
    for name, entry in window.entries.items():
        window.rail.chosen.emit(name)
        settle(window.tools.desk)
        before = QApplication.focusWidget()
        qtbot.keyClick(window, Qt.Key.Key_F1)
        assert window.help.isVisible()
        assert lines(window.help)[0] in (f"Sur cette page\u00a0: {entry.title}", "Partout")
        qtbot.keyClick(window.help.field, Qt.Key.Key_Escape)
        assert not window.help.isVisible()
        assert QApplication.focusWidget() is before
        assert window.current_name == name


def test_every_act_of_the_window_with_a_key_is_told(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    shown = lines(window.help)
    assert {act.label for act in window.window_actions() if act.shortcut} <= set(shown)


def test_keys_are_named_in_french(theme: Theme) -> None:
    assert spoken_key("Shift+F1") == "Maj+F1"
    assert spoken_key("Alt+Left") == "Alt+Gauche"
    assert [spoken_key(key) for key in ("Enter", "Space", "Esc")] == ["Entrée", "Espace", "Échap"]


@pytest.mark.parametrize("scale", [100, 150, 200])
def test_it_fits_the_window_at_every_size_of_text(open_window: Opener, scale: int) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.tools.theme.apply(Look.DARK, scale)
    window.resize(1280, 720) if scale == 100 else window.resize(1600, 900)
    window.help.open_over()
    settle(window.tools.desk)
    assert window.help.rect().contains(window.help.panel.geometry())
    assert window.help.keys.height() >= 4 * window.help.keys.row_height()
