"""Tables over frozen rows that SQL filtered, sorted and paged: the model only holds the rows it was given."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from guichet.ui.theme import Theme, Tone

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex

PILL_ROLE = Qt.ItemDataRole.UserRole + 1
DOTS_ROLE = Qt.ItemDataRole.UserRole + 2
NO_INDEX = QModelIndex()
FLEXIBLE_MINIMUM = 12
CELL_MARGIN = 18


@dataclass(frozen=True)
class State:
    """A state as a pill: one letter, a word, a tone."""

    letter: str
    label: str
    tone: Tone


@dataclass(frozen=True)
class Dots:
    """How many of several pieces are there, drawn ●●○; the words are what a screen reader says."""

    filled: int
    total: int
    words: str


@dataclass(frozen=True)
class Column(Generic[Row]):
    """How one column shows a row.

    `text` is what is read; `state` or `dots` draw it as a pill or as dots. `width` is in average characters, None
    shares what is left. `sort` is the key the query sorts by (None: the column does not sort). An `optional` column
    is left out where room lacks, the highest first.
    """

    title: str
    text: Callable[[Row], str]
    width: int | None = None
    right: bool = False
    sort: str | None = None
    tip: Callable[[Row], str] | None = None
    state: Callable[[Row], State | None] | None = None
    dots: Callable[[Row], Dots | None] | None = None
    bold: bool = False
    hint: str = ""
    optional: int = 0


class PagedTableModel(QAbstractTableModel, Generic[Row]):
    """Rows received page by page. `wanted` (offset) asks for the next ones; `sorting` (key, descending) for another order.

    `identity` gives the key by which a row stays checked and selected when the rows are read again.
    """

    wanted = Signal(object)
    sorting = Signal(str, bool)
    checks_changed = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        identity: Callable[[Row], Hashable],
        parent: QObject | None = None,
        *,
        checkable: bool = False,
        editable: Callable[[Row], bool] = lambda _: True,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.identity = identity
        self.checkable = checkable
        self.editable = editable
        self.rows: list[Row] = []
        self.total = 0
        self.checked: set[Hashable] = set()
        self._asked = False

    def show_first(self, rows: Sequence[Row], total: int) -> None:
        """Replace everything by the first page of a new query over `total` rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.total = total
        self._asked = False
        self.endResetModel()

    def show_next(self, offset: int, rows: Sequence[Row]) -> None:
        """Add the page that `wanted` asked for; one that no longer follows what is shown is dropped."""
        self._asked = False
        if offset != len(self.rows) or not rows:
            return
        self.beginInsertRows(NO_INDEX, offset, offset + len(rows) - 1)
        self.rows.extend(rows)
        self.endInsertRows()

    def show_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show the rows by other columns."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.endResetModel()

    def position(self, key: Hashable) -> int | None:
        """Where the row of this identity stands among those loaded."""
        return next((place for place, row in enumerate(self.rows) if self.identity(row) == key), None)

    def set_checked(self, keys: set[Hashable]) -> None:
        """Tick exactly these rows."""
        self.checked = set(keys)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))
        self.checks_changed.emit()

    def toggle(self, position: int) -> None:
        """Tick or untick one row, if it may be."""
        row = self.rows[position]
        if not (self.checkable and self.editable(row)):
            return
        self.checked ^= {self.identity(row)}
        index = self.index(position, 0)
        self.dataChanged.emit(index, index, [Qt.ItemDataRole.CheckStateRole])
        self.checks_changed.emit()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and len(self.rows) < self.total and not self._asked

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._asked = True
            self.wanted.emit(len(self.rows))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        key = self.columns[column].sort if 0 <= column < len(self.columns) else None
        if key is not None:
            self.sorting.emit(key, order == Qt.SortOrder.DescendingOrder)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if (
            self.checkable
            and index.isValid()
            and index.column() == 0
            and self.editable(self.rows[index.row()])
        ):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemNeverHasChildren if index.isValid() else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        column, row = self.columns[index.column()], self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return column.text(row)
            case Qt.ItemDataRole.ToolTipRole:
                return (column.tip(row) if column.tip else column.text(row)) or None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.CheckStateRole if self.checkable and index.column() == 0:
                return self._check_state(row)
        return self._drawing(column, row, role)

    def _drawing(self, column: Column[Row], row: Row, role: int) -> Any:
        if role == PILL_ROLE and column.state:
            return column.state(row)
        if role == DOTS_ROLE and column.dots:
            return column.dots(row)
        if role == Qt.ItemDataRole.FontRole and column.bold:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return None

    def _check_state(self, row: Row) -> Qt.CheckState | None:
        if not self.editable(row):
            return None
        return Qt.CheckState.Checked if self.identity(row) in self.checked else Qt.CheckState.Unchecked

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or index.column() != 0:
            return False
        if not (self.checkable and self.editable(self.rows[index.row()])):
            return False
        wanted = Qt.CheckState(value) == Qt.CheckState.Checked
        if wanted != (self.identity(self.rows[index.row()]) in self.checked):
            self.toggle(index.row())
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.ToolTipRole:
                return column.hint or None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None


