"""The models and the table over frozen rows: sound for Qt, read page by page, kept in place, ticked, selected, copied."""

from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QHeaderView, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from guichet.ui.tables import (
    MOST_PAGES,
    NOT_READ_YET,
    Column,
    Dots,
    Index,
    PagedTableModel,
    RowsModel,
    State,
)
from guichet.ui.theme import Theme, Tone
from guichet.ui.widgets.data_table import DataTable
from guichet.ui.widgets.table_menu import RowAction


@dataclass(frozen=True)
class Line:
    key: int
    name: str
    locked: bool = False


COLUMNS = (
    Column[Line]("Nom", lambda line: line.name, None, sort="name"),
    Column[Line]("État", lambda _: "Acceptée", 12, state=lambda _: State("✓", "Acceptée", Tone.GREEN)),
    Column[Line]("Pièces", lambda _: "2 sur 3", 8, dots=lambda _: Dots(2, 3, "2 sur 3")),
    Column[Line]("N°", lambda line: str(line.key), 6, right=True, sort="key"),
)
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def line(number: int) -> Line:
    return Line(number, f"Famille {number:05d}", locked=number % 5 == 4)


def lines(first: int, last: int) -> list[Line]:
    return [line(number) for number in range(first, last)]


@pytest.fixture
def model() -> PagedTableModel[Line]:
    return PagedTableModel(
        COLUMNS, lambda line: line.key, checkable=True, editable=lambda line: not line.locked
    )


@pytest.fixture
def table(model: PagedTableModel[Line], theme: Theme, qtbot: QtBot) -> DataTable:
    table = DataTable(model, theme, "Familles", "Aucune famille.")
    qtbot.addWidget(table)
    table.resize(700, 400)
    return table


@pytest.fixture
def served(table: DataTable, model: PagedTableModel[Line]) -> list[tuple[int, int]]:
    """A base of 100,000 families behind the table; the list holds what was asked of it (offset, size)."""
    asked: list[tuple[int, int]] = []

    def serve(offset: int, size: int) -> None:
        asked.append((offset, size))
        model.show_page(offset, lines(offset, min(offset + size, 100_000)), 100_000)

    model.wanted.connect(serve)
    model.show_first(lines(0, 100), 100_000)
    table.show()
    table.setFocus()
    return asked


def test_qt_finds_nothing_wrong_with_rows_read_page_by_page(
    model: PagedTableModel[Line], qtmodeltester: ModelTester
) -> None:
    model.show_first(lines(0, 100), 250)
    qtmodeltester.check(model, force_py=True)
    model.show_page(200, lines(200, 250), 250)
    qtmodeltester.check(model, force_py=True)


def test_qt_finds_nothing_wrong_with_rows_all_there(qtmodeltester: ModelTester) -> None:
    model = RowsModel[Line](COLUMNS, lambda line: line.key, checkable=True)
    model.show_rows(lines(0, 30))
    qtmodeltester.check(model, force_py=True)


def test_the_end_of_a_hundred_thousand_rows_is_read_without_what_is_between(
    table: DataTable, model: PagedTableModel[Line], served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    assert model.rowCount() == 100_000
    qtbot.keyClick(table, Qt.Key.Key_End, CTRL)
    qtbot.waitUntil(lambda: model.row_at(99_999) is not None)
    assert table.current_row() == line(99_999)
    assert model.row_at(50_000) is None
    assert sum(size for _, size in served) <= 200, "one screen, not the way to it"


def test_the_row_under_the_cursor_is_told_when_it_comes(
    table: DataTable, model: PagedTableModel[Line], served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    told: list[Any] = []
    table.current_changed.connect(told.append)
    table.select(70_000)
    assert told == [None]
    qtbot.waitUntil(lambda: len(told) > 1)
    assert told == [None, line(70_000)]


def test_a_row_not_read_yet_shows_a_sign_and_cannot_be_ticked(model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 100), 300)
    unread = model.index(250, 0)
    assert unread.data() == NOT_READ_YET
    assert not unread.flags() & Qt.ItemFlag.ItemIsUserCheckable
    model.toggle(250)
    assert not model.checked


def test_the_same_pages_are_asked_for_once_and_again_only_after_they_failed(
    model: PagedTableModel[Line],
) -> None:
    asked: list[tuple[int, int]] = []
    model.wanted.connect(lambda offset, size: asked.append((offset, size)))
    model.show_first(lines(0, 100), 1000)
    model.want(150, 250)
    model.want(160, 260)
    assert asked == [(100, 200)]
    model.forget_demand()
    model.want(150, 250)
    assert asked == [(100, 200), (100, 200)]
    model.show_page(100, lines(100, 300), 1000)
    model.want(150, 250)
    assert len(asked) == 2


def test_memory_stays_flat_and_the_pages_last_looked_at_are_kept(model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 100), 100_000)
    for page in range(1, 200):
        model.show_page(page * 100, lines(page * 100, page * 100 + 100), 100_000)
        model.want(0, 10)
    assert model.pages_kept == MOST_PAGES
    assert model.row_at(19_999) == line(19_999)
    assert model.row_at(5) == line(5), "still looked at"
    assert model.row_at(5_000) is None


