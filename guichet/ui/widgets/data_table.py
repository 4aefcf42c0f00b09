"""The table of every list: arrows, selection, ticks, copy, menu, columns that people choose."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyle, QTableView, QWidget

from guichet.rules.spreadsheets import pasted
from guichet.ui.actions import Action
from guichet.ui.column_choice import ColumnChoice
from guichet.ui.tables import Column, Index, PagedTableModel, TableModel
from guichet.ui.theme import Theme
from guichet.ui.widgets.cells import CELL_PADDING, CellDelegate
from guichet.ui.widgets.empty_state import EmptyState

FLEXIBLE_MINIMUM = 12
LOOKING_MILLISECONDS = 30
ROWS_AHEAD = 40

Rows = tuple[Any, ...]
Reader = Callable[[Sequence[range], Callable[[Rows], None]], None]


@dataclass(frozen=True)
class RowAction:
    """What can be done with the rows selected, offered by the table's menu.

    `enabled` looks at those of them that are at hand; `run` gets them all. The page binds `shortcut` itself.
    """

    label: str
    run: Callable[[Rows], None]
    enabled: Callable[[Rows], bool] = bool
    shortcut: str = ""


class DataTable(QTableView):
    """A table one moves in with the arrows, ticks with the space bar, opens with Enter and copies from with Ctrl+C.

    `current_changed` (row or None), `opened` (row), `selected_changed` (how many), `typed` (letters, when `type_ahead`),
    `columns_chosen` (ColumnChoice) when the person changed them, `columns_asked` when they want to.
    """

    current_changed = Signal(object)
    opened = Signal(object)
    selected_changed = Signal(int)
    typed = Signal(str)
    columns_chosen = Signal(object)
    columns_asked = Signal()

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
        self.choice = ColumnChoice()
        self._offered = model.columns
        self._laying_out = False
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
        header = self.horizontalHeader()
        # Titles never show what is selected: they would ask the flags of 100,000 rows for each column of a whole selection.
        header.setSelectionModel(QItemSelectionModel(self.paged, header))
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(False)
        header.setResizeContentsPrecision(0)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_header_menu)
        header.sectionResized.connect(self._resized)
        header.sectionMoved.connect(self._moved)
        if any(column.sort for column in self.paged.columns):
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.setSortingEnabled(True)

    # Columns

    @property
    def offered(self) -> tuple[Column[Any], ...]:
        """All the columns a person can choose from."""
        return self._offered

    def shown_columns(self) -> tuple[Column[Any], ...]:
        """The columns on screen, from left to right."""
        header = self.horizontalHeader()
        return tuple(
            column for place, column in enumerate(self.paged.columns) if not header.isSectionHidden(place)
        )

    def let_choose_columns(self) -> None:
        """Titles can be dragged to another place, and the menus lead to the choice of columns."""
        self.horizontalHeader().setSectionsMovable(True)

    def show_columns(self, columns: Sequence[Column[Any]]) -> None:
        """Offer other columns for the rows."""
        self._offered = tuple(columns)
        self._apply_choice()

    def choose_columns(self, choice: ColumnChoice) -> None:
        """Show the columns a person chose."""
        self.choice = choice
        self._apply_choice()

    def show_order(self, key: str, descending: bool) -> None:
        """Mark the title by whose key the rows are sorted, without asking for another order."""
        header = self.horizontalHeader()
        place = next(
            (p for p, c in enumerate(self.paged.columns) if c.sort is not None and c.sort == key), -1
        )
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        blocked = self.paged.blockSignals(True)
        header.setSortIndicator(place, order)
        self.paged.blockSignals(blocked)

    def _apply_choice(self) -> None:
        columns = self.choice.of(self._offered)
        if self.paged.columns != columns:
            header = self.horizontalHeader()
            sorted_at = header.sortIndicatorSection()
            key = self.paged.columns[sorted_at].sort if 0 <= sorted_at < len(self.paged.columns) else None
            descending = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
            self.paged.show_columns(columns)
            if key is not None:
                self.show_order(key, descending)
        self.adjust_sizes()

    def _resized(self, place: int, _before: int, pixels: int) -> None:
        if not self._laying_out and pixels and 0 <= place < len(self.paged.columns):
            widths = {**self.choice.widths, self.paged.columns[place].key: self._characters(place, pixels)}
            self.choice = replace(self.choice, widths=widths)
            self.columns_chosen.emit(self.choice)

    def _characters(self, place: int, pixels: int) -> float:
        return round((pixels - self._around(place)) / self.fontMetrics().averageCharWidth(), 2)

    def _around(self, place: int) -> int:
        """What a column takes besides its value: the air on both sides, and the box to tick in the first one."""
        box = self.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, self)
        return 2 * CELL_PADDING + (box + CELL_PADDING if self.paged.checkable and place == 0 else 0)

    def _moved(self, _place: int, _before: int, _now: int) -> None:
        if not self._laying_out:
            QTimer.singleShot(
                0, self, self._take_moved_order
            )  # the header is still in the middle of its drag

    def _take_moved_order(self) -> None:
        header = self.horizontalHeader()
        places = [header.logicalIndex(rank) for rank in range(header.count())]
        shown = tuple(self.paged.columns[place].key for place in places if not header.isSectionHidden(place))
        self._laying_out = True
        for place in range(header.count()):
            header.moveSection(header.visualIndex(place), place)
        self._laying_out = False
        self.choose_columns(replace(self.choice, shown=shown))
        self.columns_chosen.emit(self.choice)

    def adjust_sizes(self) -> None:
        """Row height and column widths from the font in force; rows are never measured one by one."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * (self.lines + 0.65)))
        self.horizontalHeader().setMinimumSectionSize(metrics.averageCharWidth() * 3)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.empty.setGeometry(self.viewport().rect())
        self._share_width()
        self._look_soon()

    def _share_width(self) -> None:
        """Give each column its width; those without one share the rest. Where room lacks, optional columns go first,
        unless the person chose them.
        """
        columns, header = self.paged.columns, self.horizontalHeader()
        wanted = {place: self._width(place) for place in range(len(columns))}
        if not self.choice.has_chosen(self._offered):
            by_need = sorted(wanted, key=lambda place: (columns[place].optional, place))
            while sum(wanted.values()) > self.viewport().width() and columns[by_need[-1]].optional:
                del wanted[by_need.pop()]
        flexible = [
            place
            for place in wanted
            if columns[place].width is None and columns[place].key not in self.choice.widths
        ]
        spare = max(0, self.viewport().width() - sum(wanted.values()))
        for rank, place in enumerate(flexible):
            wanted[place] += spare // len(flexible) + (1 if rank < spare % len(flexible) else 0)
        self._laying_out = True
        for place in range(len(columns)):
            header.setSectionHidden(place, place not in wanted)
            if place in wanted:
                header.resizeSection(place, wanted[place])
        self._laying_out = False

    def _width(self, place: int) -> int:
        column = self.paged.columns[place]
        own = FLEXIBLE_MINIMUM if column.width is None else column.width
        characters = self.choice.widths.get(column.key, own)
        return round(self.fontMetrics().averageCharWidth() * characters) + self._around(place)

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
        self.with_selected(partial(copy_rows, self.shown_columns()))

    def start_over(self) -> None:
        """The next rows are those of another query: the cursor follows its row if it is among the first ones, else goes to
        the first one.
        """
        self._from_top = True

    def look(self) -> None:
        """Have the rows on screen read, and some on either side."""
        first, last = self.visible_places()
        self.paged.want(first - ROWS_AHEAD, last + ROWS_AHEAD)

    def visible_places(self) -> tuple[int, int]:
        """The first and the last place on screen."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        return max(0, first), self.paged.total - 1 if last < 0 else last

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
            _add(menu, each.label, act, each.shortcut, enabled=bool(rows) and each.enabled(rows))
        menu.addSeparator()
        _add(menu, "Copier", self.copy_selected, "Ctrl+C", enabled=bool(rows))
        _add(menu, "Tout sélectionner", self.selectAll, "Ctrl+A", enabled=self.paged.total > 0)
        for action in self.list_actions:
            _add(menu, action.label, action.run, action.shortcut)
        menu.popup(where)

    def _show_header_menu(self, where: QPoint) -> None:
        if not self.horizontalHeader().sectionsMovable():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = {column.key for column in self.shown_columns()}
        for column in self._offered:
            entry = menu.addAction(column.title)
            entry.setCheckable(True)
            entry.setChecked(column.key in shown)
            entry.setEnabled(len(shown) > 1 or column.key not in shown)
            entry.toggled.connect(partial(self._switch_column, column.key))
        menu.addSeparator()
        _add(menu, "Colonnes…", self.columns_asked.emit)
        _add(menu, "Revenir aux colonnes d’origine", self.reset_columns)
        menu.popup(self.horizontalHeader().mapToGlobal(where))

    def _switch_column(self, key: str, shown: bool) -> None:
        keys = [column.key for column in self.shown_columns()]
        if shown:
            keys.append(key)
        else:
            keys.remove(key)
        self.choose_columns(replace(self.choice, shown=tuple(keys)))
        self.columns_chosen.emit(self.choice)

    def reset_columns(self) -> None:
        """Forget what the person chose."""
        self.choose_columns(ColumnChoice())
        self.columns_chosen.emit(self.choice)

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


def copy_rows(columns: Sequence[Column[Any]], rows: Rows) -> None:
    """Put rows on the clipboard as columns of text under their titles; nothing in them can run as a formula."""
    if rows:
        lines = [[column.title for column in columns]]
        lines += [[pasted(column.text(row)) for column in columns] for row in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))


def _asks_for_menu(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Menu or (
        event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
    )


def _add(
    menu: QMenu, label: str, run: Callable[[], None], shortcut: str = "", *, enabled: bool = True
) -> None:
    entry = menu.addAction(label)
    entry.setEnabled(enabled)
    if shortcut:
        # Written after a tab it is shown on the right, as a key of the menu, and is bound once only: where it lives.
        entry.setText(f"{label}\t{QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)}")
    entry.triggered.connect(lambda _checked: run())
