"""Every page, tab, panel, dialog and menu, without a mouse and without seeing: one walk, and what it must find."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy.engine import make_url

from guichet.models.database import open_database
from guichet.rules.permissions import Role
from guichet.ui import screenshots
from guichet.ui.actions import Action
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.widgets.help_sheet import EVERYWHERE, LISTS
from guichet.ui.widgets.overlay import Overlay
from guichet.ui.window import MainWindow, Place
from tests.ui import audit, walk
from tests.ui.support import actor, delete_now

Findings = dict[str, list[str]]
CHECKS = (
    "names",
    "tables",
    "tab_round",
    "mnemonics",
    "ambiguous_keys",
    "unsaid_keys",
    "untold_tooltips",
    "unseen_focus",
)


@pytest.fixture(scope="module")
def open_long_town(
    long_town_file: Path, tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> Iterator[Callable[..., MainWindow]]:
    """The window on a town of extremes, as often as it is asked for; nothing is waited for longer than it needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screenshots, "QUIET_SECONDS", 0.05)
        theme = Theme(qapp, Look.LIGHT)
        messages = Messages(qapp)

        def opener(scale: int, width: int, height: int, look: Look = Look.LIGHT) -> MainWindow:
            folder = tmp_path_factory.mktemp("walk")
            base = folder / "ville.db"
            shutil.copyfile(long_town_file, base)
            database = open_database(make_url("sqlite://").set(database=str(base)))
            theme.apply(look, scale)
            settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
            place = Place("Valmont", "Base SQLite · ville.db", fixed_day=True)
            who = actor(Role.ADMINISTRATOR)
            window = build_window(database, who, _clock, place, theme, messages, settings)
            window.resize(width, height)
            window.show()
            settle(window.tools.desk)
            return window

        yield opener
        messages.deleteLater()
        theme.deleteLater()
        qapp.setStyleSheet("")
        delete_now()


def _clock() -> datetime:
    return walk.NOW


def close(window: MainWindow) -> None:
    """Before the next one is opened."""
    walk.close_everything(window)
    window.close()
    window.deleteLater()
    delete_now()


@pytest.fixture(scope="module")
def findings(open_long_town: Callable[..., MainWindow]) -> dict[str, Findings]:
    """What a walk through everything finds, by check, each finding with where it was found."""
    window = open_long_town(100, 1280, 720)
    QAccessible.setActive(True)  # as with a screen reader: what changes is told
    found: dict[str, Findings] = {check: defaultdict(list) for check in (*CHECKS, "escape")}
    seen: set[str] = set()
    for scene in walk.scenes():
        with walk.shown(window, scene) as root:
            whole = window if root.window() is window and not isinstance(root, Overlay) else root
            for check, finding in _look(window, root, whole, seen):
                found[check][finding].append(scene.name)
            for finding in _leave(window, root):
                found["escape"][finding].append(scene.name)
    QAccessible.setActive(False)
    close(window)
    return found


def _look(window: MainWindow, root: QWidget, whole: QWidget, seen: set[str]) -> Iterator[tuple[str, str]]:
    if isinstance(root, QMenu):
        yield from (("mnemonics", each) for each in audit.menu_mnemonics(root))
        return
    top = root.window()
    actions: list[Action] = [*window.window_actions(), *window._page_keys()[1]]
    told = {action.shortcut for action in actions} | {key for _, key in (*LISTS, *EVERYWHERE)}
    checks: dict[str, Callable[[], Iterator[str]]] = {
        "names": lambda: audit.names(whole),
        "tables": lambda: audit.tables(whole),
        "mnemonics": lambda: audit.mnemonics(top),
        "ambiguous_keys": lambda: audit.ambiguous_keys(top, whole),
        "unsaid_keys": lambda: audit.unsaid_keys(top, whole, told),
        "untold_tooltips": lambda: audit.untold_tooltips(top, actions),
        "unseen_focus": lambda: audit.unseen_focus(whole, seen),
        "tab_round": lambda: audit.tab_round(whole),
    }
    for name, check in checks.items():
        yield from ((name, each) for each in check())


