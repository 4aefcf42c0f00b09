"""A line of text that stands for a value: what every typed field of a form does alike."""

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from guichet.rules.errors import UserError
from guichet.ui.widgets.basics import mark_wrong


class TypedField(QLineEdit):
    """A line whose text stands for a value. A subclass says how to `read` and `write` it.

    `changed` follows every change of the text; the value goes in Python, never through a Qt signal.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = ""
        self.textChanged.connect(self._text_changed)

    def read(self, text: str) -> Any:
        """The value of a text that is not blank. Raises UserError."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The value as the field shows it."""
        return str(value)

    def hint(self, value: Any) -> str:  # noqa: ARG002 - for those that have something to add
        """What stands at the right of the text when it is right."""
        return ""

    def spoken(self, value: Any) -> str:
        """The same for who hears it."""
        return self.hint(value)

    @property
    def value(self) -> Any:
        """What the text stands for; None while it is blank or wrong."""
        return self._understood()[0]

    def set_value(self, value: Any) -> None:
        """Show a value, None for blank."""
        self.setText("" if value is None else self.write(value))

    def error(self) -> str:
        """Why the text cannot be read, in a sentence; nothing when it is right or blank."""
        return self._understood()[1]

    def typed(self) -> Any:
        """What a draft keeps, in plain JSON values: what is wrong as it was typed, what is right as it is written.

        « demain » kept until tomorrow must not become another day, nor « 40 » put in order look like typing.
        """
        value = self.value
        return self.text() if value is None else self.write(value)

    def put_typed(self, typed: Any) -> None:
        """Put back what `typed` gave."""
        self.setText(str(typed))

    def complain(self, sentence: str) -> None:
        """Be framed as wrong, or right again when the sentence is empty."""
        value = self.value
        mark_wrong(self, sentence, "" if value is None else self.spoken(value))

    def tidy(self) -> None:
        """Write the value as it is kept; what is wrong stays as typed."""
        value = self.value
        if value is not None and self.write(value) != self.text():
            self.setText(self.write(value))

    def _understood(self) -> tuple[Any, str]:
        text = self.text().strip()
        if not text:
            return None, ""
        try:
            return self.read(text), ""
        except UserError as error:
            return None, error.message

    def _text_changed(self) -> None:
        self._refresh_hint()
        if not self.property("invalid"):
            self.complain("")
        self.changed.emit()

    def _refresh_hint(self) -> None:
        value = self.value
        self._hint = self.hint_when_blank() if value is None else self.hint(value)
        gap = self.fontMetrics().averageCharWidth()
        taken = self.fontMetrics().horizontalAdvance(self._hint) + gap if self._hint else 0
        if (
            taken + self.fontMetrics().horizontalAdvance(self.text() or "0") + self._inner_right()
            > self.width()
        ):
            self._hint, taken = "", 0
        self.setTextMargins(0, 0, taken + self._inner_right(), 0)
        self.update()

    def hint_when_blank(self) -> str:
        """What stands at the right of a blank or wrong text: a unit."""
        return ""

    def _inner_right(self) -> int:
        """The width that something else takes inside, at the right."""
        return 0

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.tidy()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh_hint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._refresh_hint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._hint:
            painter = QPainter(self)
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.rect().adjusted(0, 0, -self._inner_right() - self.fontMetrics().averageCharWidth(), 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._hint)
            painter.end()
