"""The manual inside the program: F1 shows the section of the page, the whole of it can be searched."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guichet.rules.permissions import Role
from guichet.ui.desktop import PAGES
from guichet.ui.manual import CHAPTERS, chapters, find_section
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Theme
from guichet.ui.widgets.manual_view import ADDRESS, ManualDialog
from tests.ui.support import Opener, type_text


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_each_page_has_its_section(entry: object) -> None:
    section = find_section(entry.help)  # type: ignore[attr-defined]
    assert len(section.text.split()) > 20


def test_each_user_has_a_chapter_with_sections_of_different_addresses() -> None:
    assert tuple(chapter.name for chapter in chapters()) == CHAPTERS
    addresses = [section.address for chapter in chapters() for section in chapter.sections]
    assert len(set(addresses)) == len(addresses)
    assert all("![" not in section.text for chapter in chapters() for section in chapter.sections)


def test_f1_shows_what_the_manual_says_of_the_page_shown(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.go(Destination("requests"))
    settle(window.tools.desk)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert "Demandes" in window.help.manual_text.toPlainText().splitlines()[0]
    qtbot.keyClick(window.help.field, Qt.Key.Key_Escape)
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    dialog = window.findChild(ManualDialog)
    assert dialog is not None
    assert dialog.sections.currentItem().data(ADDRESS) == window.entries["requests"].help


def test_the_manual_is_searched_by_any_word_without_accents(
    theme: Theme, qtbot: QtBot, open_window: Opener
) -> None:
    window = open_window(Role.ADMINISTRATOR)
    dialog = ManualDialog(theme, window)
    dialog.open_at("regie#attestations")
    type_text(dialog.search, "quarantaine")
    found = [dialog.sections.item(row).data(ADDRESS) for row in range(dialog.sections.count())]
    assert "agent#import-de-la-nuit" in found
    assert "regie#attestations" not in found
    assert "uarantaine" in dialog.text.toPlainText()
