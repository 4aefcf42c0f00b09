"""A month to choose a day in, shown under a date field."""

from datetime import date

from PySide6.QtCore import QDate, QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QFrame, QToolButton, QVBoxLayout, QWidget

from guichet.ui.icons import draw_icon

FIRST_DAY, LAST_DAY = QDate(1900, 1, 1), QDate(2100, 12, 31)


class CalendarPopup(QFrame):
    """`chosen` (date) by Enter or a click; the arrows move by day and week, Page↑ and Page↓ by month."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self.calendar = QCalendarWidget(self)
        self.calendar.setAccessibleName("Calendrier")
        self.calendar.setGridVisible(False)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.ISOWeekNumbers)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self.calendar)
        self.calendar.clicked.connect(self._choose)
        self.calendar.activated.connect(self._choose)
        for inside in self.calendar.findChildren(QWidget):
            inside.installEventFilter(self)

    def open_at(self, corner: QPoint, day: date, earliest: date | None, latest: date | None) -> None:
        """Show the month of `day` with its corner there, kept within the screen."""
        self.calendar.setDateRange(_qdate(earliest) or FIRST_DAY, _qdate(latest) or LAST_DAY)
        self.calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        weekend = QTextCharFormat()
        weekend.setForeground(self.palette().brush(QPalette.ColorRole.PlaceholderText))
        for name in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.calendar.setWeekdayTextFormat(name, weekend)
        metrics = self.fontMetrics()
        self.calendar.setMinimumSize(
            8 * (metrics.horizontalAdvance("mmm.") + metrics.averageCharWidth()), metrics.height() * 12
        )
        for side, icon in (("prev", "chevron-left"), ("next", "chevron-right")):
            arrow = self.calendar.findChild(QToolButton, f"qt_calendar_{side}month")
            if isinstance(arrow, QToolButton):
                arrow.setIcon(draw_icon(icon, self.palette().color(QPalette.ColorRole.Text)))
        self.adjustSize()
        area = self.screen().availableGeometry()
        left = max(area.left(), min(corner.x(), area.right() - self.width()))
        top = corner.y()
        parent = self.parentWidget()
        if top + self.height() > area.bottom() and parent is not None:
            top -= self.height() + parent.height()
        self.move(left, max(area.top(), top))
        self.show()
        self.calendar.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.calendar.selectedDate())
                return True
        return super().eventFilter(watched, event)

    def _choose(self, day: QDate) -> None:
        if self.isVisible():
            self.close()
            self.chosen.emit(date(day.year(), day.month(), day.day()))


def _qdate(day: date | None) -> QDate | None:
    return None if day is None else QDate(day.year, day.month, day.day)
