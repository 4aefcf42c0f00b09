"""The table over frozen rows: sound for Qt, paged, sorted by the query, ticked from the keyboard."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from guichet.ui.tables import Column, DataTable, Dots, PagedTableModel, State
from guichet.ui.theme import Theme, Tone


@dataclass(frozen=True)
class Line:
    key: int
    name: str
    locked: bool = False


COLUMNS = (
    Column[Line]("Nom", lambda line: line.name, None, sort="name"),
    Column[Line]("État", lambda _: "Acceptée", 12, state=lambda _: State("✓", "Acceptée", Tone.GREEN)),
    Column[Line]("Pièces", lambda _: "2 sur 3", 8, dots=lambda _: Dots(2, 3, "2 sur 3")),
    Column[Line]("N°", lambda line: str(line.key), 6, right=True),
)


def lines(first: int, last: int) -> list[Line]:
    return [Line(number, f"Famille {number:05d}", locked=number % 5 == 4) for number in range(first, last)]


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


def test_qt_finds_nothing_wrong_with_the_model(
    model: PagedTableModel[Line], qtmodeltester: ModelTester
) -> None:
    model.show_first(lines(0, 100), 250)
    qtmodeltester.check(model, force_py=True)
    model.show_next(100, lines(100, 200))
    qtmodeltester.check(model, force_py=True)


def test_thousands_of_rows_come_page_by_page(model: PagedTableModel[Line], qtbot: QtBot) -> None:
    model.show_first(lines(0, 100), 5000)
    with qtbot.waitSignal(model.wanted) as wanted:
        model.fetchMore(model.index(-1, -1))
    assert wanted.args == [100]
    assert not model.canFetchMore(model.index(-1, -1)), "one page is asked for at a time"
    model.show_next(100, lines(100, 200))
    assert model.rowCount() == 200
    assert model.canFetchMore(model.index(-1, -1))


def test_a_page_that_no_longer_follows_is_dropped(model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 100), 300)
    model.show_first(lines(0, 50), 50)
    model.show_next(100, lines(100, 200))
    assert [line.key for line in model.rows] == list(range(50))


def test_sorting_is_asked_of_the_query_and_moves_no_row(
    table: DataTable, model: PagedTableModel[Line], qtbot: QtBot
) -> None:
    model.show_first(lines(0, 10), 10)
    with qtbot.waitSignal(model.sorting) as sorting:
        table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert sorting.args == ["name", True]
    assert [line.key for line in model.rows] == list(range(10))


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


def test_the_cursor_stays_on_its_row_when_rows_are_read_again(
    table: DataTable, model: PagedTableModel[Line]
) -> None:
    model.show_first(lines(0, 10), 10)
    table.select(6)
    model.show_first(lines(4, 14), 10)
    assert table.current_row() == lines(6, 7)[0]


def test_when_its_row_is_gone_the_cursor_takes_the_next_one(
    table: DataTable, model: PagedTableModel[Line]
) -> None:
    model.show_first(lines(0, 5), 5)
    table.select(2)
    model.show_first([line for line in lines(0, 5) if line.key != 2], 4)
    assert table.current_row() == lines(3, 4)[0]


def test_no_row_is_ever_measured(table: DataTable, model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 1000), 1000)
    assert table.verticalHeader().sectionResizeMode(0) is QHeaderView.ResizeMode.Fixed
    assert table.selectionBehavior() is QAbstractItemView.SelectionBehavior.SelectRows


def test_a_state_is_read_as_words_never_as_a_colour_alone(model: PagedTableModel[Line]) -> None:
    model.show_first(lines(0, 1), 1)
    assert model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "Acceptée"
    assert model.index(0, 2).data(Qt.ItemDataRole.AccessibleTextRole) == "2 sur 3"


@pytest.mark.parametrize("rows", [0, 3])
def test_an_empty_table_says_so(table: DataTable, model: PagedTableModel[Line], rows: int) -> None:
    model.show_first(lines(0, rows), rows)
    assert table._empty.isHidden() is bool(rows)
    assert table._empty.text() == "Aucune famille."
