"""The table of every list: arrows, selection, ticks, copy, menu, columns that people choose."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from guichet.ui.actions import Action
from guichet.ui.tables import Column, Index, PagedTableModel, TableModel
from guichet.ui.theme import Theme
from guichet.ui.widgets.cells import CellDelegate
from guichet.ui.widgets.empty_state import EmptyState
from guichet.ui.widgets.table_columns import TableColumns
from guichet.ui.widgets.table_menu import RowAction as RowAction
from guichet.ui.widgets.table_menu import Rows, add_entry, copy_rows

LOOKING_MILLISECONDS = 30
ROWS_AHEAD = 40

Reader = Callable[[Sequence[range], Callable[[Rows], None]], None]


class DataTable(QTableView):
    """A table one moves in with the arrows, ticks with the space bar, opens with Enter and copies from with Ctrl+C.

    `current_changed` (row or None), `opened` (row), `selected_changed` (how many), `typed` (letters, when `type_ahead`).
    """

    current_changed = Signal(object)
    opened = Signal(object)
    selected_changed = Signal(int)
    typed = Signal(str)

    def __init__(
        self, model: TableModel[Any], theme: Theme, name: str, empty: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.paged = model
        self.type_ahead = False
        self.lines = 1  # of text in each row
        self.reader: Reader | None = None
        self.row_actions: list[RowAction] = []
        self.list_actions: list[Action] = []
        self._from_top = False
        self._kept: Hashable | None = None
        self._kept_place = 0
        self._kept_scroll = 0
        self._kept_selected: set[Hashable] = set()
        self._kept_all = False
        model.setParent(self)
        self.setModel(model)
        self.setAccessibleName(name)
        self.setItemDelegate(CellDelegate(model, theme, self))
        self.empty = EmptyState(empty, self.viewport())
        self._set_up()
        self.columns = TableColumns(self, model)
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(LOOKING_MILLISECONDS)
        self._looking.timeout.connect(self.look)
        self.verticalScrollBar().valueChanged.connect(self._look_soon)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        if isinstance(model, PagedTableModel):
            model.arrived.connect(self._say_current)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self.adjust_sizes)
        self.adjust_sizes()

    def _set_up(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def adjust_sizes(self) -> None:
        """Row height and column widths from the font in force; rows are never measured one by one."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * (self.lines + 0.65)))
        self.columns.share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.empty.setGeometry(self.viewport().rect())
        self.columns.share_width()
        self._look_soon()

    def show_columns(self, columns: Sequence[Column[Any]]) -> None:
        """Offer other columns for the rows."""
        self.columns.offer(columns)

    # Rows

    def current_row(self) -> Any | None:
        """The frozen row under the cursor, once it is read."""
        index = self.currentIndex()
        return self.paged.row_at(index.row()) if index.isValid() else None

    def select(self, place: int) -> None:
        """Move the cursor to a row."""
        if 0 <= place < self.paged.total:
            # Not setCurrentIndex, which would stretch the selection while Shift is held.
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(
                self.paged.index(place, 0), flags.ClearAndSelect | flags.Rows
            )

    def select_key(self, key: Hashable) -> bool:
        """Move the cursor to the row of this identity; False when it is not at hand."""
        place = self.paged.position(key)
        if place is not None:
            self.select(place)
        return place is not None

    def selected_ranges(self) -> list[range]:
        """The places selected, in order, as ranges that do not overlap."""
        found: list[range] = []
        selection = self.selectionModel().selection()
        spans = sorted(
            (selection.at(rank).top(), selection.at(rank).bottom()) for rank in range(selection.size())
        )
        for top, bottom in spans:
            first = max(top, found[-1].stop) if found else top
            if first <= bottom:
                found.append(range(first, bottom + 1))
        return found

    @property
    def selected_count(self) -> int:
        """How many rows are selected, read or not."""
        return sum(len(places) for places in self.selected_ranges())

    def selected_at_hand(self) -> Rows:
        """Those selected rows that are read."""
        places = self.selected_ranges()
        return tuple(row for at, row in self.paged.read_rows() if any(at in span for span in places))

    def with_selected(self, then: Callable[[Rows], None]) -> None:
        """Call `then` with all the selected rows, after reading those that are not at hand."""
        at_hand = self.selected_at_hand()
        if len(at_hand) == self.selected_count or self.reader is None:
            then(at_hand)
        else:
            self.reader(self.selected_ranges(), then)

    def copy_selected(self) -> None:
        """Put the selected rows on the clipboard as columns of text under their titles."""
        self.with_selected(partial(copy_rows, self.columns.shown()))

    def start_over(self) -> None:
        """The next rows are those of another query: the cursor follows its row if it is among the first ones, else goes to
        the first one.
        """
        self._from_top = True

    def look(self) -> None:
        """Have the rows on screen read, and some on either side."""
        first, last = self.visible_places()
        self.paged.hold(self.currentIndex().row())
        self.paged.want(first - ROWS_AHEAD, last + ROWS_AHEAD)

    def visible_places(self) -> tuple[int, int]:
        """The first and the last place on screen."""
        first, last = max(0, self.rowAt(0)), self.rowAt(self.viewport().height() - 1)
        # No row is there below the last one, nor in a table that was never shown.
        most = first + self.viewport().height() // self.verticalHeader().defaultSectionSize()
        return first, min(most, self.paged.total - 1) if last < 0 else last

    def _look_soon(self) -> None:
        if not self._looking.isActive():
            self._looking.start()

    def sizeHint(self) -> QSize:
        return QSize(
            self.fontMetrics().averageCharWidth() * 60, self.verticalHeader().defaultSectionSize() * 8
        )

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        self.current_changed.emit(self.current_row())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.selected_changed.emit(self.selected_count)

    def _say_current(self, first: int, last: int) -> None:
        if first <= self.currentIndex().row() <= last:
            self.current_changed.emit(self.current_row())

    def _open(self, index: Index) -> None:
        row = self.paged.row_at(index.row())
        if row is not None:
            self.opened.emit(row)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Home and End go to the first and the last row: a row is chosen whole, its first cell is no place to go."""
        if action is QAbstractItemView.CursorAction.MoveHome:
            return self.paged.index(0, 0)
        if action is QAbstractItemView.CursorAction.MoveEnd:
            return self.paged.index(self.paged.total - 1, 0)
        return super().moveCursor(action, modifiers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self.currentIndex().row()
        letter = event.text() and event.text().isprintable()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        elif event.key() == Qt.Key.Key_Space and self.paged.checkable and place >= 0:
            self.with_selected(self.paged.tick)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place >= 0:
            self._open(self.currentIndex())
        elif _asks_for_menu(event):
            self.show_menu()
        elif letter and self.type_ahead and event.modifiers() in (_NO_KEY, _SHIFT) and event.text() != " ":
            self.typed.emit(event.text())
        elif letter and not event.modifiers():
            # Letters are the page's keys (A, R, C, L, P), not a search inside the table.
            event.ignore()
        else:
            super().keyPressEvent(event)

    # Menus

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.show_menu()
            return
        place = self.rowAt(event.pos().y())
        if place >= 0 and not any(place in span for span in self.selected_ranges()):
            self.select(place)
        self.show_menu(event.globalPos())

    def show_menu(self, where: QPoint | None = None) -> None:
        """What can be done with the rows selected and with the list, at the mouse or under the cursor's row."""
        if where is None:
            where = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.selected_at_hand()
        for each in self.row_actions:
            act = partial(self.with_selected, each.run)
            add_entry(menu, each.label, act, each.shortcut, enabled=bool(rows) and each.enabled(rows))
        menu.addSeparator()
        add_entry(menu, "Copier", self.copy_selected, "Ctrl+C", enabled=bool(rows))
        add_entry(menu, "Tout sélectionner", self.selectAll, "Ctrl+A", enabled=self.paged.total > 0)
        self.columns.add_sorting(menu)
        for action in self.list_actions:
            add_entry(menu, action.label, action.run, action.shortcut)
        menu.popup(where)

    # The cursor through a new reading

    def _remember(self) -> None:
        row = self.current_row()
        self._kept = None if row is None else self.paged.identity(row)
        self._kept_place = max(0, self.currentIndex().row())
        self._kept_scroll = self.verticalScrollBar().value()
        self._kept_selected = {self.paged.identity(row) for row in self.selected_at_hand()}
        self._kept_all = self.paged.total > 1 and self.selected_count == self.paged.total

    def _restore(self) -> None:
        from_top, self._from_top = self._from_top, False
        self.empty.setVisible(self.paged.total == 0)
        place = None if self._kept is None else self.paged.position(self._kept)
        if place is None and self._kept is not None and self.paged.total:
            place = 0 if from_top else min(self._kept_place, self.paged.total - 1)
        self._look_soon()
        if place is None:
            self.current_changed.emit(None)
            self.selected_changed.emit(0)
            return
        self.doItemsLayout()
        self.verticalScrollBar().setValue(self._kept_scroll)
        self.select(place)
        if place == self._kept_place and not from_top:
            self.verticalScrollBar().setValue(self._kept_scroll)
        self._select_again()

    def _select_again(self) -> None:
        if self._kept_all:
            self.selectAll()
        elif len(self._kept_selected) > 1:
            flags = QItemSelectionModel.SelectionFlag
            again = QItemSelection()
            for place, row in self.paged.read_rows():
                if self.paged.identity(row) in self._kept_selected:
                    index = self.paged.index(place, 0)
                    again.select(index, index)
            self.selectionModel().select(again, flags.Select | flags.Rows)


_NO_KEY = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


def _asks_for_menu(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Menu or (
        event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
    )
