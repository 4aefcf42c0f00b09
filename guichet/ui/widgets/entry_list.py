"""A list of named things under headings, each with its icon, what tells it apart, and its key at the right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QWidget

from guichet.ui.actions import spoken_key
from guichet.ui.theme import Theme
from guichet.ui.tokens import RADII, TYPE_SCALE, Space

Index = QModelIndex | QPersistentModelIndex

NOWHERE = QModelIndex()
MOST_ROWS = 14


@dataclass(frozen=True)
class Entry:
    """One line. `key` is written as Qt does (« Ctrl+K »); without `run` it is only read."""

    label: str
    detail: str = ""
    icon: str = ""
    key: str = ""
    run: Callable[[], None] | None = None


@dataclass(frozen=True)
class Section:
    """Entries under a heading; one without entries is not shown."""

    heading: str
    entries: tuple[Entry, ...]


class EntryModel(QAbstractListModel):
    """Headings and entries, one below the other; headings cannot be chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[Entry | str] = []

    def show(self, sections: Sequence[Section]) -> None:
        """Replace all that is shown."""
        self.beginResetModel()
        self._rows = []
        for section in sections:
            if section.entries:
                self._rows += [section.heading, *section.entries]
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        """The entry at this row, None for a heading or nothing."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Entry) else None

    def heading(self, row: int) -> str:
        """The heading at this row, empty for an entry."""
        found = self._rows[row]
        return found if isinstance(found, str) else ""

    @property
    def places(self) -> list[int]:
        """The rows that can be chosen."""
        return [row for row, each in enumerate(self._rows) if isinstance(each, Entry)]

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.entry(index.row()) is None:
            return Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entry(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.heading(index.row()) if entry is None else entry.label
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.heading(index.row()) if entry is None else spoken(entry)
        return None


def spoken(entry: Entry) -> str:
    """An entry as a screen reader says it."""
    key = f"touche {spoken_key(entry.key)}" if entry.key else ""
    return ", ".join(part for part in (entry.label, entry.detail, key) if part)


class EntryDelegate(QStyledItemDelegate):
    """Draws headings small, entries with icon and key."""

    def __init__(self, model: EntryModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._drawn: dict[str, QPixmap] = {}
        theme.changed.connect(self._drawn.clear)

    def sizeHint(self, option: Any, index: Index) -> QSize:  # noqa: ARG002 - every line is as high
        return QSize(0, option.fontMetrics.height() + 2 * Space.TIGHT + 2)

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        painter.save()
        area: QRect = option.rect.adjusted(Space.SMALL, 0, -Space.SMALL, 0)
        entry = self._model.entry(index.row())
        if entry is None:
            self._paint_heading(painter, option, area, self._model.heading(index.row()))
        else:
            self._paint_entry(painter, option, area, entry)
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: Any, area: QRect, text: str) -> None:
        font = _smaller(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colours.muted))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_entry(self, painter: QPainter, option: Any, area: QRect, entry: Entry) -> None:
        colours = self._theme.colours
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(QColor(colours.selection))
            painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), RADII["small"], RADII["small"])
        metrics = option.fontMetrics
        side = metrics.height()
        middle = area.center().y()
        if entry.icon:
            painter.drawPixmap(area.left(), middle - side // 2 + 1, self._icon(entry.icon, side, option))
        left = area.left() + side + Space.SMALL
        right = self._paint_key(painter, option, area, entry.key)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        label = metrics.elidedText(entry.label, Qt.TextElideMode.ElideRight, right - left)
        painter.setFont(option.font)
        painter.setPen(QColor(colours.text))
        painter.drawText(QRect(left, area.top(), right - left, area.height()), flags, label)
        left += metrics.horizontalAdvance(label) + Space.MEDIUM
        if entry.detail and right - left > metrics.averageCharWidth() * 5:
            detail = metrics.elidedText(entry.detail, Qt.TextElideMode.ElideRight, right - left)
            painter.setPen(QColor(colours.muted if not self._selected(option) else colours.text))
            painter.drawText(QRect(left, area.top(), right - left, area.height()), flags, detail)

    def _icon(self, name: str, side: int, option: Any) -> QPixmap:
        if name not in self._drawn:
            ratio = option.widget.devicePixelRatioF()
            icon = self._theme.icon(name, self._theme.colours.muted)
            self._drawn[name] = icon.pixmap(QSize(side, side), ratio)
        return self._drawn[name]

    def _selected(self, option: Any) -> bool:
        return bool(option.state & QStyle.StateFlag.State_Selected)

    def _paint_key(self, painter: QPainter, option: Any, area: QRect, key: str) -> int:
        """Draw the key at the right, and say where the text must stop."""
        if not key:
            return area.right()
        text = spoken_key(key)
        width = option.fontMetrics.horizontalAdvance(text) + 2 * Space.SMALL
        cap = QRect(area.right() - width, area.top() + Space.TIGHT, width, area.height() - 2 * Space.TIGHT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.colours.control_line), 1))
        painter.setBrush(QColor(self._theme.colours.raised))
        painter.drawRoundedRect(cap, RADII["small"], RADII["small"])
        painter.setFont(_smaller(option.font))
        painter.setPen(QColor(self._theme.colours.text))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, text)
        return cap.left() - Space.SMALL


class EntryList(QListView):
    """The list itself, `MOST_ROWS` high where there is room."""

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries = EntryModel(self)
        self.setModel(self.entries)
        self.setItemDelegate(EntryDelegate(self.entries, theme, self))
        self.setProperty("role", "entries")
        self.setAccessibleName(name)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def current(self) -> Entry | None:
        """The entry chosen."""
        return self.entries.entry(self.currentIndex().row())

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Replace what is shown; the first entry is chosen."""
        self.entries.show(sections)
        self.choose(0)

    def choose(self, place: int) -> None:
        """Choose the entry at this place among entries, the nearest one where there are fewer."""
        places = self.entries.places
        if not places:
            return
        row = places[max(0, min(place, len(places) - 1))]
        self.setCurrentIndex(self.entries.index(row))
        if row == places[0]:
            self.scrollToTop()  # its heading too

    def step(self, by: int) -> None:
        """Choose the entry `by` places further; below the last comes the first."""
        places = self.entries.places
        if not places:
            return
        row = self.currentIndex().row()
        place = places.index(row) if row in places else -1
        self.choose((place + by) % len(places) if abs(by) == 1 else max(0, place + by))

    def sizeHint(self) -> QSize:
        # Always as high: a panel that grows and shrinks as one types is restless, and repaints the page beneath.
        return QSize(super().sizeHint().width(), MOST_ROWS * self.row_height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 3 * self.row_height())

    def row_height(self) -> int:
        """The height of one line, in pixels."""
        return self.fontMetrics().height() + 2 * Space.TIGHT + 2


def _smaller(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * TYPE_SCALE["small"])
    return made
