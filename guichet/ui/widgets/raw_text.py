"""A text as it came from elsewhere: read only, in fixed-width letters, searchable."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label


class RawText(QWidget):
    """Ctrl+Maj+F goes to its search; Enter there finds the next place, Maj+Enter the one before."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.text.setAccessibleName(name)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.text.setStyleSheet(f"font-family: '{fixed.family()}';")
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Chercher dans la ligne…")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Chercher dans la ligne")
        self.search.setToolTip("Chercher dans la ligne (Ctrl+Maj+F), Entrée pour la suivante")
        self.found = text_label("", "muted", self)
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        row.addWidget(self.search, 1)
        row.addWidget(self.found)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.TIGHT)
        layout.addLayout(row)
        layout.addWidget(self.text, 1)
        self.search.textEdited.connect(self._search_again)
        self.search.returnPressed.connect(self.find_next)
        QShortcut(QKeySequence("Ctrl+Shift+F"), self, self.search.setFocus)

    def show_text(self, text: str) -> None:
        """Show another text from its start."""
        self.text.setPlainText(text)
        self.found.clear()

    def find_next(self) -> None:
        """Select the next place that holds what is searched, from the top again after the last."""
        wanted = self.search.text()
        if not wanted:
            self.found.clear()
            return
        if not self.text.find(wanted):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            if not self.text.find(wanted):
                self.found.setText("rien")
                return
        self.found.setText("trouvé")

    def _search_again(self) -> None:
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
        self.find_next()
