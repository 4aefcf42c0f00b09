"""The field over a list that narrows it as one types."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

TYPING_MILLISECONDS = 120


class FilterField(QLineEdit):
    """`changed` a moment after the last letter; `left` when the person goes on to the rows.

    Ctrl+F comes here from anywhere in `owner`, Escape wipes the words then goes to the rows, Enter and the down arrow go there.
    """

    changed = Signal()
    left = Signal()

    def __init__(self, placeholder: str, name: str, owner: QWidget) -> None:
        super().__init__(owner)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(f"Filtrer\u00a0: {name}")
        self.setToolTip("Filtrer la liste (Ctrl+F)")
        self.setClearButtonEnabled(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self.changed)
        self.textEdited.connect(self._typed)
        self._come = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), owner, self.take_focus)
        self._come.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._come.setEnabled(bool(placeholder))

    def show_text(self, text: str) -> None:
        """Show words without announcing them."""
        self._pause.stop()
        self.setText(text)

    def begin_with(self, text: str) -> None:
        """Go on typing here what was begun in the table."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.end(False)
        self.insert(text)
        self._typed()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()  # one step back here, before the window's own
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape if self.text():
                self.clear()
                self._say_now()
            case Qt.Key.Key_Escape | Qt.Key.Key_Down:
                self._leave()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._leave()
            case _:
                super().keyPressEvent(event)

    def take_focus(self) -> None:
        """Come here, ready to type other words."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def _typed(self) -> None:
        self._pause.start()

    def _leave(self) -> None:
        if self._pause.isActive():
            self._say_now()
        self.left.emit()

    def _say_now(self) -> None:
        self._pause.stop()
        self.changed.emit()
