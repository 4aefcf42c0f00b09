"""The small parts every page is made of: text in a role, buttons, a line, and how a field says that it is wrong."""

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from guichet.rules.typography import french

FEWEST_CHARACTERS = 16


def plain_tip(text: str) -> str:
    """The same words for a tooltip: Qt would take those that look like HTML for HTML, image addresses included."""
    return f"<p style='white-space:pre-wrap'>{escape(text)}</p>" if GuiQt.mightBeRichText(text) else text


class PlainLabel(QLabel):
    """A label that shows what it is given as it was typed: a family's « <b> » is four signs, never bold."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setToolTip(self, text: str) -> None:
        super().setToolTip(plain_tip(text))


class Sentence(PlainLabel):
    """A label that gives what it says the spaces of French typography."""

    def setText(self, text: str) -> None:
        super().setText(french(text))


class Button(QPushButton):
    """A push button whose words and tooltip get the spaces of French typography."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(french(text), parent)

    def setText(self, text: str) -> None:
        super().setText(french(text))

    def setToolTip(self, text: str) -> None:
        super().setToolTip(plain_tip(french(text)))


class ElidedButton(Button):
    """A button whose long words give way to the room there is; the whole of them is in its tooltip and its name."""

    def __init__(self, parent: QWidget | None = None, *, tip: str = "") -> None:
        self._whole = ""
        self._tip = tip
        super().__init__("", parent)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        self._whole = french(text)
        self.setAccessibleName(self._whole)
        self.setToolTip(f"{self._whole}\n{self._tip}" if self._tip else self._whole)
        self.updateGeometry()
        self._cut()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        words = self.fontMetrics().horizontalAdvance(self._whole)
        return QSize(hint.width() - self.fontMetrics().horizontalAdvance(self.text()) + words, hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(
            min(self.sizeHint().width(), self.fontMetrics().averageCharWidth() * FEWEST_CHARACTERS),
            self.sizeHint().height(),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        around = super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        room = max(0, self.width() - around)
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            super().setText(shown)


def text_label(text: str, role: str, parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """A label in one of the style sheet's roles (title, heading, section, muted, figure, amount, error)."""
    label = Sentence(text, parent)
    label.setProperty("role", role)
    label.setWordWrap(wrap)
    return label


def button(text: str, parent: QWidget | None = None, *, role: str = "", tip: str = "") -> QPushButton:
    """A push button in one of the style sheet's roles (primary, danger, link)."""
    made = Button(text, parent)
    made.setProperty("role", role)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    return made


def rule(parent: QWidget | None = None) -> QFrame:
    """A thin horizontal line."""
    line = QFrame(parent)
    line.setProperty("role", "rule")
    return line


def restyle(widget: QWidget) -> None:
    """Have the style sheet read again a property that changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say it."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, french(text)))


def mark_wrong(field: QWidget, sentence: str, otherwise: str = "") -> None:
    """Frame a field as wrong and give the sentence to who hears it; an empty one takes both away, for `otherwise`."""
    field.setAccessibleDescription(sentence or otherwise)
    if bool(field.property("invalid")) != bool(sentence):
        field.setProperty("invalid", bool(sentence))
        restyle(field)
