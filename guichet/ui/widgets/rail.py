"""The navigation on the left: one button a page, its key, and a narrow form where room lacks."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from guichet.ui.actions import with_key
from guichet.ui.page import PageEntry
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label

NARROW_KEY = "F9"


class Rail(QFrame):
    """`chosen` (page name) when a button is pressed, `narrowed` (bool) when its form changes."""

    chosen = Signal(str)
    narrowed = Signal(bool)

    def __init__(self, theme: Theme, town: str, entries: Sequence[PageEntry], parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries = {entry.name: entry for entry in entries}
        self.narrow = False
        self.setProperty("role", "nav")
        self.setAccessibleName("Navigation")
        self._brand = text_label("Guichet", "brand", self)
        self._town = text_label(town, "town", self, wrap=True)
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(Space.TIGHT)
        self._layout.addWidget(self._brand)
        self._layout.addWidget(self._town)
        self._layout.addSpacing(Space.LARGE)
        for number, entry in enumerate(entries, start=1):
            button = self._add_button(entry.title)
            button.setToolTip(with_key(entry.title, page_key(number)))
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, name=entry.name: self.chosen.emit(name))
            self._group.addButton(button)
            self.buttons[entry.name] = button
        self._layout.addStretch(1)
        self.fold = self._add_button("Réduire le menu")
        self.fold.setToolTip(with_key("Réduire ou étendre le menu", NARROW_KEY))
        self.fold.clicked.connect(self.toggle)
        theme.changed.connect(self._dress)
        self._dress()

    def show_current(self, name: str) -> None:
        """Mark the page shown."""
        self.buttons[name].setChecked(True)

    def toggle(self) -> None:
        """Go from the wide form to the narrow one, or back."""
        self.set_narrow(not self.narrow)
        self.narrowed.emit(self.narrow)

    def set_narrow(self, narrow: bool) -> None:
        """Show icons alone, or icons and words."""
        self.narrow = narrow
        self._dress()

    def _add_button(self, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(text)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout.addWidget(button)
        return button

    def _dress(self) -> None:
        """Icons in the theme's colours, widths from the font in force."""
        side = self.fontMetrics().height() + 4
        icons = {name: self._entries[name].icon for name in self.buttons}
        for name, button in self.buttons.items():
            button.setIcon(self._icon(icons[name], side))
        self.fold.setIcon(self._icon("chevron-double-right" if self.narrow else "chevron-double-left", side))
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if self.narrow
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        for button in (*self.buttons.values(), self.fold):
            button.setToolButtonStyle(style)
            button.setIconSize(QSize(side, side))
        self._brand.setText("G" if self.narrow else "Guichet")
        self._town.setVisible(not self.narrow)
        margin = Space.SMALL if self.narrow else Space.MEDIUM
        self._layout.setContentsMargins(margin, Space.LARGE, margin, Space.MEDIUM)
        wide = self.fontMetrics().averageCharWidth() * 20 + 40
        self.setFixedWidth(side + 44 if self.narrow else wide)

    def _icon(self, name: str, side: int) -> QIcon:
        colours = self._theme.colours
        icon = QIcon()
        for state, colour in (
            (QIcon.State.Off, colours.nav_text),
            (QIcon.State.On, colours.on_nav_current),
        ):
            drawn = self._theme.icon(name, colour)
            icon.addPixmap(drawn.pixmap(side * 2, side * 2), QIcon.Mode.Normal, state)
        return icon


def page_key(number: int) -> str:
    """The key of the page at this place, from 1."""
    return f"Ctrl+{number}"
