"""A panel laid over the window, not a window of its own: it takes the keyboard, and gives it back where it was."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.tab_order import step

SHADE = QColor(0, 0, 0, 90)
WIDTH_CHARACTERS = 92


class Overlay(QWidget):
    """The panel near the top, the window dimmed behind it. Escape or a click beside it closes; `closed` then says so."""

    closed = Signal()

    def __init__(self, theme: Theme, name: str, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAccessibleName(name)
        self._before: QWidget | None = None
        self.panel = QFrame(self)
        self.panel.setProperty("role", "card")
        self.panel.setAccessibleName(name)
        self.inside = QVBoxLayout(self.panel)
        self.inside.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        self.inside.setSpacing(Space.SMALL)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(self.panel, 1000)
        across.addStretch(1)
        down = QVBoxLayout(self)
        down.setContentsMargins(Space.LARGE, Space.WIDE * 4, Space.LARGE, Space.WIDE)
        down.addLayout(across)
        down.addStretch(1)
        theme.changed.connect(self._fit)
        window.installEventFilter(self)
        self.hide()

    def show_over(self, first: QWidget) -> None:
        """Cover the window and give the keyboard to `first`; what had it gets it back at the end."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self._fit()
        self.show()
        self.raise_()
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_over(self, *, give_back: bool = True) -> None:
        """Uncover the window; without `give_back` the keyboard is left to what comes next."""
        if not self.isVisible():
            return
        before, self._before = self._before, None
        self.hide()
        if give_back and before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self._window and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab goes round inside the panel."""
        return step(self.panel, forwards)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_over()
        # Nothing typed here is for the page beneath.
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.panel.geometry().contains(event.position().toPoint()):
            self.close_over()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), SHADE)

    def _fit(self) -> None:
        self.setGeometry(self._window.rect())
        self.panel.setMaximumWidth(self.fontMetrics().averageCharWidth() * WIDTH_CHARACTERS)
