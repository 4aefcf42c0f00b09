"""A count of the work that waits; it opens the list it counts."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from guichet.ui.page import Destination
from guichet.ui.widgets.fields import text_label
from guichet.ui.wording import grouped


class Tile(QPushButton):
    """`go` (Destination) when pressed; one without destination only counts."""

    go = Signal(object)

    def __init__(self, parent: QWidget, title: str, destination: Destination | None) -> None:
        super().__init__(parent)
        self.setProperty("role", "tile")
        self._title = title
        self._destination = destination
        self.number = text_label("–", "figure", self)
        self.title = text_label(title, "", self, wrap=True)
        self.detail = text_label("", "muted", self)
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(16, 10, 16, 12)
        self._inside.setSpacing(0)
        for label in (self.number, self.title, self.detail):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._inside.addWidget(label)
        self._inside.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.detail.hide()
        self.setEnabled(destination is not None)
        self.setAccessibleName(title)
        self.clicked.connect(self._press)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._inside.minimumSize()

    def show_number(self, number: int) -> None:
        """Show how much waits."""
        self.number.setText(grouped(number))
        self.number.setProperty("role", "figure" if number else "nothing")
        self.number.style().polish(self.number)
        self.setAccessibleName(f"{self._title} : {number}")

    def show_detail(self, text: str) -> None:
        """A word more under the title."""
        self.detail.setText(text)
        self.detail.setVisible(bool(text))

    def _press(self) -> None:
        if self._destination is not None:
            self.go.emit(self._destination)