def test_the_row_under_the_cursor_stays_at_hand_however_far_one_looks(
    table: DataTable, model: PagedTableModel[Line], served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    table.select(5)
    bar = table.verticalScrollBar()
    for page in range(1, MOST_PAGES + 10):
        bar.setValue(page * 200 * table.rowHeight(0))
        table.look()
    assert model.row_at(7_000) is not None
    assert model.row_at(1_000) is None, "looked at long ago"
    assert table.current_row() == line(5)


def test_a_list_that_grew_meanwhile_is_read_again_rather_than_mixed(
    model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 100), 300)
    with qtbot.waitSignal(model.drifted):
        model.show_page(100, lines(101, 201), 301)
    assert model.row_at(100) is None


def test_sorting_is_asked_of_the_query_and_moves_no_row(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    with qtbot.waitSignal(model.sorting) as sorting:
        table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert sorting.args == ["name", True]
    assert model.rows_at_hand() == lines(0, 10)


def test_the_order_of_a_query_is_marked_on_its_title_without_asking_for_it_again(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    with qtbot.assertNotEmitted(model.sorting):
        table.columns.mark_order("key", descending=True)
    assert table.horizontalHeader().sortIndicatorSection() == 3
    assert table.horizontalHeader().sortIndicatorOrder() is Qt.SortOrder.DescendingOrder


def test_the_space_bar_ticks_and_a_locked_row_stays_unticked(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    table.show()
    table.setFocus()
    table.select(3)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert model.checked == {3}
    qtbot.keyClick(table, Qt.Key.Key_Up)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert not model.checked


def test_the_space_bar_ticks_all_the_rows_selected_with_shift(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    table.show()
    table.setFocus()
    table.select(2)
    for _ in range(3):
        qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    assert table.selected_count == 4
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert model.checked == {2, 3, 5}, "the fourth is locked"
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert not model.checked


def test_all_is_selected_with_rows_that_are_not_read_and_read_before_they_are_used(
    table: DataTable, served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    asked: list[list[range]] = []
    table.reader = lambda places, then: (asked.append(list(places)), then(tuple(lines(0, 100_000))))[0]
    qtbot.keyClick(table, Qt.Key.Key_A, CTRL)
    assert table.selected_count == 100_000
    used: list[tuple[Any, ...]] = []
    table.with_selected(used.append)
    assert asked == [[range(100_000)]]
    assert len(used[0]) == 100_000


def test_the_cursor_stays_on_its_row_when_rows_are_read_again(
    table: DataTable, model: PagedTableModel[Line]
) -> None:
    model.show_first(lines(0, 10), 10)
    table.select(6)
    model.show_first(lines(4, 14), 10)
    assert table.current_row() == line(6)


def test_far_down_the_cursor_and_the_scroll_stay_when_rows_are_read_again(
    table: DataTable, model: PagedTableModel[Line], served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    table.select(60_010)
    qtbot.waitUntil(lambda: table.current_row() is not None)
    scrolled = table.verticalScrollBar().value()
    gone = [each for each in lines(59_900, 60_101) if each.key != 60_000]
    model.show_first(gone, 99_999, 59_900)
    assert table.current_row() == line(60_010), "one row above it has left the list"
    assert abs(table.verticalScrollBar().value() - scrolled) <= table.rowHeight(0)


def test_when_its_row_is_gone_the_cursor_takes_the_next_one(
    table: DataTable, model: PagedTableModel[Line]
) -> None:
    model.show_first(lines(0, 5), 5)
    table.select(2)
    model.show_first([each for each in lines(0, 5) if each.key != 2], 4)
    assert table.current_row() == line(3)


def test_another_query_is_shown_from_its_first_row(
    table: DataTable, model: PagedTableModel[Line], served: list[tuple[int, int]], qtbot: QtBot
) -> None:
    table.select(60_010)
    qtbot.waitUntil(lambda: table.current_row() is not None)
    table.start_over()
    model.show_first(lines(200, 300), 5000)
    assert table.current_row() == line(200)
    assert table.visible_places()[0] == 0


def test_several_rows_stay_selected_when_rows_are_read_again(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    table.show()
    table.setFocus()
    table.select(2)
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    model.show_first(lines(1, 11), 10)
    assert [each.key for each in table.selected_at_hand()] == [2, 3]


def test_what_is_copied_has_its_titles_and_nothing_that_a_spreadsheet_would_run(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first([Line(1, "=HYPERLINK(0)"), Line(2, "Dupont\tJean"), Line(3, "Zola")], 3)
    table.show()
    table.setFocus()
    table.select(0)
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(table, Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "Nom\tÉtat\tPièces\tN°",
        "'=HYPERLINK(0)\tAcceptée\t2 sur 3\t1",
        "Dupont Jean\tAcceptée\t2 sur 3\t2",
    ]


def opened_menu() -> QMenu:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


@pytest.mark.parametrize(
    ("key", "modifier"), [(Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_F10, SHIFT)]
)
def test_the_menu_opens_from_the_keyboard_with_what_the_rows_allow(
    table: DataTable,
    model: PagedTableModel[Line],
    qtbot: QtBot,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
) -> None:
    done: list[tuple[Any, ...]] = []
    table.row_actions += [
        RowAction("Accepter", done.append, lambda rows: not any(row.locked for row in rows), "A"),
        RowAction("Relire", done.append),
    ]
    model.show_first(lines(0, 10), 10)
    table.show()
    table.setFocus()
    table.select(4)
    qtbot.keyClick(table, key, modifier)
    entries = {entry.text(): entry for entry in opened_menu().actions() if entry.text()}
    assert [text.split("\t")[0] for text in entries] == [
        "Accepter",
        "Relire",
        "Copier",
        "Tout sélectionner",
        "Trier par",
    ]
    assert not entries["Accepter\tA"].isEnabled(), "the fifth is locked"
    entries["Relire"].trigger()
    opened_menu().close()
    assert done == [(line(4),)]


def test_the_mouse_opens_the_menu_of_the_row_it_is_on(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    table.show()
    table.select(0)
    where = table.visualRect(model.index(6, 0)).center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(
        table.viewport(), QContextMenuEvent(reason, where, table.viewport().mapToGlobal(where))
    )
    opened_menu().close()
    assert table.current_row() == line(6)


def test_letters_are_the_page_s_keys_unless_the_list_takes_them(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    table.show()
    table.setFocus()
    with qtbot.assertNotEmitted(table.typed):
        qtbot.keyClick(table, Qt.Key.Key_A)
    table.type_ahead = True
    with qtbot.waitSignal(table.typed) as typed:
        qtbot.keyClick(table, Qt.Key.Key_A)
    assert typed.args == ["a"]


class Counting(PagedTableModel[Line]):
    """Counts how many cells Qt asks about."""

    asked = 0

    def flags(self, index: Index) -> Qt.ItemFlag:
        self.asked += 1
        return super().flags(index)


def test_a_whole_selection_is_painted_by_what_is_on_screen_not_by_what_is_in_the_list(
    theme: Theme, qtbot: QtBot
) -> None:
    model = Counting(COLUMNS, lambda line: line.key)
    table = DataTable(model, theme, "Familles", "Aucune famille.")
    qtbot.addWidget(table)
    table.resize(700, 400)
    model.show_first(lines(0, 100), 100_000)
    table.show()
    table.selectAll()
    table.grab()
    assert model.asked < 1000


def test_no_row_is_ever_measured(table: DataTable, model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 1000), 1000)
    assert table.verticalHeader().sectionResizeMode(0) is QHeaderView.ResizeMode.Fixed


def test_a_screen_reader_gets_titles_the_names_of_rows_words_and_ticks(
    table: DataTable, model: PagedTableModel[Line]
) -> None:
    model.show_first(lines(0, 3), 3)
    model.toggle(1)
    table.show()
    read = QAccessible.queryAccessibleInterface(table)
    assert read.role() is QAccessible.Role.Table
    assert read.text(QAccessible.Text.Name) == "Familles"
    parts = [read.child(place) for place in range(read.childCount())]
    titles = [part for part in parts if part.role() is QAccessible.Role.ColumnHeader]
    assert [title.text(QAccessible.Text.Name) for title in titles] == ["Nom", "État", "Pièces", "N°"]
    rows = [part for part in parts if part.role() is QAccessible.Role.RowHeader]
    assert [row.text(QAccessible.Text.Name) for row in rows] == [each.name for each in lines(0, 3)]
    cells = [part for part in parts if part.role() is QAccessible.Role.Cell]
    words = [cell.text(QAccessible.Text.Name) for cell in cells]
    assert words[:4] == ["Famille 00000", "Acceptée", "2 sur 3", "0"]
    ticks = [(cell.state().checkable, cell.state().checked) for cell in cells[::4]]
    assert ticks == [(1, 0), (1, 1), (1, 0)]


@pytest.mark.parametrize("rows", [0, 3])
def test_an_empty_table_says_so(table: DataTable, model: PagedTableModel[Line], rows: int) -> None:
    model.show_first(lines(0, rows), rows)
    assert table.empty.isHidden() is bool(rows)
    assert table.empty.text.text() == "Aucune famille."


def test_what_is_painted_can_be_looked_at(table: DataTable, model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 3), 3)
    table.show()
    with_rows = table.grab().toImage()
    model.set_checked({0, 1})
    assert table.grab().toImage() != with_rows, "a tick shows"
    point = QPoint(10, table.rowHeight(0) * 2 + table.horizontalHeader().height() + 3)
    before = table.grab().toImage().pixelColor(point)
    table.select(2)
    assert table.grab().toImage().pixelColor(point) != before, "the row under the cursor shows"
