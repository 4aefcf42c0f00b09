"""A count of the work that waits; pressed, it opens the list it counts."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import restyle, text_label
from guichet.ui.wording import NBSP, grouped


class Tile(QPushButton):
    """A figure, what it counts, and sometimes a word more; nothing to do is said quietly."""

    def __init__(self, parent: QWidget, theme: Theme, title: str, icon: str) -> None:
        super().__init__(parent)
        self.setProperty("role", "tile")
        self._theme = theme
        self._title = title
        self._icon_name = icon
        self.number = text_label("–", "figure", self)
        self.title = text_label(title, "", self, wrap=True)
        self.detail = text_label("", "muted", self, wrap=True)
        self._icon = QLabel(self)
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(Space.LARGE, Space.SMALL, Space.MEDIUM, Space.MEDIUM)
        self._inside.setSpacing(0)
        top = QHBoxLayout()
        top.addWidget(self.number, 1)
        top.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._inside.addLayout(top)
        self._inside.addWidget(self.title)
        self._inside.addWidget(self.detail)
        self._inside.addStretch(1)
        for label in (self.number, self.title, self.detail, self._icon):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.detail.hide()
        self.setAccessibleName(title)
        theme.changed.connect(self._draw_icon)
        self._draw_icon()

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._inside.minimumSize()

    def show_number(self, number: int, detail: str = "") -> None:
        """Show how much waits, and a word more."""
        self.number.setText(grouped(number))
        self.number.setProperty("role", "figure" if number else "nothing")
        restyle(self.number)
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        said = f"{self._title}{NBSP}: {grouped(number)}"
        self.setAccessibleName(f"{said}, {detail}" if detail else said)

    def _draw_icon(self) -> None:
        side = round(self.fontMetrics().height() * 1.2)
        colour = self._theme.colours.muted
        self._icon.setPixmap(self._theme.icon(self._icon_name, colour).pixmap(side, side))
