"""Days across, children and slots down: each cell a letter on its tone (domain.md §3), walked with the arrows."""

from datetime import date
from typing import Any

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
from PySide6.QtGui import QBrush, QColor, QFont, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from guichet.rules.text import format_date
from guichet.services.family_planning import Cell, Planning
from guichet.ui.legend import LEGEND
from guichet.ui.theme import Theme
from guichet.ui.tokens import Tone
from guichet.ui.widgets.basics import plain_tip
from guichet.ui.wording import NBSP, WEEKDAYS_SHORT, day_with_weekday

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
CELL_ROLE = Qt.ItemDataRole.UserRole + 1
OUTSIDE_ROLE = Qt.ItemDataRole.UserRole + 2
SATURDAY = 5
TITLE_CHARACTERS = (30, 18)
CELL_CHARACTERS = 3.2
WORDS_FROM = 8


class PlanningModel(QAbstractTableModel):
    """A planning as rows and columns; the first row is the calendar where a day of it has a sign."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.planning: Planning | None = None
        self._calendar = False

    def show_planning(self, planning: Planning) -> None:
        """Replace what is shown."""
        self.beginResetModel()
        self.planning = planning
        self._calendar = bool(planning.rows) and any(day.sign for day in planning.days)
        self.endResetModel()

    def cell(self, index: Index) -> Cell | None:
        """What stands in a cell."""
        if self.planning is None or not index.isValid():
            return None
        if self._calendar and index.row() == 0:
            day = self.planning.days[index.column()]
            return Cell(day.sign, reason=day.label) if day.sign is not None else None
        return self.planning.rows[index.row() - self._calendar].cells[index.column()]

    def title(self, row: int) -> tuple[str, str]:
        """The two lines that name a row."""
        if self.planning is None:
            return "", ""
        if self._calendar and row == 0:
            return "Calendrier", ""
        found = self.planning.rows[row - self._calendar]
        return f"{found.child} · {found.slot}", found.activity

    def sentence(self, index: Index) -> str:
        """A cell in words: who, what, when, and what stands there."""
        if self.planning is None or not index.isValid():
            return ""
        first, second = self.title(index.row())
        day = day_with_weekday(self.planning.days[index.column()].day)
        where = f"{first}, {second}" if second else first
        return f"{day} · {where}{NBSP}: {describe(self.cell(index))}"

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        if parent.isValid() or self.planning is None or not self.planning.rows:
            return 0
        return len(self.planning.rows) + self._calendar

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() or self.planning is None else len(self.planning.days)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.planning is None:
            return None
        cell = self.cell(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return letters(cell)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.sentence(index)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(self.sentence(index))
            case Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignCenter
        if role == CELL_ROLE:
            return cell
        if role == OUTSIDE_ROLE:
            return self.planning.days[index.column()].day.weekday() >= SATURDAY
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self.planning is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return self._row_header(section, role)
        if not 0 <= section < len(self.planning.days):
            return None
        found = self.planning.days[section]
        weekday = WEEKDAYS_SHORT[found.day.weekday()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                f"{weekday[0].upper()}\n{found.day.day}"
                if len(self.planning.days) > 7
                else f"{weekday}\n{format_date(found.day)[:5]}"
            )
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            label = f" · {found.label}" if found.label else ""
            said = f"{day_with_weekday(found.day)}{label}"
            return plain_tip(said) if role == Qt.ItemDataRole.ToolTipRole else said
        return None

    def _row_header(self, section: int, role: int) -> Any:
        if not 0 <= section < self.rowCount():
            return None
        first, second = self.title(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{first}\n{second}" if second else first
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            said = f"{first}, {second}" if second else first
            return plain_tip(said) if role == Qt.ItemDataRole.ToolTipRole else said
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


def letters(cell: Cell | None) -> str:
    """What a cell shows: its letter, its rank on the waiting list, between brackets where another family booked."""
    if cell is None:
        return ""
    text = LEGEND[cell.sign].letter + (str(cell.rank) if cell.rank else "")
    return f"({text})" if cell.other_family else text


def describe(cell: Cell | None) -> str:
    """A cell in words."""
    if cell is None:
        return "rien"
    parts = [
        LEGEND[cell.sign].word,
        f"{cell.rank}ᵉ de la liste" if cell.rank else "",
        f"réservé par la famille n°{NBSP}{cell.other_family}" if cell.other_family else "",
        f"demande {cell.reference}" if cell.reference else "",
        cell.reason,
    ]
    return ", ".join(part for part in parts if part)


class CellPainter(QStyledItemDelegate):
    """Fills a cell with its tone, hatched where it waits for the town, and frames the one under the cursor."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: Cell | None = index.data(CELL_ROLE)
        colours = self._theme.colours
        area = option.rect
        painter.save()
        painter.fillRect(area, QColor(colours.hover if index.data(OUTSIDE_ROLE) else colours.surface))
        if cell is not None:
            self._paint_mark(painter, option, cell)
        grid = self.parent()
        if isinstance(grid, QTableView) and index == grid.currentIndex():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 2 if grid.hasFocus() else 1))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.restore()

    def _paint_mark(self, painter: QPainter, option: Any, cell: Cell) -> None:
        mark = LEGEND[cell.sign]
        pill = self._theme.pill(mark.tone)
        box = option.rect.adjusted(2, 2, -2, -2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if mark.tone is not Tone.WHITE:
            painter.setPen(QPen(QColor(pill.edge), 1))
            painter.setBrush(QColor(pill.back))
            painter.drawRoundedRect(box, 4, 4)
        if mark.hatched:
            line = QColor(pill.edge)
            line.setAlpha(90)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(line, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(pill.text))
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        text = letters(cell)
        if box.width() > option.fontMetrics.averageCharWidth() * WORDS_FROM:
            text = option.fontMetrics.elidedText(
                f"{text}  {mark.word}", Qt.TextElideMode.ElideRight, box.width() - 8
            )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class RowTitles(QHeaderView):
    """The two lines that name a row: child and slot, then the activity, each cut where room lacks."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = theme

    def paintSection(self, painter: QPainter, area: QRect, section: int) -> None:
        model = self.model()
        if not isinstance(model, PlanningModel):
            return
        colours = self._theme.colours
        painter.save()
        painter.fillRect(area, QColor(colours.surface))
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        first, second = model.title(section)
        inside = area.adjusted(8, 2, -6, -2)
        lines = [(first, colours.text, QFont.Weight.DemiBold)]
        lines += [(second, colours.muted, QFont.Weight.Normal)] if second else []
        height = inside.height() // len(lines)
        for place, (text, colour, weight) in enumerate(lines):
            font = QFont(self.font())
            font.setWeight(weight)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            box = QRect(inside.left(), inside.top() + place * height, inside.width(), height)
            cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, cut)
        painter.restore()


class PlanningGrid(QTableView):
    """`turned` (−1 or +1) on Page Up and Page Down, `opened` (Cell) on Enter or a double click, `current_changed`."""

    turned = Signal(int)
    opened = Signal(object)
    current_changed = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.planning = PlanningModel(self)
        self.setModel(self.planning)
        self.setAccessibleName(name)
        self.setItemDelegate(CellPainter(theme, self))
        self.setVerticalHeader(RowTitles(theme, self))
        self.setStyleSheet("QTableCornerButton::section { background: transparent; border: none; }")
        self.horizontalHeader().setStyleSheet("QHeaderView::section { padding: 4px 0; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(True)
            header.setSectionsClickable(False)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self.adjust_sizes)
        self.adjust_sizes()

    def show_planning(self, planning: Planning) -> None:
        """Replace what is shown; the cursor stays on its row, and on its day where that is still shown."""
        at, day = self.currentIndex(), self.current_day
        row, column = at.row(), at.column()
        if day is not None and planning.first <= day <= planning.last:
            column = (day - planning.first).days
        self.planning.show_planning(planning)
        self.adjust_sizes()
        if row >= 0 and self.planning.rowCount():
            row = min(row, self.planning.rowCount() - 1)
            self.setCurrentIndex(self.planning.index(row, min(column, self.planning.columnCount() - 1)))
        self.current_changed.emit()

    @property
    def current_day(self) -> date | None:
        """The day under the cursor."""
        planning, at = self.planning.planning, self.currentIndex()
        return planning.days[at.column()].day if planning is not None and at.isValid() else None

    def go_to(self, day: date) -> None:
        """Put the cursor on a day, where it is shown, in the row it is in (the first child's, to start with)."""
        planning = self.planning.planning
        if planning is None or not planning.first <= day <= planning.last or not self.planning.rowCount():
            return
        row = max(self.currentIndex().row(), self.planning.rowCount() - len(planning.rows))
        found = self.planning.index(row, (day - planning.first).days)
        self.setCurrentIndex(found)
        self.scrollTo(found, QAbstractItemView.ScrollHint.PositionAtCenter)

    def adjust_sizes(self) -> None:
        """Cells and titles from the font in force; a week takes the whole width."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 2.2))
        widest, narrowest = (metrics.averageCharWidth() * most for most in TITLE_CHARACTERS)
        self.verticalHeader().setFixedWidth(max(narrowest, min(widest, self.width() // 4)))
        columns = self.planning.columnCount()
        smallest = round(metrics.averageCharWidth() * CELL_CHARACTERS)
        room = self.viewport().width() // columns if columns else smallest
        self.horizontalHeader().setMinimumSectionSize(smallest)
        self.horizontalHeader().setDefaultSectionSize(max(smallest, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.adjust_sizes()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 60, metrics.height() * 14)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        self.current_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_PageUp if not event.modifiers():
                self.turned.emit(-1)
            case Qt.Key.Key_PageDown if not event.modifiers():
                self.turned.emit(1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._open(self.currentIndex())
            case _ if event.text() and event.text().isprintable() and not event.modifiers():
                event.ignore()
            case _:
                super().keyPressEvent(event)

    def _open(self, index: Index) -> None:
        cell = self.planning.cell(index)
        if cell is not None:
            self.opened.emit(cell)