class CellDelegate(QStyledItemDelegate):
    """Draws pills and dots; everything else as the style does, without a focus rectangle per cell."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        option = QStyleOptionViewItem(option)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        state, dots = index.data(PILL_ROLE), index.data(DOTS_ROLE)
        if state is None and dots is None:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        widget = option.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        area = widget.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state is not None:
            self._paint_pill(painter, option, area, state)
        else:
            self._paint_dots(painter, option, area, dots)
        painter.restore()

    def _paint_pill(self, painter: QPainter, option: Any, area: QRect, state: State) -> None:
        pill = self._theme.pill(state.tone)
        metrics = option.fontMetrics
        height = metrics.height() + 2
        badge = QRect(area.left(), area.center().y() - height // 2 + 1, height, height)
        label_width = area.width() - height
        roomy = label_width > metrics.averageCharWidth() * 5
        text = metrics.elidedText(state.label, Qt.TextElideMode.ElideRight, label_width - 14) if roomy else ""
        whole = QRect(badge)
        if text:
            whole.setWidth(min(area.width(), height + metrics.horizontalAdvance(text) + 12))
        painter.setPen(QPen(QColor(pill.edge), 1))
        painter.setBrush(QColor(pill.back))
        painter.drawRoundedRect(whole, height / 2, height / 2)
        painter.setPen(QColor(pill.text))
        font = QFont(option.font)
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, state.letter)
        painter.setFont(option.font)
        painter.drawText(whole.adjusted(height, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_dots(self, painter: QPainter, option: Any, area: QRect, dots: Dots) -> None:
        size = max(6, option.fontMetrics.height() // 2)
        colours = self._theme.colours
        colour = QColor(colours.success_text if dots.filled >= dots.total else colours.warning_text)
        painter.setPen(QPen(colour, 1.4))
        for place in range(dots.total):
            painter.setBrush(colour if place < dots.filled else Qt.BrushStyle.NoBrush)
            left = area.left() + place * (size + 3) + 1
            painter.drawEllipse(QRect(left, area.center().y() - size // 2 + 1, size, size))


class DataTable(QTableView):
    """A table one moves in with the arrows, ticks with the space bar and opens with Enter.

    `current_changed` (row or None), `opened` (row).
    """

    current_changed = Signal(object)
    opened = Signal(object)

    def __init__(
        self, model: PagedTableModel[Any], theme: Theme, name: str, empty: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.paged = model
        model.setParent(self)
        self.setModel(model)
        self.setAccessibleName(name)
        self.setItemDelegate(CellDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSortIndicatorClearable(False)
        self._sortable = any(column.sort for column in model.columns)
        if self._sortable:
            self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.setSortingEnabled(True)
        self._empty = QLabel(empty, self.viewport())
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        over = QVBoxLayout(self.viewport())
        over.addWidget(self._empty)
        self._empty.hide()
        self._kept: Hashable | None = None
        self._kept_position = 0
        self._kept_scroll = 0
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.paged.rows[index.row()]))
        theme.changed.connect(self.adjust_sizes)
        self.adjust_sizes()

    def adjust_sizes(self) -> None:
        """Row height and column widths from the font in force; rows are never measured one by one."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 1.65))
        self.horizontalHeader().setMinimumSectionSize(metrics.averageCharWidth() * 3)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give each column its width; those without one share the rest. Where room lacks, optional columns go first."""
        metrics, columns, header = self.fontMetrics(), self.paged.columns, self.horizontalHeader()
        wanted = {
            place: metrics.averageCharWidth() * (FLEXIBLE_MINIMUM if column.width is None else column.width)
            + CELL_MARGIN
            for place, column in enumerate(columns)
        }
        by_need = sorted(wanted, key=lambda place: (columns[place].optional, place))
        while sum(wanted.values()) > self.viewport().width() and columns[by_need[-1]].optional:
            del wanted[by_need.pop()]
        flexible = [place for place in wanted if columns[place].width is None]
        spare = max(0, self.viewport().width() - sum(wanted.values()))
        for rank, place in enumerate(flexible):
            wanted[place] += spare // len(flexible) + (1 if rank < spare % len(flexible) else 0)
        for place in range(len(columns)):
            header.setSectionHidden(place, place not in wanted)
            if place in wanted:
                header.resizeSection(place, wanted[place])

    def show_columns(self, columns: Sequence[Column[Any]]) -> None:
        """Show the rows by other columns."""
        if self.paged.columns != tuple(columns):
            self.paged.show_columns(columns)
            self.adjust_sizes()

    def current_row(self) -> Any | None:
        """The frozen row under the cursor."""
        index = self.currentIndex()
        return (
            self.paged.rows[index.row()] if index.isValid() and index.row() < len(self.paged.rows) else None
        )

    def select(self, position: int) -> None:
        """Move the cursor to a row, by its place among those loaded."""
        if 0 <= position < len(self.paged.rows):
            self.setCurrentIndex(self.paged.index(position, 0))

    def sizeHint(self) -> QSize:
        return QSize(
            self.fontMetrics().averageCharWidth() * 60, self.verticalHeader().defaultSectionSize() * 8
        )

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.current_changed.emit(self.current_row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        position = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Space and self.paged.checkable and position >= 0:
            self.paged.toggle(position)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and position >= 0:
            self.opened.emit(self.paged.rows[position])
        elif event.text() and event.text().isprintable() and not event.modifiers():
            # Letters are the page's keys (A, R, C, L, P), not a search inside the table.
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _remember(self) -> None:
        row = self.current_row()
        self._kept = None if row is None else self.paged.identity(row)
        self._kept_position = max(0, self.currentIndex().row())
        self._kept_scroll = self.verticalScrollBar().value()

    def _restore(self) -> None:
        self._empty.setVisible(not self.paged.rows)
        place = None if self._kept is None else self.paged.position(self._kept)
        if place is None and self._kept is not None and self.paged.rows:
            place = min(self._kept_position, len(self.paged.rows) - 1)
        if place is None:
            self.current_changed.emit(None)
            return
        self.verticalScrollBar().setValue(self._kept_scroll)
        self.select(place)
