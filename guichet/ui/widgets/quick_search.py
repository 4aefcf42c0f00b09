"""Search from anywhere (Ctrl+K): a family, a child, a number, a telephone, an e-mail; Enter opens the family."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from guichet.rules.permissions import Permission
from guichet.services import families
from guichet.services.paging import Page
from guichet.ui.page import Destination, Tools
from guichet.ui.wording import family_line

TYPING_MILLISECONDS = 120
SHOWN = 10
LINE_CHARACTERS = 90


class QuickSearch(QWidget):
    """A field in the header and the list of what it finds. `go` (Destination) when one is chosen."""

    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Rechercher une famille, un enfant… (Ctrl+K)")
        self.field.setAccessibleName(
            "Rechercher une famille, un enfant, un numéro, un téléphone ou un courriel"
        )
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(self.fontMetrics().averageCharWidth() * 24)
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * 60)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.field)
        self.results = QListWidget(parent)
        self.results.setWindowFlags(Qt.WindowType.ToolTip)
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.setAccessibleName("Familles trouvées")
        self.results.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.results.itemClicked.connect(self._choose)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self._search)
        self.field.textEdited.connect(self._typed)
        self.field.installEventFilter(self)
        self.setVisible(tools.may(Permission.READ_FAMILIES))

    def focus(self) -> None:
        """Put the cursor in the field, its text selected."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() is QEvent.Type.FocusOut:
                self.results.hide()
            elif event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        row, count = self.results.currentRow(), self.results.count()
        if key is Qt.Key.Key_Down and count:
            self.results.setCurrentRow(min(row + 1, count - 1))
        elif key is Qt.Key.Key_Up and count:
            self.results.setCurrentRow(max(row - 1, 0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self.results.currentItem()
            if self.results.isVisible() and item is not None:
                self._choose(item)
            else:
                self._search()
        elif key is Qt.Key.Key_Escape:
            self.results.hide()
        else:
            return False
        return True

    def _typed(self, text: str) -> None:
        if text.strip():
            self._pause.start()
        else:
            self.results.hide()

    def _search(self) -> None:
        text = self.field.text().strip()
        if text:
            self._tools.desk.fetch(
                families.search,
                families.FamilyQuery(text=text, size=SHOWN),
                then=self._show,
                key=self,
            )

    def _show(self, page: Page[families.FamilyRow]) -> None:
        if not self.field.hasFocus():
            return
        self.results.clear()
        for row in page.rows:
            item = QListWidgetItem(family_line(row), self.results)
            item.setData(Qt.ItemDataRole.UserRole, row.family_id)
        if not page.rows:
            nothing = QListWidgetItem(
                "Aucune famille ne correspond : essayez un nom, un numéro ou un téléphone."
            )
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.addItem(nothing)
        else:
            self.results.setCurrentRow(0)
        below = self.field.mapToGlobal(QPoint(0, self.field.height() + 2))
        height = sum(self.results.sizeHintForRow(row) for row in range(self.results.count())) + 8
        width = min(self.results.sizeHintForColumn(0) + 24, self._longest())
        self.results.setGeometry(below.x(), below.y(), max(self.field.width(), width), height)
        self.results.show()

    def _longest(self) -> int:
        return self.fontMetrics().averageCharWidth() * LINE_CHARACTERS

    def _choose(self, item: QListWidgetItem) -> None:
        family_id = item.data(Qt.ItemDataRole.UserRole)
        self.results.hide()
        if family_id is not None:
            self.field.clear()
            self.go.emit(Destination("families", family_id))
