"""What each section of « Paramètres » is: read when first shown, saved by Ctrl+S, left by Escape one step at a time."""

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHBoxLayout, QVBoxLayout, QWidget

from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label


def holds_focus(widget: QWidget) -> bool:
    """Whether the cursor is in the widget or in something inside it."""
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def leave_card(card: QWidget, table: QAbstractItemView) -> bool:
    """Escape: from a card back to its table. False when the cursor is elsewhere."""
    if not holds_focus(card):
        return False
    table.setFocus(Qt.FocusReason.ShortcutFocusReason)
    return True


def leave_row(table: QAbstractItemView) -> None:
    """Choose no row any longer: the form turns to a new one."""
    table.setCurrentIndex(QModelIndex())


class SettingsSection(QWidget):
    """One entry of the list on the left. A subclass sets `name` and `title` and writes `reload`."""

    name = ""
    title = ""
    explanation = ""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        self.desk = tools.desk
        self.messages = tools.messages
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(Space.TIGHT, 0, Space.MEDIUM, Space.MEDIUM)
        self.body.setSpacing(Space.MEDIUM)
        self.head = QHBoxLayout()
        self.head.addWidget(text_label(self.title, "heading", self))
        self.head.addStretch(1)
        self.body.addLayout(self.head)
        if self.explanation:
            self.body.addWidget(text_label(self.explanation, "muted", self, wrap=True))

    def reload(self) -> None:
        """Read again what the section shows; what is typed and not saved stays."""
        raise NotImplementedError

    def save(self) -> None:
        """Save what was typed in the form that has the cursor."""

    def first_field(self) -> QWidget:
        """Where the cursor goes when the section is entered."""
        return self

    def step_back(self) -> bool:
        """Escape: from a form to the table it belongs to. False when there is nothing to leave."""
        return False

    def show_example(self) -> None:
        """Choose something of what the section lists, for a picture of it."""