def _leave(window: MainWindow, root: QWidget) -> Iterator[str]:
    """Escape closes what was opened over the page, and the keyboard is back in the window."""
    if not isinstance(root, (QDialog, Overlay)) or isinstance(root, QMessageBox):
        return
    name = type(root).__name__
    focused = QApplication.focusWidget()
    QTest.keyClick(focused if focused is not None else root, Qt.Key.Key_Escape)
    settle(window.tools.desk)
    if shiboken6.isValid(root) and root.isVisible():
        yield f"Escape does not close {name}"
        return
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 1000)
    for _ in range(50):
        if _holds_the_keyboard(window):
            break
        QTest.qWait(20)
    else:
        yield f"after {name} the keyboard is nowhere"


def _holds_the_keyboard(window: MainWindow) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and window.isAncestorOf(focused) and focused.isVisible()


def said(findings: Findings) -> list[str]:
    """For the reader of a failed test."""
    return [f"{finding} ({len(places)}: {', '.join(places[:3])})" for finding, places in findings.items()]


def test_every_control_has_a_name_and_the_role_of_what_it_does(findings: dict[str, Findings]) -> None:
    assert not said(findings["names"])


def test_every_cell_is_said_as_it_is_shown(findings: dict[str, Findings]) -> None:
    assert not said(findings["tables"])


def test_tab_reaches_everything_as_the_eye_goes_and_comes_back(findings: dict[str, Findings]) -> None:
    assert not said(findings["tab_round"])


def test_each_alt_letter_leads_to_one_thing(findings: dict[str, Findings]) -> None:
    assert not said(findings["mnemonics"])


def test_no_key_means_two_things(findings: dict[str, Findings]) -> None:
    assert not said(findings["ambiguous_keys"])


def test_every_key_is_on_the_help_sheet_or_in_a_tooltip(findings: dict[str, Findings]) -> None:
    assert not said(findings["unsaid_keys"])


def test_a_button_says_the_key_that_does_the_same(findings: dict[str, Findings]) -> None:
    assert not said(findings["untold_tooltips"])


def test_the_focus_shows_on_every_kind_of_control(findings: dict[str, Findings]) -> None:
    assert not said(findings["unseen_focus"])


def test_escape_closes_and_gives_the_keyboard_back(findings: dict[str, Findings]) -> None:
    assert not said(findings["escape"])


@pytest.mark.parametrize(
    ("scale", "width", "height"), [(100, 1280, 720), (125, 1440, 900), (150, 1600, 900), (200, 1920, 1080)]
)
def test_nothing_is_cut_at_any_size_of_text(
    open_long_town: Callable[..., MainWindow], scale: int, width: int, height: int
) -> None:
    """Names of sixty letters, streets of forty-five, other alphabets: what does not fit has its tooltip."""
    window = open_long_town(scale, width, height)
    found: Findings = defaultdict(list)
    for scene in walk.scenes():
        with walk.shown(window, scene) as root:
            if not isinstance(root, QMenu):
                for finding in audit.cut(root.window()):
                    found[finding].append(scene.name)
        smallest = window.minimumSizeHint()
        if smallest.width() > width or smallest.height() > height:
            found[f"the window needs {smallest.width()} × {smallest.height()}"].append(scene.name)
    close(window)
    assert not said(found)


@pytest.mark.parametrize("look", [Look.DARK])
def test_the_focus_shows_in_the_dark_too(
    open_long_town: Callable[..., MainWindow], look: Look, qtbot: QtBot
) -> None:
    window = open_long_town(100, 1280, 720, look)
    seen: set[str] = set()
    found: list[str] = []
    for scene in walk.scenes():
        if scene.name.startswith(("page ", "settings ")):
            with walk.shown(window, scene):
                found += audit.unseen_focus(window, seen)
    close(window)
    assert not found
