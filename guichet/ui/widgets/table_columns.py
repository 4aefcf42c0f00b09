"""The titles of a table: what each column takes, and what a person chooses to show, where and how wide."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu, QStyle, QTableView

from guichet.ui.column_choice import ColumnChoice
from guichet.ui.tables import Column, TableModel
from guichet.ui.widgets.cells import CELL_PADDING
from guichet.ui.widgets.table_menu import add_entry

FLEXIBLE_MINIMUM = 17  # characters, before an optional column is left out
FLEXIBLE_NARROWEST = 10  # before one has to scroll sideways
NARROWEST = 3


class TableColumns(QObject):
    """`chosen` (ColumnChoice) when the person changed the columns, `asked` when they want the dialog to choose them."""

    chosen = Signal(object)
    asked = Signal()

    def __init__(self, table: QTableView, model: TableModel[Any]) -> None:
        super().__init__(table)
        self.offered = model.columns
        self.choice = ColumnChoice()
        self._table = table
        self._model = model
        self._laying_out = False
        header = table.horizontalHeader()
        # Titles never show what is selected: they would ask the flags of 100,000 rows for each column of a whole selection.
        header.setSelectionModel(QItemSelectionModel(model, header))
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(False)
        header.setResizeContentsPrecision(0)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_menu)
        header.sectionResized.connect(self._resized)
        header.sectionMoved.connect(self._moved)
        if any(column.sort for column in model.columns):
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            table.setSortingEnabled(True)

    def shown(self) -> tuple[Column[Any], ...]:
        """The columns on screen, from left to right."""
        header = self._table.horizontalHeader()
        return tuple(
            column for place, column in enumerate(self._model.columns) if not header.isSectionHidden(place)
        )

    def let_choose(self) -> None:
        """Titles can be dragged to another place, and the menus lead to the choice of columns."""
        self._table.horizontalHeader().setSectionsMovable(True)

    def offer(self, columns: Sequence[Column[Any]]) -> None:
        """Offer other columns for the rows."""
        self.offered = tuple(columns)
        self._apply_choice()

    def choose(self, choice: ColumnChoice) -> None:
        """Show the columns a person chose."""
        self.choice = choice
        self._apply_choice()

    def mark_order(self, key: str, descending: bool) -> None:
        """Mark the title by whose key the rows are sorted, without asking for another order."""
        header = self._table.horizontalHeader()
        place = next(
            (p for p, c in enumerate(self._model.columns) if c.sort is not None and c.sort == key), -1
        )
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        blocked = self._model.blockSignals(True)
        header.setSortIndicator(place, order)
        self._model.blockSignals(blocked)

    def add_sorting(self, menu: QMenu) -> None:
        """Offer the titles that sort, as a click on them does; the one in force turns round."""
        header = self._table.horizontalHeader()
        sortable = [column for column in self.shown() if column.sort is not None]
        if not sortable or not self._table.isSortingEnabled():
            return
        under = menu.addMenu("Trier par")
        for column in sortable:
            place = self._model.columns.index(column)
            ascending = header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
            in_force = place == header.sortIndicatorSection()
            turned = Qt.SortOrder.DescendingOrder if in_force and ascending else Qt.SortOrder.AscendingOrder
            mark = (" ↑" if ascending else " ↓") if in_force else ""
            add_entry(under, f"{column.title}{mark}", partial(self._table.sortByColumn, place, turned))

    def _apply_choice(self) -> None:
        columns = self.choice.of(self.offered)
        if self._model.columns != columns:
            header = self._table.horizontalHeader()
            sorted_at = header.sortIndicatorSection()
            key = self._model.columns[sorted_at].sort if 0 <= sorted_at < len(self._model.columns) else None
            descending = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
            self._model.show_columns(columns)
            if key is not None:
                self.mark_order(key, descending)
        self.share_width()

    def _resized(self, place: int, _before: int, pixels: int) -> None:
        if not self._laying_out and pixels and 0 <= place < len(self._model.columns):
            widths = {**self.choice.widths, self._model.columns[place].key: self._characters(place, pixels)}
            self.choice = replace(self.choice, widths=widths)
            self.chosen.emit(self.choice)

    def _characters(self, place: int, pixels: int) -> float:
        return round((pixels - self._around(place)) / self._table.fontMetrics().averageCharWidth(), 2)

    def _around(self, place: int) -> int:
        """What a column takes besides its value: the air on both sides, and the box to tick in the first one."""
        box = self._table.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, self._table)
        return 2 * CELL_PADDING + (box + CELL_PADDING if self._model.checkable and place == 0 else 0)

    def _moved(self, _place: int, _before: int, _now: int) -> None:
        if not self._laying_out:
            # The header is still in the middle of its drag.
            QTimer.singleShot(0, self, self._take_moved_order)

    def _take_moved_order(self) -> None:
        header = self._table.horizontalHeader()
        places = [header.logicalIndex(rank) for rank in range(header.count())]
        shown = tuple(self._model.columns[place].key for place in places if not header.isSectionHidden(place))
        self._laying_out = True
        for place in range(header.count()):
            header.moveSection(header.visualIndex(place), place)
        self._laying_out = False
        self.choose(replace(self.choice, shown=shown))
        self.chosen.emit(self.choice)

    def share_width(self) -> None:
        """Give each column its width; those without one share the rest. Where room lacks, optional columns go first,
        unless the person chose them.
        """
        columns, header = self._model.columns, self._table.horizontalHeader()
        wanted = {place: self._width(place) for place in range(len(columns))}
        if not self.choice.has_chosen(self.offered):
            by_need = sorted(wanted, key=lambda place: (columns[place].optional, place))
            while sum(wanted.values()) > self._table.viewport().width() and columns[by_need[-1]].optional:
                del wanted[by_need.pop()]
        flexible = [
            place
            for place in wanted
            if columns[place].width is None and columns[place].key not in self.choice.widths
        ]
        spare = self._table.viewport().width() - sum(wanted.values())
        narrowest = self._table.fontMetrics().averageCharWidth() * FLEXIBLE_NARROWEST
        for rank, place in enumerate(flexible):
            share = spare // len(flexible) + (1 if rank < spare % len(flexible) else 0)
            wanted[place] = max(wanted[place] + share, narrowest)
        self._laying_out = True
        header.setMinimumSectionSize(self._table.fontMetrics().averageCharWidth() * NARROWEST)
        for place in range(len(columns)):
            header.setSectionHidden(place, place not in wanted)
            if place in wanted:
                header.resizeSection(place, wanted[place])
        self._laying_out = False

    def _width(self, place: int) -> int:
        column = self._model.columns[place]
        own = FLEXIBLE_MINIMUM if column.width is None else column.width
        characters = self.choice.widths.get(column.key, own)
        return round(self._table.fontMetrics().averageCharWidth() * characters) + self._around(place)

    def _show_menu(self, where: QPoint) -> None:
        if not self._table.horizontalHeader().sectionsMovable():
            return
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = {column.key for column in self.shown()}
        for column in self.offered:
            entry = menu.addAction(column.title)
            entry.setCheckable(True)
            entry.setChecked(column.key in shown)
            entry.setEnabled(len(shown) > 1 or column.key not in shown)
            entry.toggled.connect(partial(self._switch, column.key))
        menu.addSeparator()
        add_entry(menu, "Colonnes…", self.asked.emit)
        add_entry(menu, "Revenir aux colonnes d’origine", self.reset)
        menu.popup(self._table.horizontalHeader().mapToGlobal(where))

    def _switch(self, key: str, shown: bool) -> None:
        keys = [column.key for column in self.shown()]
        if shown:
            keys.append(key)
        else:
            keys.remove(key)
        self.choose(replace(self.choice, shown=tuple(keys)))
        self.chosen.emit(self.choice)

    def reset(self) -> None:
        """Forget what the person chose."""
        self.choose(ColumnChoice())
        self.chosen.emit(self.choice)
