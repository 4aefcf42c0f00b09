"""What families type is text: no page, tooltip or question takes it for HTML, and none breaks on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QTabBar, QTableView, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from guichet.models.database import Database
from guichet.models.offer import Activity, Slot
from guichet.models.people import Family, Person
from guichet.rules.permissions import Role
from guichet.rules.spreadsheets import pasted
from guichet.services.transaction import Context
from guichet.ui.desktop import PAGES
from guichet.ui.messages import Messages, Question
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.widgets.data_table import DataTable
from guichet.ui.widgets.table_menu import copy_rows
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard

MARKUP = "<img src=x>"
NAME = f"{MARKUP}<b>Zoé</b> & fils 👩‍👩‍👧 שלום"
FORMULA = '=HYPERLINK("http://x";"a")'
LONG = "né(e) le <i>" + "x" * 10_000
SHOW_PEOPLE = ("requests", "families", "imports", "journal")


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    """A town where each name, label and comment is markup, and one is longer than any screen."""

    def build() -> None:
        desk_town.build_with_night(sqlite_database, context, tmp_path)
        with sqlite_database.writing() as session:
            session.execute(update(Person).values(last_name=NAME, first_name=FORMULA, email=f"{MARKUP}@x.fr"))
            session.execute(update(Family).values(label=NAME, address=MARKUP, town=LONG))
            session.execute(update(Activity).values(name=f"{MARKUP} & Mercredi"))
            session.execute(update(Slot).values(name=f"<b>Journée</b>{MARKUP}"))

    sql_guard.aside(build)
    return sqlite_database


def drawn(root: QWidget) -> Iterator[tuple[str, bool]]:
    """Each text of labels, tooltips and cells under a widget, with whether Qt would take it for HTML."""
    for label in root.findChildren(QLabel):
        form = label.textFormat()
        rich = form == Qt.TextFormat.RichText or (
            form == Qt.TextFormat.AutoText and GuiQt.mightBeRichText(label.text())
        )
        yield label.text(), rich
    for widget in root.findChildren(QWidget):
        yield widget.toolTip(), GuiQt.mightBeRichText(widget.toolTip())
    for bar in root.findChildren(QTabBar):
        for place in range(bar.count()):
            yield bar.tabToolTip(place), GuiQt.mightBeRichText(bar.tabToolTip(place))
    for view in root.findChildren(QTableView):
        model = view.model()
        if model is None:
            continue
        for row in range(min(20, model.rowCount())):
            for column in range(model.columnCount()):
                tip = str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")
                yield tip, GuiQt.mightBeRichText(tip)


def words(text: str, rich: bool) -> str:
    """What a person reads of it."""
    if not rich:
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def assert_all_is_text(root: QWidget) -> int:
    """Fail where markup is at work; return how many texts showed it as it was typed."""
    shown = 0
    for text, rich in drawn(root):
        read = words(text, rich)
        assert "\ufffc" not in read, f"an image is drawn: {text[:200]}"
        shown += MARKUP in read
    return shown


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_no_page_takes_what_was_typed_for_html(open_window: Opener, page: str) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.resize(1280, 720)
    window.go(Destination(page))
    settle(window.tools.desk)
    window.current_page.show_example()
    settle(window.tools.desk)
    assert assert_all_is_text(window) >= (1 if page in SHOW_PEOPLE else 0)
    assert window.width() == 1280, "a long name does not push the window out of the screen"


def test_every_tab_of_a_family_and_its_breadcrumb_show_text(open_window: Opener, town: Database) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.resize(1280, 720)
    window.go(Destination("families"))
    settle(window.tools.desk)
    window.current_page.show_example()
    settle(window.tools.desk)
    tabs = window.current_page.findChildren(QTabBar)
    for bar in tabs:
        for place in range(bar.count()):
            bar.setCurrentIndex(place)
            settle(window.tools.desk)
            assert assert_all_is_text(window)
    assert MARKUP in window.header.breadcrumb.steps.toolTip().replace("&lt;", "<").replace("&gt;", ">")
    assert window.width() == 1280


def test_toasts_banners_and_questions_show_text(
    open_window: Opener, messages: Messages, qtbot: QtBot
) -> None:
    window = open_window(Role.AGENT)
    messages.inform(f"Demande de {NAME} acceptée")
    messages.warn(f"{NAME} a traité cette demande")
    assert assert_all_is_text(window) >= 2
    messages.ask(Question("Supprimer", f"Supprimer {NAME} ?", "Supprimer"), then=lambda: None, parent=window)
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert MARKUP in box.text()
    box.reject()


def test_what_is_copied_never_runs_as_a_formula(open_window: Opener) -> None:
    window = open_window(Role.AGENT)
    window.go(Destination("families"))
    settle(window.tools.desk)
    table = window.current_page.findChildren(DataTable)[0]
    copy_rows(table.columns.shown(), tuple(table.model().rows_at_hand()))
    copied = QApplication.clipboard().text()
    assert MARKUP in copied
    assert not [cell for line in copied.splitlines() for cell in line.split("\t") if cell.startswith("=")]
    assert pasted(FORMULA) == f"'{FORMULA}"
